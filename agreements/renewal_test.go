package agreements_test

import (
	"errors"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
)

// expired is an agreement whose term is over, as the clock leaves it, with whatever was done to it before.
func (w *world) expired(before func(agreements.Agreement)) agreements.Agreement {
	w.t.Helper()
	a := w.active()
	if before != nil {
		before(a)
	}
	w.clock.Add(a.Document.ValidUntil.Sub(w.clock.Now()))
	_, err := w.ExpireDue(w.ctx)
	w.must(err)
	a, err = w.Agreement(w.ctx, w.people["LEG"], a.ID)
	w.must(err)
	if a.State != agreements.Expired {
		w.t.Fatalf("%s", a.State)
	}
	return a
}

// renewed gives the document another year from now on.
func (w *world) renewed(d *agreements.Document) {
	d.EffectiveFrom = w.clock.Now()
	d.ValidUntil = d.EffectiveFrom.AddDate(1, 0, 0)
}

func TestRenewal(t *testing.T) {
	w := newWorld(t)
	fp, legal := w.people["FP"], w.people["LEG"]
	old := w.expired(nil)
	t.Run("its term lies ahead", func(t *testing.T) {
		_, err := w.Amend(w.ctx, fp, old.ID, old.Document)
		refused(t, err, "the term of a renewal is not over")
	})
	a := w.agreed(w.amend(old, w.renewed))
	t.Run("AGR_EXPIRED until it is activated it stays expired, and is not closed out", func(t *testing.T) {
		if a.State != agreements.Expired || a.Amendment.State != agreements.Signed || a.Digest != old.Digest {
			t.Errorf("%s %+v", a.State, a.Amendment)
		}
		_, err := w.CloseOut(w.ctx, fp, a.ID)
		refused(t, err, "no renewal is on its way")
	})
	t.Run("R40 the guards are those of an activation", func(t *testing.T) {
		_, err := w.Activate(w.ctx, legal, a.ID)
		refused(t, err, "R40") // that of the former term is over
	})
	w.assess(a.UnderWay(), assessment.Approved, nil)
	t.Run("then it is in force with the new document", func(t *testing.T) {
		was := a
		a, err := w.Activate(w.ctx, legal, a.ID)
		w.must(err)
		f := a.Former
		if a.State != agreements.Active || a.Document.Version != 2 || a.Amendment != nil || len(f) != 1 || !f[0].Until.Equal(was.Document.ValidUntil) || !a.InForceAt(w.clock.Now()) {
			t.Errorf("%+v", a)
		}
		if iom, partner := w.verdicts(a); iom != agreements.NoFault || partner != agreements.NoFault {
			t.Errorf("its signatures: %d, %d", iom, partner)
		}
		if n, err := w.ExpireDue(w.ctx); n != 0 || err != nil {
			t.Errorf("%d expired at once, %v", n, err)
		}
	})
	t.Run("one that began before the end is the renewal, swept or not", func(t *testing.T) {
		for _, swept := range []bool{true, false} {
			b := w.agreed(w.amend(w.active(), func(d *agreements.Document) { d.ValidUntil = d.ValidUntil.AddDate(1, 0, 0) }))
			ended := b.Document.ValidUntil
			w.clock.Add(ended.Sub(w.clock.Now()))
			if swept {
				_, err := w.ExpireDue(w.ctx)
				w.must(err)
			}
			w.assess(b.UnderWay(), assessment.Approved, nil)
			b, err := w.Activate(w.ctx, legal, b.ID)
			if err != nil || b.State != agreements.Active || !b.Former[0].Until.Equal(ended) {
				t.Errorf("swept %t: %s, %v", swept, b.State, err)
			}
		}
	})
}

func TestRenewalGivenUp(t *testing.T) {
	w := newWorld(t)
	fp, legal := w.people["FP"], w.people["LEG"]
	a := w.amend(w.expired(nil), w.renewed)
	t.Run("one that is withdrawn leaves it expired, to be closed out", func(t *testing.T) {
		a, err := w.WithdrawAmendment(w.ctx, fp, a.ID)
		if err != nil || a.State != agreements.Expired || a.Amendment != nil {
			t.Fatalf("%+v, %v", a, err)
		}
		a, err = w.CloseOut(w.ctx, fp, a.ID)
		if err != nil || a.State != agreements.ClosedOut {
			t.Fatalf("%s, %v", a.State, err)
		}
		_, err = w.Amend(w.ctx, fp, a.ID, a.Document)
		refused(t, err, "the state is active or expired")
	})
	t.Run("SoD 11 what was suspended when its term ended does not come back by a renewal", func(t *testing.T) {
		a := w.expired(func(a agreements.Agreement) {
			w.agreed(w.amend(a, func(d *agreements.Document) { d.ValidUntil = d.ValidUntil.AddDate(1, 0, 0) }))
			_, err := w.Suspend(w.ctx, fp, a.ID, "a loss")
			w.must(err)
		})
		w.assess(a.UnderWay(), assessment.Approved, nil)
		_, err := w.Activate(w.ctx, legal, a.ID)
		refused(t, err, "it was not suspended when its term ended")
		_, err = w.WithdrawAmendment(w.ctx, fp, a.ID)
		w.must(err)
		_, err = w.Amend(w.ctx, fp, a.ID, a.Document)
		refused(t, err, "it was not suspended when its term ended")
	})
	t.Run("what one of two asked for in the former term is asked for again", func(t *testing.T) {
		a := w.agreed(w.amend(w.expired(func(a agreements.Agreement) {
			_, err := w.Terminate(w.ctx, w.people["HOM"], a.ID, "enough")
			w.must(err)
		}), w.renewed))
		w.assess(a.UnderWay(), assessment.Approved, nil)
		a, err := w.Activate(w.ctx, legal, a.ID)
		w.must(err)
		a, err = w.Terminate(w.ctx, legal, a.ID, "enough")
		if err != nil || a.State != agreements.Active || len(a.Endings) != 1 {
			t.Errorf("%s after %d, %v", a.State, len(a.Endings), err)
		}
	})
	t.Run("one that is not activated before its own term is over renews nothing", func(t *testing.T) {
		a := w.agreed(w.amend(w.expired(nil), w.renewed))
		w.clock.Add(400 * 24 * time.Hour)
		w.assess(a.UnderWay(), assessment.Approved, nil)
		_, err := w.Activate(w.ctx, legal, a.ID)
		refused(t, err, "the term is not over")
	})
}

// One that has expired, and whose place another agreement took, is renewed no more.
func TestSupersededIsNotRenewed(t *testing.T) {
	w := newWorld(t)
	old := w.expired(nil)
	a := w.agreed(w.amend(old, w.renewed))
	next := w.agreed(w.amend(w.active(), func(d *agreements.Document) { d.Supersedes = old.ID }))
	_, err := w.Activate(w.ctx, w.people["LEG"], next.ID)
	w.must(err)
	w.assess(a.UnderWay(), assessment.Approved, nil)
	_, err = w.Activate(w.ctx, w.people["LEG"], a.ID)
	refused(t, err, "the state is active or expired")
	a, err = w.Agreement(w.ctx, w.people["LEG"], a.ID)
	last := a.History[len(a.History)-1]
	if err != nil || a.State != agreements.Terminated || last.Event != "superseded" || last.Role != authz.LEG {
		t.Errorf("%s by %+v, %v", a.State, last, err)
	}
	if _, err = w.WithdrawAmendment(w.ctx, w.people["FP"], a.ID); err == nil || errors.Is(err, authz.ErrDenied) {
		t.Errorf("%v", err)
	}
}
