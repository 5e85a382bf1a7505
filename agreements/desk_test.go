package agreements_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

func TestCreate(t *testing.T) {
	w := newWorld(t)
	for name, edit := range map[string]func(*agreements.Document){
		"an unknown type":             func(d *agreements.Document) { d.Type = "treaty" },
		"no title":                    func(d *agreements.Document) { d.Title = " " },
		"an unknown language":         func(d *agreements.Document) { d.Language = "de" },
		"no term":                     func(d *agreements.Document) { d.ValidUntil = d.EffectiveFrom },
		"a term that ends first":      func(d *agreements.Document) { d.ValidUntil = d.EffectiveFrom.Add(-1) },
		"an unknown onward rule":      func(d *agreements.Document) { d.Scope.OnwardRule = "anyone" },
		"a scope without the signer":  func(d *agreements.Document) { d.Scope.Missions = []string{w.there} },
		"an unknown clause":           func(d *agreements.Document) { d.Clauses[0].Code = "C26" },
		"a clause twice":              func(d *agreements.Document) { d.Clauses[1].Code = "C01" },
		"an unknown partner":          func(d *agreements.Document) { d.Partner = newID() },
		"an unknown mission in scope": func(d *agreements.Document) { d.Scope.Missions = append(d.Scope.Missions, newID()) },
		"an unknown purpose":          func(d *agreements.Document) { d.Scope.Purposes = []string{newID()} },
		"an unknown category":         func(d *agreements.Document) { d.Scope.Categories = []string{"biometrics"} },
	} {
		t.Run(name, func(t *testing.T) {
			d := w.document()
			edit(&d)
			if _, err := w.Create(w.ctx, w.people["FP"], d); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
	for name, want := range map[string]error{
		"FP": nil, "LEG": nil, "HOM": authz.ErrDenied, "RO": authz.ErrDenied, "DPO": authz.ErrDenied, "OIG": authz.ErrDenied,
		"PSG": evidence.ErrNotFound, "PDL": evidence.ErrNotFound, "there FP": evidence.ErrNotFound,
	} {
		t.Run("by "+name, func(t *testing.T) {
			a, err := w.Create(w.ctx, w.people[name], w.document())
			if !errors.Is(err, want) {
				t.Fatal(err)
			}
			if err == nil && (a.State != agreements.Draft || a.Drafter != w.people[name].Person || a.Document.Agreement != a.ID || a.Document.Version != 1 || len(a.History) != 1) {
				t.Errorf("%+v", a)
			}
		})
	}
	t.Run("what the drafter claims of it does not count", func(t *testing.T) {
		d := w.document()
		d.Agreement, d.Version = "mine", 9
		a, err := w.Create(w.ctx, w.people["FP"], d)
		w.must(err)
		digest, err := a.Document.DigestOf()
		if err != nil || a.Document.Agreement != a.ID || a.Document.Version != 1 || digest != a.Digest {
			t.Errorf("%+v, %v", a.Document, err)
		}
		if read, err := w.Agreement(w.ctx, w.people["OIG"], a.ID); err != nil || read.Digest != a.Digest {
			t.Errorf("read back: %v", err)
		}
	})
}

// Every act on another's agreement answers as on one that does not exist, and
// nobody does what the policy gives to another.
func TestScoping(t *testing.T) {
	w := newWorld(t)
	a := w.approved()
	acts := map[string]func(c authz.Caller, id string) error{
		"read":      func(c authz.Caller, id string) error { _, err := w.Agreement(w.ctx, c, id); return err },
		"review":    func(c authz.Caller, id string) error { _, err := w.SendToReview(w.ctx, c, id); return err },
		"decide":    func(c authz.Caller, id string) error { _, err := w.Decide(w.ctx, c, id, "approved", ""); return err },
		"sign":      func(c authz.Caller, id string) error { _, err := w.Sign(w.ctx, c, id, "k", "j"); return err },
		"activate":  func(c authz.Caller, id string) error { _, err := w.Activate(w.ctx, c, id); return err },
		"suspend":   func(c authz.Caller, id string) error { _, err := w.Suspend(w.ctx, c, id, "x"); return err },
		"lift":      func(c authz.Caller, id string) error { _, err := w.Lift(w.ctx, c, id, "x"); return err },
		"terminate": func(c authz.Caller, id string) error { _, err := w.Terminate(w.ctx, c, id, "x"); return err },
	}
	for act, do := range acts {
		for _, name := range []string{"there HOM", "there FP", "there RO", "there PSG", "there PDL"} {
			t.Run(act+" by "+name, func(t *testing.T) {
				other, none := do(w.people[name], a.ID), do(w.people[name], newID())
				if !errors.Is(other, evidence.ErrNotFound) || other.Error() != none.Error() {
					t.Errorf("%v and %v", other, none)
				}
			})
		}
		for _, name := range []string{"OIG", "PDL", "RO"} {
			if act == "read" {
				continue
			}
			t.Run(act+" by "+name, func(t *testing.T) {
				if err := do(w.people[name], a.ID); !errors.Is(err, authz.ErrDenied) {
					t.Error(err)
				}
			})
		}
	}
	if now, err := w.Agreement(w.ctx, w.people["LEG"], a.ID); err != nil || now.Version != a.Version {
		t.Errorf("after all that it is %+v, %v", now, err)
	}
}

func TestDecide(t *testing.T) {
	w := newWorld(t)
	for decision, want := range map[string]agreements.State{"approved": agreements.Approved, "returned": agreements.Draft, "rejected": agreements.Rejected} {
		a, err := w.SendToReview(w.ctx, w.people["FP"], w.draft().ID)
		w.must(err)
		if a, err = w.Decide(w.ctx, w.people["LEG"], a.ID, decision, "why"); err != nil || a.State != want || a.History[2].Reason != "why" {
			t.Errorf("%s: %s, %v", decision, a.State, err)
		}
	}
	a, err := w.SendToReview(w.ctx, w.people["FP"], w.draft().ID)
	w.must(err)
	if _, err := w.Decide(w.ctx, w.people["LEG"], a.ID, "maybe", ""); !errors.Is(err, people.ErrInvalid) {
		t.Error(err)
	}
	own, err := w.Create(w.ctx, w.people["LEG"], w.document())
	w.must(err)
	_, err = w.SendToReview(w.ctx, w.people["FP"], own.ID)
	w.must(err)
	t.Run("separation of duties 3", func(t *testing.T) {
		if _, err := w.Decide(w.ctx, w.people["LEG"], own.ID, "approved", ""); !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("Legal on what Legal's same person drafted: %v", err)
		}
		if _, err := w.Decide(w.ctx, w.people["second LEG"], own.ID, "approved", ""); err != nil {
			t.Errorf("a colleague: %v", err)
		}
	})
}

func TestActivate(t *testing.T) {
	activate := func(t *testing.T, w *world, a agreements.Agreement, says string) {
		t.Helper()
		_, err := w.Activate(w.ctx, w.people["LEG"], a.ID)
		refused(t, err, says)
		if now, err := w.Agreement(w.ctx, w.people["LEG"], a.ID); err != nil || now.State != a.State {
			t.Errorf("afterwards it is %s, %v", now.State, err)
		}
	}
	w := newWorld(t)
	whole := w.signed()
	t.Run("nobody has signed", func(t *testing.T) { activate(t, w, w.approved(), "the state is signed") })
	t.Run("one party has signed", func(t *testing.T) {
		part, err := w.sign("HOM", w.approved())
		w.must(err)
		activate(t, w, part, "the state is signed")
	})
	t.Run("R40 no assessment", func(t *testing.T) { activate(t, w, whole, "R40") })
	for name, change := range map[string]func(*assessment.Assessment){
		"of another version of the document": func(x *assessment.Assessment) { x.AgreementVersion = 2 },
		"that has expired":                   func(x *assessment.Assessment) { x.ValidUntil = noon() },
		"derogated from for one transfer": func(x *assessment.Assessment) {
			x.Result = assessment.Result{Band: assessment.Severe, Derogation: []authz.Role{authz.LEG, authz.DPO}}
			x.Derogation = &assessment.Derogation{Version: x.Version}
		},
		"of another agreement": func(x *assessment.Assessment) { x.Agreement = newID() },
	} {
		t.Run("R40 an assessment "+name, func(t *testing.T) {
			w.assess(whole, assessment.Approved, change)
			activate(t, w, whole, "R40")
		})
	}
	for _, state := range []assessment.State{
		assessment.Draft, assessment.Submitted, assessment.Returned, assessment.Rejected, assessment.Stale, assessment.Expired, assessment.Superseded,
	} {
		t.Run("R40 an assessment that is "+string(state), func(t *testing.T) {
			w.assess(whole, state, nil)
			activate(t, w, whole, "R40")
		})
	}
	w.assess(whole, assessment.Approved, nil)
	for name, vacate := range map[string]string{"controller": "HOM", "focal point": "FP"} {
		t.Run("R35 no "+name, func(t *testing.T) {
			w := newWorld(t)
			a := w.signed()
			w.assess(a, assessment.Approved, nil)
			w.endGrant(vacate)
			activate(t, w, a, "R35")
		})
	}
	t.Run("a draft that cannot be makes no key", func(t *testing.T) {
		made := len(w.keys.made)
		d := w.document()
		d.Partner = newID()
		if _, err := w.Create(w.ctx, w.people["FP"], d); !errors.Is(err, people.ErrInvalid) || len(w.keys.made) != made {
			t.Errorf("%d keys made, %v", len(w.keys.made)-made, err)
		}
	})
	t.Run("no key can be made", func(t *testing.T) {
		w.keys.broken = errors.New("sealed")
		if a, err := w.Create(w.ctx, w.people["FP"], w.document()); !errors.Is(err, w.keys.broken) || a.ID != "" {
			t.Errorf("drafted %q, %v", a.ID, err)
		}
		w.keys.broken = nil
	})
	t.Run("all is there", func(t *testing.T) {
		a, err := w.Activate(w.ctx, w.people["LEG"], whole.ID)
		if err != nil || a.State != agreements.Active || !w.keys.made[a.ID] || !a.InForceAt(w.clock.Now()) {
			t.Errorf("%s, %v", a.State, err)
		}
	})
	t.Run("before the effective date", func(t *testing.T) {
		d := w.document()
		d.EffectiveFrom = d.EffectiveFrom.Add(2 * time.Hour)
		a, err := w.Create(w.ctx, w.people["FP"], d)
		w.must(err)
		_, err = w.SendToReview(w.ctx, w.people["FP"], a.ID)
		w.must(err)
		a, err = w.Decide(w.ctx, w.people["LEG"], a.ID, "approved", "")
		w.must(err)
		_, err = w.sign("HOM", a)
		w.must(err)
		a, err = w.sign("PSG", a)
		w.must(err)
		w.assess(a, assessment.Approved, func(x *assessment.Assessment) { x.ValidUntil = x.ValidUntil.AddDate(1, 0, 0) })
		activate(t, w, a, "effective date")
		w.clock.Add(2 * time.Hour)
		if a, err = w.Activate(w.ctx, w.people["LEG"], a.ID); err != nil || a.State != agreements.Active {
			t.Errorf("once it is reached: %s, %v", a.State, err)
		}
	})
}

func TestSuspendLiftTerminate(t *testing.T) {
	w := newWorld(t)
	a := w.active()
	_, err := w.Suspend(w.ctx, w.people["HOM"], a.ID, "")
	refused(t, err, "reason")
	a, err = w.Suspend(w.ctx, w.people["DPO"], a.ID, "an incident")
	w.must(err)
	for _, name := range []string{"HOM", "FP", "PSG"} {
		if _, err := w.Lift(w.ctx, w.people[name], a.ID, "closed"); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("lift by %s: %v", name, err)
		}
	}
	t.Run("separation of duties 11", func(t *testing.T) {
		_, err := w.Lift(w.ctx, w.people["DPO"], a.ID, "closed")
		refused(t, err, "separation of duties 11")
		first, err := w.Lift(w.ctx, w.people["LEG"], a.ID, "closed")
		if err != nil || first.State != agreements.Suspended || len(first.Lifts) != 1 {
			t.Errorf("%s, %v", first.State, err)
		}
		w.holder("second DPO", authz.DPO, "", "")
		both, err := w.Lift(w.ctx, w.people["second DPO"], a.ID, "closed")
		if err != nil || both.State != agreements.Active || both.Suspension != nil {
			t.Errorf("%s, %v", both.State, err)
		}
	})
	t.Run("AGR_TERMINATED by the head of mission and Legal", func(t *testing.T) {
		first, err := w.Terminate(w.ctx, w.people["HOM"], a.ID, "over")
		if err != nil || first.State != agreements.Active {
			t.Errorf("%s, %v", first.State, err)
		}
		_, err = w.Terminate(w.ctx, w.people["HOM"], a.ID, "over")
		refused(t, err, "other of the two")
		both, err := w.Terminate(w.ctx, w.people["LEG"], a.ID, "over")
		if err != nil || both.State != agreements.Terminated {
			t.Errorf("%s, %v", both.State, err)
		}
	})
	t.Run("AGR_TERMINATED by the partner's notice", func(t *testing.T) {
		if got, err := w.Terminate(w.ctx, w.people["PSG"], w.active().ID, "notice"); err != nil || got.State != agreements.Terminated {
			t.Errorf("%s, %v", got.State, err)
		}
	})
}

func TestExpireDue(t *testing.T) {
	w := newWorld(t)
	running, stopped, draft, ended := w.active(), w.active(), w.draft(), w.active()
	_, err := w.Suspend(w.ctx, w.people["LEG"], stopped.ID, "x")
	w.must(err)
	_, err = w.Terminate(w.ctx, w.people["PSG"], ended.ID, "x")
	w.must(err)
	if n, err := w.ExpireDue(w.ctx); err != nil || n != 0 {
		t.Errorf("before the term: %d, %v", n, err)
	}
	w.clock.Add(25 * time.Hour)
	if n, err := w.ExpireDue(w.ctx); err != nil || n != 2 {
		t.Errorf("after it: %d, %v", n, err)
	}
	for id, want := range map[string]agreements.State{
		running.ID: agreements.Expired, stopped.ID: agreements.Expired, draft.ID: agreements.Draft, ended.ID: agreements.Terminated,
	} {
		if a, err := w.Agreement(w.ctx, w.people["LEG"], id); err != nil || a.State != want || want == agreements.Expired && !strings.HasPrefix(a.Actor, "SYS") {
			t.Errorf("it is %s, want %s, %v", a.State, want, err)
		}
	}
	if n, err := w.ExpireDue(w.ctx); err != nil || n != 0 {
		t.Errorf("again: %d, %v", n, err)
	}
}
