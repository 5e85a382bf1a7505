package app_test

import (
	"io"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/retention"
)

// owing is a world whose partner has pulled a transfer.
func owing(t *testing.T) (*apptest.World, retention.Duty) {
	t.Helper()
	w := apptest.Ready(t, apptest.Options{})
	sent := w.Available([]byte("x"))
	_, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), sent.ID)
	is(t, err, evidence.ErrNotFound)
	for range 2 {
		d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
		w.Must(err)
		w.Must(d.Send(w.Ctx, io.Discard))
		w.Clock.Add(time.Hour)
	}
	x, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), sent.ID)
	w.Must(err)
	return w, x
}

// owes is what refuses transfers to the partner at a moment.
func owes(w *apptest.World, at time.Time) bool {
	w.T.Helper()
	var duties []retention.Duty
	w.Must(store.For[facts](w.Store).View(w.Ctx, func(tx facts) (err error) {
		duties, err = tx.NextDestructions(w.Ctx, w.Partner.ID)
		return err
	}))
	return len(duties) > 0 && duties[0].OverdueAt(at)
}

func certificate(w *apptest.World) retention.Certificate {
	return retention.Certificate{Method: "overwritten", Medium: "disk", Date: w.Clock.Now(), Copies: 1, Backups: "none", Witness: "head of administration"}
}

func TestDestruction(t *testing.T) {
	w, duty := owing(t)
	fp, psg := w.As(authz.FP), w.As(authz.PSG)
	t.Run("R27 the first pull brings one duty, due by the shortest retention", func(t *testing.T) {
		if duty.Version != 1 || duty.State != retention.Due || !duty.Due.Equal(duty.Pulled.Add(90*24*time.Hour)) || duty.Partner != w.Partner.ID {
			t.Errorf("%+v", duty)
		}
		if owes(w, duty.Due.Add(-time.Microsecond)) || !owes(w, duty.Due) {
			t.Error("PARTNER_DESTRUCTION_OVERDUE does not begin when it is due")
		}
	})
	t.Run("R27 who certifies and who decides", func(t *testing.T) {
		for _, role := range []authz.Role{authz.PDL, authz.FP, authz.LEG, authz.DPO} {
			_, err := w.Destruction.Certify(w.Ctx, w.As(role), duty.ID, certificate(w))
			is(t, err, authz.ErrDenied)
		}
		_, err := w.Destruction.Decide(w.Ctx, fp, duty.ID, true, "")
		is(t, err, lifecycle.ErrIllegal)
		for _, change := range []func(*retention.Certificate){
			func(c *retention.Certificate) { c.Method = "" }, func(c *retention.Certificate) { c.Witness = " " }, func(c *retention.Certificate) { c.Copies = -1 },
			func(c *retention.Certificate) { c.Date = duty.Pulled.Add(-time.Hour) }, func(c *retention.Certificate) { c.Date = w.Clock.Now().Add(time.Hour) },
		} {
			c := certificate(w)
			change(&c)
			_, err := w.Destruction.Certify(w.Ctx, psg, duty.ID, c)
			is(t, err, people.ErrInvalid)
		}
	})
	t.Run("PARTNER_DESTRUCTION_OVERDUE one handed in in time counts until it is returned", func(t *testing.T) {
		_, err := w.Destruction.Certify(w.Ctx, psg, duty.ID, certificate(w))
		w.Must(err)
		_, err = w.Destruction.Certify(w.Ctx, psg, duty.ID, certificate(w))
		is(t, err, lifecycle.ErrIllegal)
		if owes(w, duty.Due) {
			t.Error("it is overdue")
		}
		_, err = w.Destruction.Decide(w.Ctx, fp, duty.ID, false, " ")
		is(t, err, people.ErrInvalid)
		_, err = w.Destruction.Decide(w.Ctx, fp, duty.ID, false, "the backups?")
		w.Must(err)
		if !owes(w, duty.Due) {
			t.Error("a returned one counts")
		}
	})
	t.Run("PARTNER_DESTRUCTION_OVERDUE one that comes late counts once it is accepted", func(t *testing.T) {
		w.Clock.Add(91 * 24 * time.Hour)
		c := certificate(w)
		c.Exceptions = "one paper file"
		_, err := w.Destruction.Certify(w.Ctx, psg, duty.ID, c)
		w.Must(err)
		if !owes(w, w.Clock.Now()) {
			t.Error("it counts before it is accepted")
		}
		_, err = w.Destruction.Decide(w.Ctx, fp, duty.ID, true, "")
		is(t, err, people.ErrInvalid) // it makes exceptions
		x, err := w.Destruction.Decide(w.Ctx, fp, duty.ID, true, "the court holds it")
		w.Must(err)
		if x.State != retention.Accepted || x.Certificate.AcceptedBy != fp.Person || x.Certificate.Certifier != psg.Person || owes(w, w.Clock.Now()) {
			t.Errorf("%+v", x)
		}
		for open, want := range map[bool]int{true: 0, false: 1} {
			if list, err := w.Destruction.Duties(w.Ctx, psg, open, evidence.Page{}); err != nil || len(list.Items) != want {
				t.Errorf("%d duties, %v", len(list.Items), err)
			}
		}
	})
	w.Verify()
}

// What the partner has certified as destroyed does not come back: nobody would owe its destruction (R27).
func TestNothingIsPulledThatIsDestroyed(t *testing.T) {
	w, duty := owing(t)
	pull := func() error {
		w.T.Helper()
		d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), duty.ID, 1, 0)
		if err == nil {
			err = d.Send(w.Ctx, io.Discard)
		}
		return err
	}
	under, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), duty.ID, 1, 0)
	w.Must(err)
	certify := func() {
		w.T.Helper()
		_, err := w.Destruction.Certify(w.Ctx, w.As(authz.PSG), duty.ID, certificate(w))
		w.Must(err)
	}
	certify()
	t.Run("PULL_DENIED certified, released before and about to leave", func(t *testing.T) { is(t, under.Send(w.Ctx, io.Discard), transfer.ErrNotAvailable) })
	t.Run("PULL_DENIED certified", func(t *testing.T) {
		is(t, pull(), transfer.ErrNotAvailable)
		seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), duty.ID)
		if err != nil || !slices.Contains(seen.Decision.Codes(), "PULL_DENIED") {
			t.Errorf("%v, %v", seen.Decision.Codes(), err)
		}
	})
	t.Run("R27 what is returned is still owed, and may be pulled", func(t *testing.T) {
		_, err := w.Destruction.Decide(w.Ctx, w.As(authz.FP), duty.ID, false, "the backups?")
		w.Must(err)
		w.Must(pull())
	})
	certify()
	_, err = w.Destruction.Decide(w.Ctx, w.As(authz.FP), duty.ID, true, "")
	w.Must(err)
	t.Run("PULL_DENIED accepted", func(t *testing.T) { is(t, pull(), transfer.ErrNotAvailable) })
	w.Verify()
}

// Who certifies as signatory and has come to be a focal point does not accept it.
func TestCertifierDoesNotAccept(t *testing.T) {
	w, duty := owing(t)
	both := w.As(authz.PSG)
	_, err := w.Destruction.Certify(w.Ctx, both, duty.ID, certificate(w))
	w.Must(err)
	both.Grants = w.As(authz.FP).Grants
	t.Run("separation of duties 7", func(t *testing.T) {
		_, err := w.Destruction.Decide(w.Ctx, both, duty.ID, true, "")
		is(t, err, lifecycle.ErrIllegal)
	})
}
