package app_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// elapsing is a store on which a release waits for its turn under the agreement,
// while time goes by.
type elapsing struct {
	transfer.Store
	pass func()
}

func (s elapsing) Update(ctx context.Context, fn func(transfer.Tx) error) ([]string, error) {
	return s.Store.Update(ctx, func(tx transfer.Tx) error { return fn(elapsingTx{tx, s.pass}) })
}

type elapsingTx struct {
	transfer.Tx
	pass func()
}

func (t elapsingTx) LockVolume(ctx context.Context, agreement string) error {
	if err := t.Tx.LockVolume(ctx, agreement); err != nil {
		return err
	}
	t.pass()
	return nil
}

// TestWhatEndsInTheWait: a release is judged as of the end of its last wait, in all that depends on the time.
func TestWhatEndsInTheWait(t *testing.T) {
	const day = 24 * time.Hour
	passes := map[string]struct {
		wait   time.Duration
		before func(*apptest.World) string // answers with who sends
		code   string                      // empty where it is released
	}{
		"released where nothing ends":                       {wait: time.Minute},
		"RECIPIENT_KEY_INVALID the downloader's credential": {wait: 61 * day, code: "RECIPIENT_KEY_INVALID"},
		"TRAINING_EXPIRED the sender's training":            {wait: 800 * day, code: "TRAINING_EXPIRED"},
		"CONFIDENTIALITY_MISSING the sender's undertaking":  {wait: 800 * day, code: "CONFIDENTIALITY_MISSING"},
		"RECIPIENT_NO_USER the downloader's training":       {wait: 800 * day, code: "RECIPIENT_NO_USER"},
		"RBA_EXPIRED the assessment":                        {wait: 200 * day, code: "RBA_EXPIRED"},
		"PARTNER_DESTRUCTION_OVERDUE a duty of the partner": {wait: 91 * day, code: "PARTNER_DESTRUCTION_OVERDUE", before: func(w *apptest.World) string {
			d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), w.Available([]byte("x")).ID, 1, 0)
			w.Must(err)
			w.Must(d.Send(w.Ctx, io.Discard))
			return w.Persons[authz.RO]
		}},
		"AUTH_ROLE_DENIED the sender's role": {wait: 2 * time.Hour, code: "AUTH_ROLE_DENIED", before: func(w *apptest.World) string {
			join(w, another, "")
			grant(w, another, people.Grant{Role: authz.RO, Mission: w.Mission.ID, Purposes: w.Task(authz.RO), Until: new(w.Clock.Now().Add(time.Hour))})
			return w.Persons[another]
		}},
	}
	for name, c := range passes {
		t.Run(name, func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			by := w.Persons[authz.RO]
			if c.before != nil {
				by = c.before(w)
			}
			x, err := w.Transfers.Request(w.Ctx, w.Holder(by), w.Order())
			w.Must(err)
			_, err = w.Transfers.Receive(w.Ctx, w.Holder(by), x.ID, 1, "", strings.NewReader("x"))
			w.Must(err)
			deps := w.Transfers.Deps
			deps.Store = elapsing{deps.Store, func() { w.Clock.Add(c.wait) }}
			_, err = transfer.NewOffice(deps).Approve(w.Ctx, w.As(authz.HOM), x.ID, true, "")
			if c.code == "" {
				w.Must(err)
				return
			}
			var refused *transfer.RefusedError
			if !errors.As(err, &refused) || !slices.Contains(refused.Decision.Codes(), c.code) {
				t.Errorf("%v, want %s", err, c.code)
			}
			if c.wait < 2*day && len(refused.Decision.Codes()) != 1 {
				t.Errorf("%v", refused.Decision.Codes())
			}
			w.Verify()
		})
	}
}

// TestWhoApprovesEndsInTheWait: the role of who approves must count when the wait is over, too.
func TestWhoApprovesEndsInTheWait(t *testing.T) {
	t.Run("AUTH_ROLE_DENIED the approver's role", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		join(w, another, "")
		grant(w, another, people.Grant{Role: authz.HOM, Mission: w.Mission.ID, Until: new(w.Clock.Now().Add(time.Hour))})
		x := sent(w)
		deps := w.Transfers.Deps
		deps.Store = elapsing{deps.Store, func() { w.Clock.Add(2 * time.Hour) }}
		_, err := transfer.NewOffice(deps).Approve(w.Ctx, w.Holder(w.Persons[another]), x.ID, true, "")
		is(t, err, authz.ErrDenied)
		x, err = w.Transfers.Transfer(w.Ctx, w.As(authz.HOM), x.ID)
		w.Must(err)
		if x.State != transfer.AwaitingApproval || len(x.Approvals) > 0 {
			t.Errorf("%s with %d approvals", x.State, len(x.Approvals))
		}
		w.Verify()
	})
}
