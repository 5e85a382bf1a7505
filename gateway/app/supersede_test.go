package app_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

func TestANewerOneSupersedes(t *testing.T) {
	w, a, x := inForce(t)
	newer := w.Assess(a)
	old, err := w.Assessments.Assessment(w.Ctx, w.As(authz.RO), x.ID)
	if err != nil || old.State != assessment.Superseded || old.SupersededBy != newer.ID {
		t.Errorf("R40 %s by %s, %v", old.State, old.SupersededBy, err)
	}
	w.Verify()
}

// written is another assessment of the same content but for what edit does, submitted.
func written(w *apptest.World, like assessment.Content, edit func(*assessment.Content)) assessment.Assessment {
	w.T.Helper()
	like.Answers = maps.Clone(like.Answers)
	edit(&like)
	x, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", like)
	w.Must(err)
	x, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), x.ID)
	w.Must(err)
	return x
}

func approvedBy(w *apptest.World, x assessment.Assessment) assessment.Assessment {
	w.T.Helper()
	for _, role := range x.PendingApprovals() {
		var err error
		x, err = w.Assessments.Decide(w.Ctx, w.As(role), x.ID, assessment.DecisionApproved, "")
		w.Must(err)
	}
	if x.State != assessment.Approved {
		w.T.Fatalf("%s in band %s", x.State, x.Result.Band)
	}
	return x
}

// mild answers every question that is left as of the least risk.
func mild(c *assessment.Content, form assessment.Form) {
	c.Form = form
	for id, answer := range c.Answers {
		switch id[0] {
		case 'S', 'L':
			answer.Value = new(1)
		}
		if id == "S1" || id == "S4" {
			answer.Value = new(2)
		}
		if form == assessment.Short && slices.Contains([]string{"L4", "L5", "L6", "L7", "M4", "B2", "B3"}, id) {
			delete(c.Answers, id)
			continue
		}
		c.Answers[id] = answer
	}
}

// What takes the place of an approved assessment judged all that it judged, no lower,
// and by as many; the rest leaves it as it is.
func TestWhatSupersedes(t *testing.T) {
	broad := func(c *assessment.Content) { c.Countries = []string{"CO", "PE"} }
	for name, tc := range map[string]struct {
		first, then func(*assessment.Content)
		want        assessment.State
	}{
		"R40 the same again":                               {func(*assessment.Content) {}, func(*assessment.Content) {}, assessment.Superseded},
		"R40 a broader scope":                              {func(*assessment.Content) {}, broad, assessment.Superseded},
		"R40 not a narrower scope":                         {broad, func(*assessment.Content) {}, assessment.Approved},
		"R40 not a lower band":                             {func(*assessment.Content) {}, func(c *assessment.Content) { mild(c, assessment.Long) }, assessment.Approved},
		"R40 a higher band":                                {func(c *assessment.Content) { mild(c, assessment.Long) }, func(*assessment.Content) {}, assessment.Superseded},
		"R47 not the long form by the short one":           {func(c *assessment.Content) { mild(c, assessment.Long) }, func(c *assessment.Content) { mild(c, assessment.Short) }, assessment.Approved},
		"R47 the short form by the long one":               {func(c *assessment.Content) { mild(c, assessment.Short) }, func(c *assessment.Content) { mild(c, assessment.Long) }, assessment.Superseded},
		"R47 the short form by the short one":              {func(c *assessment.Content) { mild(c, assessment.Short) }, func(c *assessment.Content) { mild(c, assessment.Short) }, assessment.Superseded},
		"R40 not of unaccompanied children by one of none": {func(c *assessment.Content) { judges(c, 5) }, func(c *assessment.Content) { judges(c, 4) }, assessment.Approved},
	} {
		t.Run(name, func(t *testing.T) {
			w := apptest.New(t, apptest.Options{})
			w.Year = 100
			_, err := w.Terms.CreateCategory(w.Ctx, w.As(authz.LEG), terms.Category{Code: "plain", Fields: []string{"plain"}, Sensitivity: terms.Low})
			w.Must(err)
			like := w.Content(w.Agreement())
			like.Categories = []string{"plain"}
			old := approvedBy(w, written(w, like, tc.first))
			newer := approvedBy(w, written(w, like, tc.then))
			old, err = w.Assessments.Assessment(w.Ctx, w.As(authz.RO), old.ID)
			if err != nil || old.State != tc.want || (old.SupersededBy == newer.ID) != (tc.want == assessment.Superseded) {
				t.Errorf("%s of band %s is %s by %q, %v", old.Form, old.Result.Band, old.State, old.SupersededBy, err)
			}
			w.Verify()
		})
	}
}

// judges has the answer to who the most vulnerable person is.
func judges(c *assessment.Content, s2 int) {
	c.Answers["S2"] = assessment.Answer{Value: new(s2)}
}

func TestSevereByDerogation(t *testing.T) {
	w, _, x := inForce(t)
	content := x.Content
	content.Answers = assessment.Answers{}
	for id, answer := range x.Answers {
		if id[0] == 'L' {
			answer.Value = new(5)
		}
		content.Answers[id] = answer
	}
	severe, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", content)
	w.Must(err)
	severe, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), severe.ID)
	w.Must(err)
	if _, err := w.Assessments.Decide(w.Ctx, w.As(authz.HOM), severe.ID, assessment.DecisionApproved, ""); !errors.Is(err, lifecycle.ErrIllegal) || severe.Result.Band != assessment.Severe {
		t.Fatalf("R40 %s approved: %v", severe.Result.Band, err)
	}
	scope := assessment.Derogation{Purpose: w.Purpose.ID, Categories: []string{"identity"}, MaxSubjects: 2, Until: w.Clock.Now().Add(48 * time.Hour)}
	for _, role := range []authz.Role{authz.LEG, authz.DPO} {
		severe, err = w.Assessments.Derogate(w.Ctx, w.As(role), severe.ID, scope, "no other way")
		w.Must(err)
	}
	if severe.State != assessment.Approved {
		t.Fatalf("%s", severe.State)
	}
	before, err := w.Assessments.Assessment(w.Ctx, w.As(authz.RO), x.ID)
	if err != nil || before.State != assessment.Approved {
		t.Fatalf("R40 a derogation for one transfer leaves the assessment before it %s, %v", before.State, err)
	}
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	used, err := w.Assessments.Assessment(w.Ctx, w.As(authz.LEG), severe.ID)
	w.Must(err)
	if used.Derogation.Transfer != sent.ID || sent.Assessment != severe.ID {
		t.Errorf("bound to %q, sent %q", used.Derogation.Transfer, sent.ID)
	}
	other, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	if err != nil || other.Assessment != x.ID {
		t.Errorf("R40 a second transfer is judged by %q, not as before: %v", other.Assessment, err)
	}
	_, err = w.Assessments.End(w.Ctx, w.As(authz.LEG), x.ID, "the risk is SEVERE for all")
	w.Must(err)
	w.Refused("RBA_UNACCEPTABLE")
	w.Verify()
}

// Legal and the DPO end one assessment by a reason: nothing passes under it, and what
// waits to be pulled is held.
func TestEndOneAssessment(t *testing.T) {
	for _, role := range []authz.Role{authz.LEG, authz.DPO} {
		t.Run("RBA_STALE by "+string(role), func(t *testing.T) {
			w, _, x := inForce(t)
			sent := w.Available([]byte("x"))
			if _, err := w.Assessments.End(w.Ctx, w.As(role), x.ID, " "); !errors.Is(err, lifecycle.ErrIllegal) {
				t.Errorf("R43 without a reason: %v", err)
			}
			if _, err := w.Assessments.End(w.Ctx, w.As(authz.HOM), x.ID, "no"); !errors.Is(err, authz.ErrDenied) {
				t.Errorf("AUTH_ROLE_DENIED by the mission: %v", err)
			}
			x, err := w.Assessments.End(w.Ctx, w.As(role), x.ID, "the site was raided")
			w.Must(err)
			if x.State != assessment.Stale || x.StaleReason != assessment.Ended || x.WhyEnded != "the site was raided" || x.EndedBy != w.As(role).Person {
				t.Errorf("%s %s by %s: %s", x.State, x.StaleReason, x.EndedBy, x.WhyEnded)
			}
			w.Refused("RBA_STALE")
			if _, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); err == nil {
				t.Error("RBA_STALE pulled all the same")
			}
			held, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID)
			if err != nil || held.State != transfer.Held {
				t.Errorf("it is %s, %v", held.State, err)
			}
			w.Verify()
		})
	}
}
