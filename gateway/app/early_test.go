package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// early commits as the sender what waits for its approval, and wants the codes.
func early(w *apptest.World, id string, codes ...string) {
	w.T.Helper()
	_, err := w.Transfers.Commit(w.Ctx, w.As(authz.RO), id)
	var r *transfer.RefusedError
	if !errors.As(err, &r) || r.Decision.Phase != gate.Commit || !slices.Equal(r.Decision.Codes(), codes) {
		w.T.Fatalf("want %v, got %v", codes, err)
	}
}

// sealedNow is a transfer of which the one file has landed.
func sealedNow(w *apptest.World) transfer.Transfer {
	w.T.Helper()
	sent, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), asked(w, w.Order()).ID, 1, "", strings.NewReader("given_name\nx\n"))
	w.Must(err)
	return sent
}

// Who commits before the last approval is told all that stands against it; what can be mended until then refuses nothing for good.
func TestCommitBeforeTheApproval(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent, other := sealedNow(w), sealedNow(w)
	_, err := w.Parties.Suspend(w.Ctx, w.As(authz.LEG), w.Partner.ID, "asked")
	w.Must(err)
	t.Run("APPROVAL_PENDING PARTNER_SUSPENDED it goes on waiting, and nothing is destroyed", func(t *testing.T) {
		lay := w.Objects()
		for range 2 {
			early(w, sent.ID, "PARTNER_SUSPENDED", "APPROVAL_PENDING")
		}
		w.SweepAll()
		if got := look(w, sent.ID); got.State != transfer.AwaitingApproval || got.Version != sent.Version+1 || !slices.Equal(got.Decision.Codes(), []string{"PARTNER_SUSPENDED", "APPROVAL_PENDING"}) || len(lay) == 0 || !slices.Equal(w.Objects(), lay) {
			t.Errorf("%s, version %d; of %v there are %v", got.State, got.Version, lay, w.Objects())
		}
	})
	t.Run("R43 each attempt is in the log, with every code", func(t *testing.T) {
		var found int
		for _, line := range lines(w, authz.OIG) {
			if e := line.Entry; e.Subject.ID == sent.ID && e.Action == authz.TransferCommit && slices.Equal(e.Codes, []string{"PARTNER_SUSPENDED", "APPROVAL_PENDING"}) &&
				e.Phase == "COMMIT" && e.Result == string(transfer.AwaitingApproval) {
				found++
			}
		}
		if found != 2 {
			t.Errorf("%d entries", found)
		}
	})
	t.Run("PARTNER_SUSPENDED at the last approval it is refused", func(t *testing.T) {
		_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), other.ID, true, "")
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"PARTNER_SUSPENDED"}) || look(w, other.ID).State != transfer.Refused {
			t.Errorf("%s, %v", look(w, other.ID).State, err)
		}
	})
	_, err = w.Parties.Lift(w.Ctx, w.Another(authz.LEG), w.Partner.ID, "over")
	w.Must(err)
	t.Run("once mended, the approval releases it", func(t *testing.T) {
		if got, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, ""); err != nil || got.State != transfer.Available {
			t.Errorf("%s, %v", got.State, err)
		}
	})
	toldAgain(w)
	w.Verify()
}

// What can never pass any more lies for no approval.
func TestCommitOfWhatNothingMends(t *testing.T) {
	w, until := ending(t)
	sent := sealedNow(w)
	w.Clock.Add(until.Sub(w.Clock.Now()))
	t.Run("AGR_EXPIRED APPROVAL_PENDING bytes and data key are destroyed", func(t *testing.T) {
		early(w, sent.ID, "AGR_EXPIRED", "APPROVAL_PENDING")
		w.SweepAll()
		if got := look(w, sent.ID); got.State != transfer.Refused || len(w.Objects()) > 0 || w.Hand().Text("SELECT COUNT(*) || '' FROM uploads") != "0" {
			t.Errorf("%s; %v are left", got.State, w.Objects())
		}
	})
	toldAgain(w)
	w.Verify()
}
