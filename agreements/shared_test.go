package agreements_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// shared is a draft by Legal for two missions, of which this one signs.
func (w *world) shared() agreements.Agreement {
	w.t.Helper()
	doc := w.document()
	doc.Scope.Missions = []string{w.there, w.here, w.there}
	a, err := w.Create(w.ctx, w.people["LEG"], doc)
	w.must(err)
	return a
}

// sharedSigned is one that both parties have signed.
func (w *world) sharedSigned() agreements.Agreement {
	w.t.Helper()
	a, err := w.SendToReview(w.ctx, w.people["FP"], w.shared().ID)
	w.must(err)
	a, err = w.Decide(w.ctx, w.people["second LEG"], a.ID, "approved", "")
	w.must(err)
	a, err = w.sign("HOM", a)
	w.must(err)
	a, err = w.sign("PSG", a)
	w.must(err)
	return a
}

// asUnknown wants an error that says no more than that of an id that nobody has.
func (w *world) asUnknown(t *testing.T, what string, do func(id string) error, id string) {
	t.Helper()
	theirs, none := do(id), do(newID())
	if !errors.Is(theirs, evidence.ErrNotFound) || theirs.Error() != none.Error() {
		t.Errorf("%s: %v, and %v of none", what, theirs, none)
	}
}

func TestSharedAgreementIsRead(t *testing.T) {
	w := newWorld(t)
	w.holder("elsewhere FP", authz.FP, newID(), "")
	read := func(name string) func(string) error {
		return func(id string) error { _, err := w.Agreement(w.ctx, w.people[name], id); return err }
	}
	draft := w.shared()
	review := w.shared()
	_, err := w.SendToReview(w.ctx, w.people["FP"], review.ID)
	w.must(err)
	w.fit("there HOM")
	w.fit("there FP")
	a := w.sharedSigned()
	for _, name := range []string{"there RO", "there FP", "there HOM"} {
		t.Run(name+" of another mission of the scope", func(t *testing.T) {
			w.asUnknown(t, "the draft", read(name), draft.ID)
			w.asUnknown(t, "under review", read(name), review.ID)
			got, err := w.Agreement(w.ctx, w.people[name], a.ID)
			if err != nil || got.Digest != a.Digest || len(got.Signatures) != 2 || got.Drafter != "" || len(got.History) != 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	w.asUnknown(t, "to a mission out of the scope", read("elsewhere FP"), a.ID)
	there := w.people["there FP"]
	for what, act := range map[string]func(id string) error{
		"revise":    func(id string) error { _, err := w.Revise(w.ctx, there, id, w.document()); return err },
		"amend":     func(id string) error { _, err := w.Amend(w.ctx, there, id, w.document()); return err },
		"review":    func(id string) error { _, err := w.SendToReview(w.ctx, there, id); return err },
		"suspend":   func(id string) error { _, err := w.Suspend(w.ctx, there, id, "x"); return err },
		"terminate": func(id string) error { _, err := w.Terminate(w.ctx, w.people["there HOM"], id, "x"); return err },
		"add a scan": func(id string) error {
			_, err := w.AddScan(w.ctx, there, id, strings.Repeat("0", 64), strings.NewReader("x"))
			return err
		},
		"close out": func(id string) error { _, err := w.CloseOut(w.ctx, there, id); return err },
	} {
		w.asUnknown(t, what, act, a.ID)
	}
	w.assess(a, assessment.Approved, nil)
	a, err = w.Activate(w.ctx, w.people["second LEG"], a.ID)
	w.must(err)
	change := w.document()
	change.Scope.Missions = []string{w.here, w.there}
	a, err = w.Amend(w.ctx, w.people["LEG"], a.ID, change)
	w.must(err)
	a, err = w.Suspend(w.ctx, w.people["DPO"], a.ID, "their director passes lists on")
	w.must(err)
	t.Run("AGR_SUSPENDED why, and not by whom, and nothing of an amendment in draft", func(t *testing.T) {
		got, err := w.Agreement(w.ctx, there, a.ID)
		w.must(err)
		text, err := json.Marshal(got)
		w.must(err)
		for _, name := range []string{"LEG", "second LEG", "DPO"} {
			if bytes.Contains(text, []byte(w.people[name].Person)) {
				t.Errorf("%s is named in %s", name, text)
			}
		}
		if got.Suspension == nil || got.Suspension.Reason != "their director passes lists on" || got.Amendment != nil || got.Documents != 1 {
			t.Errorf("%s", text)
		}
		if shared := a.AmendmentSharedWith(); len(shared) != 0 {
			t.Errorf("the draft of an amendment is shared with %v", shared)
		}
	})
}

// The posts of each mission that sends under it are held, and the one that signs has assessed it.
func TestActivateForSeveralMissions(t *testing.T) {
	activate := func(w *world, a agreements.Agreement) error {
		_, err := w.Activate(w.ctx, w.people["second LEG"], a.ID)
		return err
	}
	t.Run("R35 a vacant post in another mission of the scope", func(t *testing.T) {
		w := newWorld(t)
		a := w.sharedSigned()
		w.assess(a, assessment.Approved, nil)
		for _, post := range []string{"there HOM", "there FP"} { // held there by people whose roles are locked
			refused(t, activate(w, a), "(R35); vacant in "+w.there)
			w.fit(post)
		}
		w.must(activate(w, a))
	})
	t.Run("R35 nor of an amendment that adds the mission", func(t *testing.T) {
		w := newWorld(t)
		a := w.active()
		change := w.document()
		change.Scope.Missions = []string{w.here, w.there}
		a, err := w.Amend(w.ctx, w.people["LEG"], a.ID, change)
		w.must(err)
		_, err = w.SendToReview(w.ctx, w.people["FP"], a.ID)
		w.must(err)
		a, err = w.Decide(w.ctx, w.people["second LEG"], a.ID, "approved", "")
		w.must(err)
		if known := a.SharedWith(); len(known) != 0 {
			t.Errorf("known to %v before it is in force", known)
		}
		_, err = w.sign("HOM", a.UnderWay())
		w.must(err)
		a, err = w.sign("PSG", a.UnderWay())
		w.must(err)
		w.assess(a.UnderWay(), assessment.Approved, nil)
		refused(t, activate(w, a), "(R35); vacant in "+w.there)
		w.fit("there HOM")
		w.fit("there FP")
		w.must(activate(w, a))
	})
	t.Run("R40 an assessment of another mission alone", func(t *testing.T) {
		w := newWorld(t)
		w.fit("there HOM")
		w.fit("there FP")
		a := w.sharedSigned()
		w.assess(a, assessment.Approved, func(x *assessment.Assessment) { x.Mission = w.there })
		refused(t, activate(w, a), "R40")
		w.assess(a, assessment.Approved, nil)
		w.must(activate(w, a))
	})
}
