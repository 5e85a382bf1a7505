package app_test

import (
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/retention"
)

// What waits for a partner or in a mission that is stopped is held by the clock, nobody pulling, and what was left of its window
// is given back.
func TestTheWindowStandsStillForWhoIsStopped(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		stop, lift func(w *apptest.World) error
	}{
		"PARTNER_SUSPENDED": {
			func(w *apptest.World) error {
				_, err := w.Parties.Suspend(w.Ctx, w.As(authz.LEG), w.Partner.ID, "a rumour")
				return err
			},
			func(w *apptest.World) error {
				_, err := w.Parties.Lift(w.Ctx, w.As(authz.DPO), w.Partner.ID, "closed")
				return err
			},
		},
		"PARTNER_BLOCKED": {
			func(w *apptest.World) error {
				_, err := w.Parties.Block(w.Ctx, w.As(authz.LEG), w.Partner.ID, "a rumour")
				return err
			}, nil,
		},
		"AUTH_ROLE_DENIED": { // the mission is suspended
			func(w *apptest.World) error {
				_, err := w.People.SuspendMission(w.Ctx, w.As(authz.LEG), w.Mission.ID, "a rumour")
				return err
			},
			func(w *apptest.World) error {
				_, err := w.People.LiftMission(w.Ctx, w.As(authz.DPO), w.Mission.ID, "closed")
				return err
			},
		},
	} {
		t.Run("R42 "+name, func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			_, _, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], 60*day, nil)
			w.Must(err)
			x := w.Available([]byte("x"))
			w.Clock.Add(10 * day)
			w.Must(c.stop(w))
			changes(w, 1)
			changes(w, 0)
			if got := look(w, x.ID); got.State != transfer.Held || got.Decision.Codes()[0] != name {
				t.Errorf("%s, %v", got.State, got.Decision.Codes())
			}
			w.Clock.Add(20 * day)
			if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 0 {
				t.Errorf("%d lapsed, %v", n, err)
			}
			if c.lift != nil {
				w.Must(c.lift(w))
				changes(w, 1)
				got := look(w, x.ID)
				if left := got.WindowEnds.Sub(w.Clock.Now()); got.State != transfer.Available || left < 4*day-time.Hour || left > 4*day+time.Hour {
					t.Errorf("%s, %s are left", got.State, left)
				}
				pulls(w, x.ID)
			}
			w.Verify()
		})
	}
}

// A recalled copy is overdue in time, and a transfer tells how far it is destroyed.
func TestRecalledIsDestroyedSoon(t *testing.T) {
	const soon = 7 * 24 * time.Hour
	step := func(w *apptest.World, id string, want retention.Destruction) {
		t.Helper()
		if got, err := w.Transfers.Destruction(w.Ctx, look(w, id)); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	t.Run("R27 PARTNER_DESTRUCTION_OVERDUE after the days of the rules", func(t *testing.T) {
		w, duty := owing(t)
		step(w, duty.ID, retention.DestructionDue)
		_, err := w.Transfers.Recall(w.Ctx, w.As(authz.RO), duty.ID, "sent in error")
		w.Must(err)
		d, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), duty.ID)
		w.Must(err)
		if last := d.History[len(d.History)-1]; !d.Due.Equal(last.At.Add(soon)) || d.State != retention.Due || last.Event != "recall" || last.Person != w.As(authz.RO).Person {
			t.Errorf("%+v", d)
		}
		if owes(w, d.Due.Add(-time.Microsecond)) || !owes(w, d.Due) {
			t.Error("PARTNER_DESTRUCTION_OVERDUE does not begin when it is due")
		}
		_, err = w.Destruction.Certify(w.Ctx, w.As(authz.PSG), duty.ID, certificate(w))
		w.Must(err)
		step(w, duty.ID, retention.DestructionCertified)
		_, err = w.Destruction.Decide(w.Ctx, w.As(authz.FP), duty.ID, false, "the backups?")
		w.Must(err)
		step(w, duty.ID, retention.DestructionDue)
		_, err = w.Destruction.Certify(w.Ctx, w.As(authz.PSG), duty.ID, certificate(w))
		w.Must(err)
		_, err = w.Destruction.Decide(w.Ctx, w.As(authz.FP), duty.ID, true, "")
		w.Must(err)
		step(w, duty.ID, retention.Destroyed)
		w.Verify()
	})
	t.Run("R27 not later than its retention", func(t *testing.T) {
		w, duty := owing(t)
		w.Clock.Add(85 * 24 * time.Hour)
		_, err := w.Transfers.Recall(w.Ctx, w.As(authz.RO), duty.ID, "sent in error")
		w.Must(err)
		if d, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), duty.ID); err != nil || d.Version != duty.Version || !d.Due.Equal(duty.Due) {
			t.Errorf("%+v, %v", d, err)
		}
	})
	t.Run("what nobody pulled owes nothing", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		x := w.Available([]byte("x"))
		_, err := w.Transfers.Recall(w.Ctx, w.As(authz.RO), x.ID, "sent in error")
		w.Must(err)
		step(w, x.ID, "")
	})
}
