package agreements_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/gateway/store"
)

// amend drafts an amendment of the agreement.
func (w *world) amend(a agreements.Agreement, edit func(*agreements.Document)) agreements.Agreement {
	w.t.Helper()
	d := a.Document
	d.Title = "Amended"
	edit(&d)
	a, err := w.Amend(w.ctx, w.people["FP"], a.ID, d)
	w.must(err)
	return a
}

// agreed has the amendment reviewed, approved and signed by both.
func (w *world) agreed(a agreements.Agreement) agreements.Agreement {
	w.t.Helper()
	_, err := w.SendToReview(w.ctx, w.people["FP"], a.ID)
	w.must(err)
	_, err = w.Decide(w.ctx, w.people["LEG"], a.ID, "approved", "")
	w.must(err)
	for _, name := range []string{"HOM", "PSG"} {
		a, err = w.sign(name, a.UnderWay())
		w.must(err)
	}
	return a
}

func (w *world) assessmentsOf(a agreements.Agreement) []assessment.Assessment {
	w.t.Helper()
	var all []assessment.Assessment
	w.must(store.For[agreements.Tx](w.store).View(w.ctx, func(tx agreements.Tx) (err error) { all, err = tx.AssessmentsOf(w.ctx, a.ID); return err }))
	return all
}

func broaden(d *agreements.Document) { d.Scope.MaxSubjectsPerYear = 5000 }

func TestAmendment(t *testing.T) {
	w := newWorld(t)
	legal := w.people["LEG"]
	old := w.active()
	a := w.agreed(w.amend(old, broaden))
	t.Run("the old version rules until the activation", func(t *testing.T) {
		if a.State != agreements.Active || a.Digest != old.Digest || a.Document.Version != 1 || a.Amendment.State != agreements.Signed || a.Amendment.Document.Version != 2 || len(a.Signatures) != 2 {
			t.Fatalf("%s %+v", a.State, a.Amendment)
		}
		if iom, partner := w.verdicts(a); iom != agreements.NoFault || partner != agreements.NoFault {
			t.Errorf("its signatures: %d, %d", iom, partner)
		}
	})
	t.Run("R40 a broader scope needs an assessment of its own", func(t *testing.T) {
		_, err := w.Activate(w.ctx, legal, a.ID)
		refused(t, err, "R40")
		if x := w.assessmentsOf(a); x[0].State != assessment.Approved {
			t.Errorf("a refused activation left it %s", x[0].State)
		}
	})
	w.assess(a.UnderWay(), assessment.Approved, nil)
	t.Run("SoD 3 who drafted the amendment does not activate it", func(t *testing.T) {
		b := w.active()
		d := b.Document
		d.Title = "By Legal"
		_, err := w.Amend(w.ctx, legal, b.ID, d)
		w.must(err)
		_, err = w.SendToReview(w.ctx, w.people["FP"], b.ID)
		w.must(err)
		_, err = w.Decide(w.ctx, legal, b.ID, "approved", "")
		refused(t, err, "who drafted it")
		b, err = w.Decide(w.ctx, w.people["second LEG"], b.ID, "approved", "")
		w.must(err)
		for _, name := range []string{"HOM", "PSG"} {
			_, err = w.sign(name, b.UnderWay())
			w.must(err)
		}
		_, err = w.Activate(w.ctx, legal, b.ID)
		refused(t, err, "separation of duties 3")
	})
	active, err := w.Activate(w.ctx, legal, a.ID)
	w.must(err)
	t.Run("then it rules, and what ruled before is kept with its signatures", func(t *testing.T) {
		f := active.Former
		if active.Document.Version != 2 || active.Amendment != nil || active.State != agreements.Active || len(f) != 1 || f[0].Digest != old.Digest || len(f[0].Signatures) != 2 {
			t.Fatalf("%+v", active)
		}
		if iom, partner := w.verdicts(active); iom != agreements.NoFault || partner != agreements.NoFault {
			t.Errorf("its signatures: %d, %d", iom, partner)
		}
		before := old
		before.Document, before.Digest, before.Signatures = f[0].Document, f[0].Digest, f[0].Signatures
		if iom, partner := w.verdicts(before); iom != agreements.NoFault || partner != agreements.NoFault {
			t.Errorf("those of the former: %d, %d", iom, partner)
		}
	})
	t.Run("RBA_STALE the assessments of the narrower scope went stale with it", func(t *testing.T) {
		all := w.assessmentsOf(a)
		if all[0].State != assessment.Stale || all[0].StaleReason != assessment.BroaderAmendment || all[0].Record != 2 || all[1].State != assessment.Approved {
			t.Errorf("%s %s, %s", all[0].State, all[0].StaleReason, all[1].State)
		}
	})
	t.Run("an amendment that is not broader keeps them", func(t *testing.T) {
		b := w.agreed(w.amend(active, func(d *agreements.Document) { d.Scope.MaxSubjectsPerTransfer = 5 }))
		b, err := w.Activate(w.ctx, legal, b.ID)
		w.must(err)
		if x := w.assessmentsOf(b)[1]; b.Document.Version != 3 || x.State != assessment.Approved || x.AgreementVersion != 3 {
			t.Errorf("%d, %s of %d", b.Document.Version, x.State, x.AgreementVersion)
		}
	})
}

func TestAmendmentGivenUp(t *testing.T) {
	w := newWorld(t)
	fp, legal := w.people["FP"], w.people["LEG"]
	a := w.amend(w.active(), broaden)
	if _, err := w.Amend(w.ctx, fp, a.ID, a.Document); !errors.Is(err, lifecycle.ErrIllegal) {
		t.Errorf("two at once: %v", err)
	}
	a, err := w.Revise(w.ctx, fp, a.ID, a.Amendment.Document)
	if err != nil || a.Amendment.Document.Version != 3 || a.Document.Version != 1 {
		t.Fatalf("%+v, %v", a.Amendment, err)
	}
	if _, err := w.WithdrawAmendment(w.ctx, w.people["HOM"], a.ID); !errors.Is(err, authz.ErrDenied) {
		t.Errorf("by HOM: %v", err)
	}
	a, err = w.WithdrawAmendment(w.ctx, fp, a.ID)
	if err != nil || a.Amendment != nil || a.State != agreements.Active {
		t.Fatalf("%+v, %v", a, err)
	}
	t.Run("no version of a document is used twice", func(t *testing.T) {
		a = w.amend(a, broaden)
		if a.Amendment.Document.Version != 4 {
			t.Errorf("%d", a.Amendment.Document.Version)
		}
	})
	t.Run("one that Legal rejects is over", func(t *testing.T) {
		_, err := w.SendToReview(w.ctx, fp, a.ID)
		w.must(err)
		a, err = w.Decide(w.ctx, legal, a.ID, "rejected", "no")
		if last := a.History[len(a.History)-1]; err != nil || a.Amendment != nil || a.State != agreements.Active || last.Event != "rejected" || last.Document != 4 {
			t.Errorf("%+v, %v", a, err)
		}
	})
	t.Run("what is suspended is not amended, and its amendment not activated", func(t *testing.T) {
		a := w.agreed(w.amend(a, func(*agreements.Document) {}))
		a, err := w.Suspend(w.ctx, fp, a.ID, "a loss")
		w.must(err)
		_, err = w.Activate(w.ctx, legal, a.ID)
		refused(t, err, "the state is active")
		a, err = w.WithdrawAmendment(w.ctx, fp, a.ID)
		w.must(err)
		_, err = w.Amend(w.ctx, fp, a.ID, a.Document)
		refused(t, err, "the state is active")
	})
	t.Run("mission and partner stay", func(t *testing.T) {
		b := w.active()
		d := b.Document
		d.Mission = w.there
		if _, err := w.Amend(w.ctx, legal, b.ID, d); err == nil {
			t.Error("amended to another mission")
		}
	})
}

// Every event on an amendment, in each state of it, while the agreement is active, suspended or ended.
func TestEveryEventOfAnAmendment(t *testing.T) {
	w := newWorld(t)
	base := w.active()
	type moves = map[agreements.State]agreements.State
	const draft, review, approved, partSigned, signed = agreements.Draft, agreements.Review, agreements.Approved, agreements.PartSigned, agreements.Signed
	other := base.Document
	events := []struct {
		name string
		do   func(a agreements.Agreement) (agreements.Agreement, error)
		to   moves
	}{
		{"revise", func(a agreements.Agreement) (agreements.Agreement, error) {
			return w.Revise(w.ctx, w.people["FP"], a.ID, other)
		}, moves{draft: draft}},
		{"review", func(a agreements.Agreement) (agreements.Agreement, error) {
			return w.SendToReview(w.ctx, w.people["FP"], a.ID)
		}, moves{draft: review}},
		{"return", func(a agreements.Agreement) (agreements.Agreement, error) {
			return w.Decide(w.ctx, w.people["LEG"], a.ID, "returned", "x")
		}, moves{review: draft}},
		{"approve", func(a agreements.Agreement) (agreements.Agreement, error) {
			return w.Decide(w.ctx, w.people["LEG"], a.ID, "approved", "x")
		}, moves{review: approved}},
		{"sign", func(a agreements.Agreement) (agreements.Agreement, error) {
			if under := a.UnderWay(); under.State == draft || under.State == review { // the partner knows of none: TestSeenByThePartner
				return w.sign("HOM", under)
			}
			return w.sign("PSG", a.UnderWay())
		}, moves{approved: partSigned, partSigned: signed}},
		{"activate", func(a agreements.Agreement) (agreements.Agreement, error) {
			return w.Activate(w.ctx, w.people["LEG"], a.ID)
		}, moves{signed: agreements.Active}},
	}
	for _, outer := range []agreements.State{agreements.Active, agreements.Suspended, agreements.Expired, agreements.Terminated} {
		for _, e := range events {
			for _, from := range []agreements.State{draft, review, approved, partSigned, signed} {
				t.Run(string(outer)+" "+string(from)+" "+e.name, func(t *testing.T) {
					a := w.placed(base, outer, from)
					to, allowed := e.to[from]
					allowed = allowed && (outer == agreements.Active || outer == agreements.Expired || outer == agreements.Suspended && e.name != "activate")
					want := outer
					if e.name == "activate" {
						want = agreements.Active // an expired one is renewed by it
					}
					after, err := e.do(a)
					if !allowed {
						if !errors.Is(err, lifecycle.ErrIllegal) {
							t.Errorf("%v", err)
						}
						return
					}
					now := after.UnderWay().State
					if err != nil || now != to || after.State != want || after.Version != a.Version+1 {
						t.Errorf("%s %s, %v", after.State, now, err)
					}
				})
			}
		}
	}
}

// placed writes an agreement of the state with an amendment of another.
func (w *world) placed(base agreements.Agreement, outer, inner agreements.State) agreements.Agreement {
	w.t.Helper()
	a := base
	a.ID, a.Version, a.State = newID(), 1, outer
	d := a.Document
	d.Agreement, d.Version = a.ID, 2
	digest, err := d.DigestOf()
	w.must(err)
	a.Documents = 2
	a.Amendment = &agreements.Amendment{State: inner, Document: d, Digest: digest, Drafter: w.people["FP"].Person}
	if inner == agreements.PartSigned || inner == agreements.Signed {
		a.Amendment.Signatures = []agreements.Signature{{Party: signing.PartyIOM, Method: agreements.MethodJWS}}
	}
	if inner == agreements.Signed {
		a.Amendment.Signatures = append(a.Amendment.Signatures, agreements.Signature{Party: w.partner, Method: agreements.MethodJWS})
	}
	w.write(func(tx allTx) error { return tx.SaveAgreement(w.ctx, a) })
	w.assess(a.UnderWay(), assessment.Approved, nil)
	return a
}

func TestBroader(t *testing.T) {
	for want, edit := range map[string]func(*agreements.Scope){
		"":                    func(*agreements.Scope) {},
		"missions:m2":         func(s *agreements.Scope) { s.Missions = append(s.Missions, "m2") },
		"programmes:x":        func(s *agreements.Scope) { s.Programmes = []string{"x"} },
		"purposes:p2":         func(s *agreements.Scope) { s.Purposes = append(s.Purposes, "p2") },
		"subject_types:staff": func(s *agreements.Scope) { s.SubjectTypes = append(s.SubjectTypes, "staff") },
		"categories:health retention_days:health": func(s *agreements.Scope) {
			s.Categories, s.RetentionDays = append(s.Categories, "health"), map[string]int{"identity": 90, "health": 1}
		},
		"fields:dose":                         func(s *agreements.Scope) { s.Fields = append(s.Fields, "dose") },
		"recipient_countries:NE":              func(s *agreements.Scope) { s.RecipientCountries = []string{"NE"} },
		"storage_countries:NE":                func(s *agreements.Scope) { s.StorageCountries = append(s.StorageCountries, "NE") },
		"onward_recipients:UNHCR onward_rule": func(s *agreements.Scope) { s.OnwardRule, s.OnwardRecipients = "listed", []string{"UNHCR"} },
		"max_subjects_per_transfer":           func(s *agreements.Scope) { s.MaxSubjectsPerTransfer++ },
		"max_subjects_per_year":               func(s *agreements.Scope) { s.MaxSubjectsPerYear++ },
		"retention_days:identity":             func(s *agreements.Scope) { s.RetentionDays = map[string]int{"identity": 91} },
	} {
		t.Run("RBA_STALE "+want, func(t *testing.T) {
			from, to := document().Scope, document().Scope
			edit(&to)
			got := agreements.Broader(from, to)
			if text := join(got); text != want {
				t.Errorf("%q", text)
			}
			if back := agreements.Broader(to, from); want != "recipient_countries:NE" && len(back) != 0 {
				t.Errorf("the way back is broader: %v", back)
			}
		})
	}
}

func join(all []string) string {
	text := ""
	for i, v := range all {
		if i > 0 {
			text += " "
		}
		text += v
	}
	return text
}

// Headquarters that does not decide leaves it suspended, and the log is told once.
func TestOverdueSuspension(t *testing.T) {
	w := newWorld(t)
	a, b := w.active(), w.active()
	for _, of := range []struct{ id, who string }{{a.ID, "FP"}, {b.ID, "DPO"}} {
		_, err := w.Suspend(w.ctx, w.people[of.who], of.id, "a loss")
		w.must(err)
	}
	if n, err := w.TellOverdue(w.ctx); n != 0 || err != nil {
		t.Errorf("before the time: %d, %v", n, err)
	}
	w.clock.Add(72 * time.Hour)
	if n, err := w.TellOverdue(w.ctx); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if n, err := w.TellOverdue(w.ctx); n != 0 || err != nil {
		t.Errorf("told again: %d, %v", n, err)
	}
	now, err := w.Agreement(w.ctx, w.people["LEG"], a.ID)
	if err != nil || now.State != agreements.Suspended || now.Suspension.Overdue == nil || !slices.ContainsFunc(now.History, func(e agreements.Act) bool { return e.Event == "overdue" && e.Role == authz.SYS }) {
		t.Errorf("%+v, %v", now, err)
	}
}

func TestCloseOut(t *testing.T) {
	w := newWorld(t)
	a := w.active()
	_, err := w.CloseOut(w.ctx, w.people["FP"], a.ID)
	refused(t, err, "the state is expired or terminated")
	_, err = w.Terminate(w.ctx, w.people["PSG"], a.ID, "over")
	w.must(err)
	for _, name := range []string{"HOM", "LEG", "DPO", "PSG", "OIG"} {
		if _, err := w.CloseOut(w.ctx, w.people[name], a.ID); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, err = w.CloseOut(w.ctx, w.people["FP"], a.ID)
	if err != nil || a.State != agreements.ClosedOut {
		t.Errorf("%s, %v", a.State, err)
	}
	t.Run("R27 not while a certificate is open", func(t *testing.T) {
		_, err := in(agreements.Expired).CloseOut(2, by("fp", authz.FP))
		refused(t, err, "R27")
	})
}
