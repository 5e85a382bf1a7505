package app_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// A suspension that comes after the caller was recognised is seen in the transaction that decides.
func TestSuspendedMeanwhile(t *testing.T) {
	sealed := func(t *testing.T) (*apptest.World, transfer.Transfer) {
		w := apptest.Ready(t, apptest.Options{})
		sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
		w.Must(err)
		_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", bytes.NewReader([]byte("given_name\nAna\n")))
		w.Must(err)
		return w, sent
	}
	t.Run("R42 AUTH_ROLE_DENIED the sender is suspended before the last approval", func(t *testing.T) {
		w, sent := sealed(t)
		_, err := w.People.SuspendPerson(w.Ctx, w.As(authz.LEG), w.Persons[authz.RO], "an incident")
		w.Must(err)
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		refusedFor(t, err, "AUTH_ROLE_DENIED")
		w.Verify()
	})
	t.Run("R42 the approver is suspended", func(t *testing.T) {
		w, sent := sealed(t)
		hom := w.As(authz.HOM)
		_, err := w.People.SuspendPerson(w.Ctx, w.As(authz.LEG), w.Persons[authz.HOM], "an incident")
		w.Must(err)
		if _, err := w.Transfers.Approve(w.Ctx, hom, sent.ID, true, ""); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
	})
	t.Run("R42 the downloader is suspended", func(t *testing.T) {
		w, sent := sealed(t)
		_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		w.Must(err)
		pdl := w.As(authz.PDL)
		_, err = w.People.SuspendPerson(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], "an incident")
		w.Must(err)
		if _, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0); !errors.Is(err, transfer.ErrNotAvailable) {
			t.Error(err)
		}
		w.Refused("RECIPIENT_NO_USER")
	})
	t.Run("R42 AUTH_ROLE_DENIED a suspended mission sends nothing, and reads", func(t *testing.T) {
		w, sent := sealed(t)
		released := w.Available([]byte("given_name\nAna\n"))
		_, err := w.People.SuspendMission(w.Ctx, w.As(authz.LEG), w.Mission.ID, "an incident")
		w.Must(err)
		w.Refused("AUTH_ROLE_DENIED")
		if _, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, ""); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
		if _, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), released.ID, 1, 0); !errors.Is(err, transfer.ErrNotAvailable) {
			t.Error(err)
		}
		if _, err := w.Transfers.Transfer(w.Ctx, w.As(authz.FP), sent.ID); err != nil {
			t.Error(err)
		}
		_, err = w.People.LiftMission(w.Ctx, w.As(authz.DPO), w.Mission.ID, "closed")
		w.Must(err)
		_, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), released.ID, 1, 0)
		w.Must(err)
		w.Verify()
	})
}

func refusedFor(t *testing.T, err error, codes ...string) {
	t.Helper()
	var r *transfer.RefusedError
	if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), codes) {
		t.Errorf("%v, want %v", err, codes)
	}
}
