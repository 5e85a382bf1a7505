package app_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/queue"
)

// second is the same system as people of another mission use it.
func second(w *apptest.World, name string) *apptest.World {
	w.T.Helper()
	return secondIn(w, name, "CO")
}

func secondIn(w *apptest.World, name, country string) *apptest.World {
	w.T.Helper()
	there := *w
	there.Persons = maps.Clone(w.Persons)
	var err error
	there.Mission, err = w.People.CreateMission(w.Ctx, w.As(authz.LEG), people.Mission{Name: name, Country: country, Contact: "focal point of " + name})
	w.Must(err)
	for _, role := range []authz.Role{authz.HOM, authz.FP, authz.RO} {
		join(&there, role, role)
	}
	return &there
}

// sharing are two missions, with an agreement that the first signs for both,
// drafted by Legal, and a sensitive category, on which the officer decides for
// the agreement.
func sharing(t *testing.T) (here, there *apptest.World, a agreements.Agreement) {
	t.Helper()
	return sharingWith(t, "CO")
}

// sharingWith is sharing, with the other mission in the country.
func sharingWith(t *testing.T, country string) (here, there *apptest.World, a agreements.Agreement) {
	t.Helper()
	here = apptest.New(t, apptest.Options{})
	here.AddCategory(terms.Category{
		Code: "gbv", Fields: []string{"incident"}, Sensitivity: terms.Severe, Sensitive: true, ApprovalScope: "agreement",
	})
	here.AddRetention("gbv")
	here.Categories = []string{"identity", "gbv"}
	join(here, secondLegal, authz.LEG)
	there = secondIn(here, "There", country)
	doc := here.Agreement().Document
	doc.Scope.Missions = []string{here.Mission.ID, there.Mission.ID}
	a, err := here.Agreements.Create(here.Ctx, here.As(secondLegal), doc)
	here.Must(err)
	for _, w := range []*apptest.World{here, there} {
		w.Consented = w.Consent("CASE-1", "CASE-2")
	}
	return here, there, a
}

// One agreement, two missions: each assesses what it sends, and has the officer's
// approval of it, and knows nothing of the other's.
func TestTwoMissionsUnderOneAgreement(t *testing.T) {
	here, there, a := sharing(t)
	order := there.Order()
	order.Categories = there.Categories
	own := here.Order()
	own.Categories = here.Categories

	// A draft of the other mission is as unknown as none.
	asked(there, order, "AGR_MISSING", "RBA_MISSING", "DPO_REQUIRED")
	unreadable(t, there, a.ID)
	here.Enforce(a)
	if got, err := there.Agreements.Agreement(there.Ctx, there.As(authz.RO), a.ID); err != nil || got.State != agreements.Active || len(got.History) > 0 {
		t.Errorf("%+v, %v", got, err)
	}

	approve(here, here, a)
	released := release(here, asked(here, own))
	asked(there, order, "RBA_MISSING", "DPO_REQUIRED") // neither the other's assessment nor the approval for it
	x := there.Assess(a)
	if x.Mission != there.Mission.ID {
		t.Errorf("the assessment is of %s", x.Mission)
	}
	asked(there, order, "DPO_REQUIRED")
	approved := approve(here, there, a)
	sent := release(there, asked(there, order))
	if sent.Assessment != x.ID || sent.Agreement != a.ID {
		t.Errorf("it rests on the assessment %s of the agreement %s", sent.Assessment, sent.Agreement)
	}
	if _, err := there.Transfers.Pull(there.Ctx, there.As(authz.PDL), sent.ID, 1, 0); err != nil {
		t.Error(err)
	}
	restsOn(t, here, released.ReleaseEntry, a.ID, x.ID, approved.ID)
	toldAgain(here)

	t.Run("the assessment of the other mission is as unknown as none", func(t *testing.T) {
		for _, role := range []authz.Role{authz.RO, authz.FP, authz.HOM} {
			_, err := here.Assessments.Assessment(here.Ctx, here.As(role), x.ID)
			_, theirs := there.Assessments.Assessment(there.Ctx, there.As(role), released.Assessment)
			if !errors.Is(err, evidence.ErrNotFound) || !errors.Is(theirs, evidence.ErrNotFound) {
				t.Errorf("%s: %v, %v", role, err, theirs)
			}
		}
		if _, err := there.Approvals.Approval(there.Ctx, there.As(authz.FP), approved.ID); errors.Is(err, evidence.ErrNotFound) {
			t.Error("the approval for its own mission is unknown")
		}
	})
	t.Run("R42 AUTH_ROLE_DENIED the suspension of one does not stop the other", func(t *testing.T) {
		_, err := here.People.SuspendMission(here.Ctx, here.As(authz.LEG), here.Mission.ID, "an incident")
		here.Must(err)
		refused := asked(here, own, "AUTH_ROLE_DENIED")
		if r := refused.Decision.Refusals[0]; r.Object.Kind != people.KindMission || r.Object.ID != here.Mission.ID || r.Object.Version != 2 {
			t.Errorf("%+v", r)
		}
		asked(there, order)
		_, err = here.People.LiftMission(here.Ctx, here.As(authz.DPO), here.Mission.ID, "closed")
		here.Must(err)
		asked(here, own)
		toldAgain(here)
	})
	here.Verify()
}

// approve has the officer approve the sensitive category under the agreement for
// the mission of of.
func approve(w, of *apptest.World, a agreements.Agreement) approvals.DPOApproval {
	w.T.Helper()
	d := approvals.Decision{
		Scope: approvals.ForAgreement, Granted: true, Agreement: a.ID, Mission: of.Mission.ID, Purposes: []string{w.Purpose.ID}, Categories: []string{"gbv"},
	}
	if of == w { // which is what it is for where it names none
		d.Mission = ""
	}
	given, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), d)
	w.Must(err)
	if given.Mission != of.Mission.ID {
		w.T.Errorf("it is for %s", given.Mission)
	}
	return given
}

func unreadable(t *testing.T, w *apptest.World, agreement string) {
	t.Helper()
	if _, err := w.Agreements.Agreement(w.Ctx, w.As(authz.FP), agreement); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("read: %v", err)
	}
	if _, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", assessment.Content{Agreement: agreement}); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("assessed: %v", err)
	}
}

// restsOn wants the decision of the entry to rest on the agreement, and on none of the others.
func restsOn(t *testing.T, w *apptest.World, entry, agreement string, others ...string) {
	t.Helper()
	for _, line := range lines(w, authz.OIG) {
		if line.Entry.ID != entry {
			continue
		}
		r, err := w.Log.Replay(w.Ctx, w.As(authz.OIG), line.Seq)
		w.Must(err)
		on := func(id string) bool {
			return slices.ContainsFunc(r.Read, func(ref evidence.Ref) bool { return ref.ID == id })
		}
		if !on(agreement) || slices.ContainsFunc(others, on) {
			t.Errorf("it rests on %v", r.Read)
		}
		return
	}
	t.Error("no such entry")
}

// An assessment, and an approval for an agreement, names a mission of the scope; any other is as unknown as none.
func TestForWhichMission(t *testing.T) {
	here, there, a := sharing(t)
	elsewhere := second(here, "Elsewhere")
	here.Enforce(a)
	const nobody = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"
	content := assessment.Content{Agreement: a.ID, Purposes: []string{here.Purpose.ID}, Categories: []string{"identity"}, Countries: []string{"CO"}}
	for name, by := range map[string]struct {
		w       *apptest.World
		mission string
		want    string // the mission that it is of; empty where there is none
	}{
		"the one that signs, by itself":          {here, "", here.Mission.ID},
		"the one that signs, named":              {here, here.Mission.ID, here.Mission.ID},
		"the one that shares it, by itself":      {there, "", there.Mission.ID},
		"the one that shares it, named":          {there, there.Mission.ID, there.Mission.ID},
		"the other, by the one that signs":       {here, there.Mission.ID, ""},
		"the one that signs, by the other":       {there, here.Mission.ID, ""},
		"out of the scope":                       {elsewhere, "", ""},
		"out of the scope, its own named":        {elsewhere, elsewhere.Mission.ID, ""},
		"out of the scope, the one that signs":   {elsewhere, here.Mission.ID, ""},
		"one that nobody has":                    {here, nobody, ""},
		"out of the scope, one that nobody has":  {elsewhere, nobody, ""},
		"out of the scope, the one that shares ": {elsewhere, there.Mission.ID, ""},
	} {
		t.Run("an assessment of "+name, func(t *testing.T) {
			x, err := by.w.Assessments.Create(by.w.Ctx, by.w.As(authz.RO), by.mission, content)
			unknown := content
			unknown.Agreement = nobody
			_, none := by.w.Assessments.Create(by.w.Ctx, by.w.As(authz.RO), by.mission, unknown)
			switch {
			case by.want == "" && (!errors.Is(err, evidence.ErrNotFound) || err.Error() != none.Error()):
				t.Errorf("%v, and %v of none", err, none)
			case by.want != "" && (err != nil || x.Mission != by.want):
				t.Errorf("of %s, %v", x.Mission, err)
			}
		})
	}
	for name, d := range map[string]approvals.Decision{
		"a mission out of the scope": {Mission: elsewhere.Mission.ID}, "a mission that nobody has": {Mission: nobody},
	} {
		t.Run("DPO_REQUIRED an approval for "+name, func(t *testing.T) {
			d.Scope, d.Granted, d.Agreement, d.Purposes, d.Categories = approvals.ForAgreement, true, a.ID, []string{here.Purpose.ID}, []string{"gbv"}
			if _, err := here.Approvals.Decide(here.Ctx, here.As(authz.DPO), d); !errors.Is(err, evidence.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	t.Run("an approval by who must not, and who must not know", func(t *testing.T) {
		d := approvals.Decision{Scope: approvals.ForAgreement, Granted: true, Agreement: a.ID, Mission: there.Mission.ID, Purposes: []string{here.Purpose.ID}, Categories: []string{"gbv"}}
		if _, err := there.Approvals.Decide(there.Ctx, there.As(authz.FP), d); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("of the mission: %v", err)
		}
		if _, err := elsewhere.Approvals.Decide(elsewhere.Ctx, elsewhere.As(authz.FP), d); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("out of the scope: %v", err)
		}
	})
	t.Run("R36 it waits for those of its mission", func(t *testing.T) {
		x, err := there.Assessments.Create(there.Ctx, there.As(authz.RO), "", withAnswers(here, a, content))
		there.Must(err)
		_, err = there.Assessments.Submit(there.Ctx, there.As(authz.RO), x.ID)
		there.Must(err)
		for w, want := range map[*apptest.World]bool{here: false, there: true, elsewhere: false} {
			got, err := w.Queues.Queue(w.Ctx, w.As(authz.FP), "", 500)
			w.Must(err)
			if listed := slices.ContainsFunc(got.Items, func(i queue.Item) bool { return i.ID == x.ID }); listed != want {
				t.Errorf("of %s: %v", w.Mission.Name, got.Items)
			}
		}
	})
	here.Verify()
}

// withAnswers is the content with the answers of an assessment of the agreement that is approved.
func withAnswers(w *apptest.World, a agreements.Agreement, c assessment.Content) assessment.Content {
	w.T.Helper()
	x := w.Assess(a)
	c.Answers, c.PeopleConsulted = x.Answers, x.PeopleConsulted
	return c
}
