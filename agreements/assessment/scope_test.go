package assessment_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
)

func TestCovers(t *testing.T) {
	t.Parallel()
	a := approved(t, low())
	for name, tc := range map[string]struct {
		change func(*assessment.Scope)
		want   []string
	}{
		"R47 covered":                 {func(*assessment.Scope) {}, nil},
		"R47 a part of it":            {func(s *assessment.Scope) { s.Categories = []string{"CONTACT"} }, nil},
		"RBA_SCOPE mission":           {func(s *assessment.Scope) { s.Mission = "mis-2" }, []string{"mission"}},
		"RBA_SCOPE agreement":         {func(s *assessment.Scope) { s.Agreement = "agr-2" }, []string{"agreement"}},
		"RBA_SCOPE agreement version": {func(s *assessment.Scope) { s.AgreementVersion = 2 }, []string{"agreement_version"}},
		"RBA_SCOPE purpose":           {func(s *assessment.Scope) { s.Purpose = "EVENT" }, []string{"purpose:EVENT"}},
		"RBA_SCOPE category":          {func(s *assessment.Scope) { s.Categories = []string{"CONTACT", "HEALTH"} }, []string{"category:HEALTH"}},
		"RBA_SCOPE no category":       {func(s *assessment.Scope) { s.Categories = nil }, []string{"categories"}},
		"RBA_SCOPE country":           {func(s *assessment.Scope) { s.Countries = []string{"KE", "SO"} }, []string{"country:SO"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := assessment.Scope{
				Mission: "mis-1", Agreement: "agr-1", AgreementVersion: 1, Purpose: "REFERRAL",
				Categories: []string{"IDENTITY", "CONTACT"}, Countries: []string{"KE"},
			}
			tc.change(&s)
			if got := a.Gaps(s); !slices.Equal(got, tc.want) || a.Covers(s) != (len(tc.want) == 0) {
				t.Fatalf("gaps %v; want %v", got, tc.want)
			}
		})
	}
}

// Whom an assessment was judged for is as its answer to S2 says, whatever the form
// (R40, R47).
func TestLeavesOutThePeople(t *testing.T) {
	t.Parallel()
	short, long := must(t)(shortForm(t, brief())), func(s2 int) assessment.Assessment {
		in := low()
		in["S2"] = assessment.Answer{Value: new(s2)}
		return submitted(t, in)
	}
	before, mute := long(4), long(4)
	before.Result.People = nil // scored by a program that did not say
	mute.Result.People, mute.Answers = nil, assessment.Answers{}
	child, needs, alone := "people:child", "people:specific_needs", "people:unaccompanied_child"
	for name, tc := range map[string]struct {
		a    assessment.Assessment
		want []string
	}{
		"RBA_SCOPE R47 the short form":             {short, []string{child, needs, alone}},
		"RBA_SCOPE R40 the long form, beneficiary": {long(3), []string{child, needs, alone}},
		"RBA_SCOPE R40 the long form, child":       {long(4), []string{alone}},
		"R40 the long form, unaccompanied child":   {long(5), nil},
		"RBA_SCOPE R40 scored before":              {before, []string{alone}},
		"RBA_SCOPE R40 it does not say":            {mute, []string{child, needs, alone}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := assessment.Scope{
				Mission: tc.a.Mission, Agreement: tc.a.Agreement, AgreementVersion: tc.a.AgreementVersion, Purpose: tc.a.Purposes[0],
				Categories: tc.a.Categories, Countries: tc.a.Countries,
			}
			if got := tc.a.Gaps(s); got != nil {
				t.Errorf("without them: %v", got)
			}
			s.People = assessment.People{Child: true, Needs: true, Unaccompanied: true}
			if got := tc.a.Gaps(s); !slices.Equal(got, tc.want) {
				t.Errorf("%v", got)
			}
			s.People = assessment.People{Child: true}
			if got := tc.a.Gaps(s); slices.Contains(tc.want, child) != slices.Equal(got, []string{child}) || len(got) > 1 {
				t.Errorf("of a child alone: %v", got)
			}
		})
	}
}

// The numbers are the template's own.
func TestPeopleScale(t *testing.T) {
	t.Parallel()
	own := template(t)
	own.People = &assessment.PeopleScale{Question: "S2", Vulnerable: 2, Unaccompanied: 3}
	for s2, want := range map[int]assessment.People{
		1: {}, 2: {Child: true, Needs: true}, 3: {Child: true, Needs: true, Unaccompanied: true},
	} {
		in := low()
		in["S2"] = assessment.Answer{Value: new(s2)}
		r, err := assessment.Score(own, in)
		if err != nil || r.People == nil || *r.People != want {
			t.Errorf("R40 %d stands for %+v, %v", s2, r.People, err)
		}
	}
	for name, bad := range map[string]assessment.PeopleScale{
		"no such question":     {Question: "S9", Vulnerable: 4, Unaccompanied: 5},
		"no severity":          {Question: "B1", Vulnerable: 4, Unaccompanied: 5},
		"off its scale":        {Question: "S2", Vulnerable: 4, Unaccompanied: 6},
		"below its scale":      {Question: "S2", Vulnerable: 0, Unaccompanied: 5},
		"the wrong way around": {Question: "S2", Vulnerable: 5, Unaccompanied: 4},
	} {
		own.People = &bad
		if _, err := assessment.NewEdition("e", "leg-1", own, now, "other numbers", now); !errors.Is(err, assessment.ErrTemplate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	due := now.AddDate(0, 1, 0)
	a := must(t)(submitted(t, low()).AddCondition(assessment.Condition{Text: "train two users", Owner: "fp-1", Due: due}, now))
	a = must(t)(a.AddCondition(assessment.Condition{Text: "close port", Owner: "fp-1", Due: due}, now))
	for _, role := range a.PendingApprovals() {
		a = must(t)(a.Approve("person-"+string(role), role, "", now))
	}
	t.Run("RBA_CONDITION_OPEN before and after it is due", func(t *testing.T) {
		t.Parallel()
		if len(a.OpenConditions(now)) != 2 || len(a.OpenConditions(due)) != 2 {
			t.Fatal("an open condition is not open")
		}
		if c := a.Conditions[0]; c.OverdueAt(due.Add(-1)) || !c.OverdueAt(due) {
			t.Fatal("overdue from the due instant on")
		}
	})
	t.Run("RBA_CONDITION_OPEN ends when each is closed", func(t *testing.T) {
		t.Parallel()
		closed := now.Add(time.Hour)
		b := must(t)(a.CloseCondition(2, assessment.Closer{Person: "fp-1"}, "done", closed))
		if open := b.OpenConditions(closed); len(open) != 1 || open[0].Number != 1 || b.Conditions[1].ClosedBy != "fp-1" {
			t.Fatalf("open %+v", open)
		}
		if len(b.OpenConditions(now)) != 2 || b.Conditions[1].OverdueAt(due) || len(a.OpenConditions(closed)) != 2 {
			t.Fatal("closing changed the past, or the receiver")
		}
		if _, err := b.CloseCondition(2, assessment.Closer{Person: "fp-1"}, "done", closed); err == nil {
			t.Fatal("closed twice")
		}
		if b = must(t)(b.CloseCondition(1, assessment.Closer{Person: "fp-1"}, "done", closed)); len(b.OpenConditions(closed)) != 0 || !b.LiveAt(closed) {
			t.Fatal("still open")
		}
	})
}

func TestNew(t *testing.T) {
	t.Parallel()
	tmpl := template(t)
	input := content(assessment.Answers{"L1": {Value: new(2)}})
	a := must(t)(assessment.New(tmpl, "rba-1", "mis-1", "ro-1", input, now.Add(7*time.Nanosecond).In(time.FixedZone("", 7200))))
	if a.State != assessment.Draft || a.Version != 1 || !a.CreatedAt.Equal(now) || a.CreatedAt.Location() != time.UTC {
		t.Fatalf("%+v", a)
	}
	if !slices.Equal(a.Categories, []string{"CONTACT", "IDENTITY"}) || a.TemplateDigest != tmpl.Digest() {
		t.Fatalf("%+v", a)
	}
	*input.Answers["L1"].Value = 5
	if *a.Answers["L1"].Value != 2 {
		t.Error("the draft shares memory with its input")
	}
	var problems *assessment.InvalidError
	_, err := assessment.New(tmpl, "", "", "", assessment.Content{Answers: assessment.Answers{"X1": {}}, Purposes: []string{""}}, now)
	if !errors.Is(err, assessment.ErrInvalid) || !errors.As(err, &problems) || len(problems.Problems) != 9 {
		t.Errorf("error = %v; want nine problems", err)
	}
	if _, err := a.Revise(tmpl, "ro-1", assessment.Content{}, now); !errors.Is(err, assessment.ErrInvalid) {
		t.Errorf("revise error = %v; want ErrInvalid", err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]assessment.Assessment{
		"draft": draft(t, low()), "approved V1": approved(t, v1()), "submitted V3": submitted(t, v3()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := json.Marshal(in)
			if err != nil {
				t.Fatal(err)
			}
			var back assessment.Assessment
			if err := json.Unmarshal(raw, &back); err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(back)
			if err != nil || string(again) != string(raw) {
				t.Fatalf("%s\nthen %s, %v", raw, again, err)
			}
			if in.State != assessment.Draft && !back.Consistent(template(t)) {
				t.Error("R40 result no longer that of its answers")
			}
			var flat map[string]any
			if err := json.Unmarshal(raw, &flat); err != nil || flat["agreement"] != "agr-1" || flat["created_at"] != "2026-08-31T10:00:00Z" {
				t.Errorf("members %v", reflect.ValueOf(flat).MapKeys())
			}
			back.Answers = v2()
			if back.Consistent(template(t)) {
				t.Error("R40 altered answers pass")
			}
		})
	}
}
