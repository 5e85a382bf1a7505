package app_test

import (
	"errors"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// TestNothingIsKnownBeforeTheRelease: to people of the partner, whatever their role, a transfer that is not released answers
// as one that is not there, and so does a file of it.
func TestNothingIsKnownBeforeTheRelease(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	draft, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	waits, released := sent(w), w.Available([]byte("x"))
	const nobodys = "00000000-0000-7000-8000-000000000000"
	sum := map[int]string{1: "00"}
	for _, role := range []authz.Role{authz.PDL, authz.PSG} {
		c := w.As(role)
		for name, id := range map[string]string{"an unknown one": nobodys, "a draft": draft.ID, "one that awaits approval": waits.ID} {
			for what, act := range map[string]func() error{
				"file 1":            func() error { _, err := w.Transfers.Pull(w.Ctx, c, id, 1, 0); return err },
				"a file it has not": func() error { _, err := w.Transfers.Pull(w.Ctx, c, id, 9, 0); return err },
				"read":              func() error { _, err := w.Transfers.Transfer(w.Ctx, c, id); return err },
				"confirmed":         func() error { _, err := w.Transfers.Acknowledge(w.Ctx, c, id, sum); return err },
				"its cover sheet":   func() error { _, err := w.Transfers.Cover(w.Ctx, c, id, ""); return err },
				"taken back":        func() error { _, err := w.Transfers.Recall(w.Ctx, c, id, "x"); return err },
				"approved":          func() error { _, err := w.Transfers.Approve(w.Ctx, c, id, true, ""); return err },
				"committed":         func() error { _, err := w.Transfers.Commit(w.Ctx, c, id); return err },
			} {
				t.Run("PULL_DENIED "+string(role)+" "+name+" "+what, func(t *testing.T) {
					err := act()
					if !errors.Is(err, evidence.ErrNotFound) || errors.Is(err, transfer.ErrNotAvailable) || errors.Is(err, authz.ErrDenied) {
						t.Errorf("%v", err)
					}
				})
			}
		}
	}
	t.Run("a file that a released one has not is not there", func(t *testing.T) {
		_, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), released.ID, 9, 0)
		is(t, err, evidence.ErrNotFound)
	})
	t.Run("R43 APPROVAL_PENDING the attempts are recorded", func(t *testing.T) {
		for id, code := range map[string]string{draft.ID: "PULL_DENIED", waits.ID: "APPROVAL_PENDING"} {
			n := w.Hand().Text("SELECT COUNT(*) || '' FROM log_entries WHERE CAST(body AS TEXT) LIKE '%\"action\":\"transfer.pull\"%' AND CAST(body AS TEXT) LIKE '%" +
				code + "%' AND CAST(body AS TEXT) LIKE '%" + id + "%'")
			if n != "6" {
				t.Errorf("%s entries of %s", n, code)
			}
		}
	})
	w.Verify()
}
