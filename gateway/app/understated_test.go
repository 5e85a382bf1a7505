package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
)

// What the system knows by itself (section 3: S1, S4) is not answered below it.
func TestNothingIsUnderstated(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	sensitivities := map[terms.Sensitivity]int{terms.Low: 1, terms.Moderate: 2, terms.High: 4, terms.Severe: 5}
	for s := range sensitivities {
		w.AddCategory(terms.Category{Code: "c_" + string(s), Fields: []string{"f_" + string(s)}, Sensitivity: s, Sensitive: s == terms.Severe})
	}
	written := func(perYear int, categories []string, s1, s4 int) assessment.Assessment {
		w.Year = perYear
		answers := assessment.Answers{}
		for _, id := range strings.Fields("K1 K2 K3 K4 K5 S1 S2 S3 S4 L1 L2 L3 L4 L5 L6 L7 L8 M1 M2 M3 M4 B1 B2 B3 B4") {
			answers[id] = assessment.Answer{Value: new(1), Evidence: "seen"}
		}
		answers["S1"], answers["S4"] = assessment.Answer{Value: new(s1)}, assessment.Answer{Value: new(s4)}
		x, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", assessment.Content{
			Agreement: w.Agreement().ID, Purposes: []string{w.Purpose.ID}, Categories: categories, Countries: []string{"CO"}, Answers: answers,
			PeopleConsulted: []string{"community focal point"},
		})
		w.Must(err)
		return x
	}
	submitted := func(t *testing.T, x assessment.Assessment, mend string) {
		t.Helper()
		_, err := w.Assessments.Submit(w.Ctx, w.As(authz.RO), x.ID)
		var e *lifecycle.TransitionError
		switch {
		case mend == "" && err != nil:
			t.Errorf("submitting what is not too low: %v", err)
		case mend != "" && (!errors.As(err, &e) || !strings.Contains(e.Mend, mend)):
			t.Errorf("%v, want %q", err, mend)
		}
	}
	for s, least := range sensitivities {
		t.Run("R40 S1 of "+string(s), func(t *testing.T) {
			categories := []string{"c_low", "c_" + string(s)}
			submitted(t, written(10, categories, least, 1), "")
			if least > 1 {
				submitted(t, written(10, categories, least-1, 1), fmt.Sprintf("answer S1 with at least %d: its categories are up to %s", least, s))
			}
		})
	}
	for perYear, least := range map[int]int{1: 1, 10: 1, 11: 2, 100: 2, 101: 3, 1000: 3, 1001: 4, 10_000: 4, 10_001: 5} {
		t.Run(fmt.Sprintf("R40 S4 of %d a year", perYear), func(t *testing.T) {
			submitted(t, written(perYear, []string{"c_low"}, 1, least), "")
			if least > 1 {
				submitted(t, written(perYear, []string{"c_low"}, 1, least-1), fmt.Sprintf("answer S4 with at least %d: the agreement allows %d subjects a year", least, perYear))
			}
		})
	}
	t.Run("R40 both are named at once", func(t *testing.T) {
		submitted(t, written(1000, []string{"c_severe"}, 1, 1), "up to severe; answer S4 with at least 3")
	})
	t.Run("R40 a category that nobody knows is not drafted", func(t *testing.T) {
		c := w.Content(w.Agreement())
		c.Categories = append(c.Categories, "unheard")
		_, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", c)
		if !errors.Is(err, people.ErrInvalid) || !errors.Is(err, assessment.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "list of categories") {
			t.Error(err)
		}
	})
}

// The numbers are policy data: those of the version that an assessment is made on.
func TestTheScalesAreOfTheTemplate(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	w.AddCategory(terms.Category{Code: "c_low", Fields: []string{"f_low"}, Sensitivity: terms.Low})
	w.Year = 10
	written := func(s1, s4 int) assessment.Assessment {
		t.Helper()
		c := w.Content(w.Agreement())
		c.Categories, c.Answers["S1"], c.Answers["S4"] = []string{"c_low"}, assessment.Answer{Value: new(s1)}, assessment.Answer{Value: new(s4)}
		x, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", c)
		w.Must(err)
		return x
	}
	before, other := written(1, 1), written(1, 1)
	e, err := w.Assessments.Template(w.Ctx)
	w.Must(err)
	own := e.Template
	own.Categories = &assessment.CategoryScale{Question: "S1", Low: 2, Moderate: 3, High: 4, Severe: 5}
	own.Subjects = &assessment.SubjectScale{Question: "S4", Steps: []assessment.SubjectStep{{Most: 5, Answer: 1}, {Most: 50, Answer: 3}}, Beyond: 5}
	drafted, err := w.Assessments.CreateTemplate(w.Ctx, w.As(authz.LEG), own, w.Clock.Now(), "other numbers")
	w.Must(err)
	_, err = w.Assessments.ApproveTemplate(w.Ctx, w.As(authz.DPO), drafted.ID)
	w.Must(err)
	if _, err := w.Assessments.Submit(w.Ctx, w.As(authz.RO), before.ID); err != nil {
		t.Errorf("R37 one that was made on the version before: %v", err)
	}
	other, err = w.Assessments.Revise(w.Ctx, w.As(authz.RO), other.ID, other.Content)
	w.Must(err)
	var refused *lifecycle.TransitionError
	if _, err := w.Assessments.Submit(w.Ctx, w.As(authz.RO), other.ID); !errors.As(err, &refused) ||
		!strings.Contains(refused.Mend, "answer S1 with at least 2: its categories are up to low; answer S4 with at least 3: the agreement allows 10 subjects a year") {
		t.Errorf("R37 on the new version: %v", err)
	}
	_, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), written(2, 3).ID)
	w.Must(err)
	w.Verify()
}
