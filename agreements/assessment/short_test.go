package assessment_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"safeconduct/agreements/assessment"
	"safeconduct/authz"
)

// brief are answers to what the short form asks, of the lowest risk.
func brief() assessment.Answers {
	in := low()
	for _, id := range []string{"L4", "L5", "L6", "L7", "M4", "B2", "B3"} {
		delete(in, id)
	}
	return in
}

func shortForm(t testing.TB, in assessment.Answers) (assessment.Assessment, error) {
	t.Helper()
	c := content(in)
	c.Form = assessment.Short
	return assessment.New(current(t), "rba-1", "mis-1", "ro-1", c, now)
}

func TestShortForm(t *testing.T) {
	t.Parallel()
	a := must(t)(shortForm(t, brief()))
	a = must(t)(a.Submit(current(t), "ro-1", authz.RO, now))
	if a.Result.Band != assessment.Low || !a.Result.Approvable || !a.Consistent(current(t)) {
		t.Fatalf("R47 %+v", a.Result)
	}
	for id, value := range map[string]int{"S2": 4, "S4": 3, "S1": 4, "L1": 4, "L4": 1} {
		t.Run("R47 beyond it: "+id, func(t *testing.T) {
			t.Parallel()
			in := brief()
			in[id] = assessment.Answer{Value: new(value)}
			if _, err := shortForm(t, in); !errors.Is(err, assessment.ErrInvalid) || !strings.Contains(err.Error(), "answers."+id) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("R47 an unknown is beyond it", func(t *testing.T) {
		t.Parallel()
		in := brief()
		in["L2"] = assessment.Answer{Unknown: true}
		if _, err := shortForm(t, in); !errors.Is(err, assessment.ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
	t.Run("R47 a higher band demands the long form", func(t *testing.T) {
		t.Parallel()
		in := brief()
		in["S2"], in["L1"], in["M1"] = assessment.Answer{Value: new(3)}, assessment.Answer{Value: new(3)}, assessment.Answer{Value: new(0)}
		_, err := must(t)(shortForm(t, in)).Submit(current(t), "ro-1", authz.RO, now)
		refusedBy(t, err, assessment.Draft, "short form ends in band LOW")
	})
	t.Run("R47 a template without one has none", func(t *testing.T) {
		t.Parallel()
		c := content(brief())
		c.Form = assessment.Short
		if _, err := assessment.New(template(t), "rba-1", "mis-1", "ro-1", c, now); !errors.Is(err, assessment.ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
}

// R47: the short form never ends better than the long one with what it assumes.
func TestShortFormIsTheLongOneWithItsAssumptions(t *testing.T) {
	t.Parallel()
	tmpl := current(t)
	rapid.Check(t, func(rt *rapid.T) {
		in, whole := assessment.Answers{}, assessment.Answers{}
		for _, q := range tmpl.Questions {
			value, assumed := tmpl.Short.Assumed[q.ID]
			if !assumed {
				top := q.Scale.Max
				if limit, ok := tmpl.Short.Limits[q.ID]; ok {
					top = limit
				}
				value = rapid.IntRange(q.Scale.Min, top).Draw(rt, q.ID)
				in[q.ID] = assessment.Answer{Value: new(value), Evidence: "seen"}
			}
			whole[q.ID] = assessment.Answer{Value: new(value), Evidence: "seen"}
		}
		want, err := assessment.Score(tmpl, whole)
		if err != nil {
			rt.Fatal(err)
		}
		a, err := must2(shortForm(t, in)).Submit(tmpl, "ro-1", authz.RO, now)
		if low := want.Band == assessment.Low; low != (err == nil) {
			rt.Fatalf("%s: %v", want.Band, err)
		}
		if err == nil && (a.Result.Residual != want.Residual || a.Result.Approvable != want.Approvable) {
			rt.Fatalf("%+v, the long form %+v", a.Result, want)
		}
	})
}

func must2(a assessment.Assessment, _ error) assessment.Assessment { return a }

func TestConditionsHaveOwners(t *testing.T) {
	t.Parallel()
	due := now.AddDate(0, 1, 0)
	sub := submitted(t, low())
	a := must(t)(sub.AddCondition(assessment.Condition{Text: "train", Owner: "per-1", Due: due, MadeBy: "hom-1"}, now))
	a = must(t)(a.AddCondition(assessment.Condition{Text: "enrol", Post: authz.HOM, Due: due}, now))
	for name, tc := range map[string]struct {
		number int
		by     assessment.Closer
		done   string
		guard  string
	}{
		"a stranger":        {1, assessment.Closer{Person: "per-2", Roles: []authz.Role{authz.RO}}, "done", "owner"},
		"another post":      {2, assessment.Closer{Person: "per-2", Roles: []authz.Role{authz.RO}}, "done", "owner"},
		"nothing was done":  {1, assessment.Closer{Person: "per-1"}, " ", "what was done"},
		"no such condition": {3, assessment.Closer{Person: "per-1"}, "done", "number"},
	} {
		t.Run("RBA_CONDITION_OPEN stays: "+name, func(t *testing.T) {
			t.Parallel()
			_, err := a.CloseCondition(tc.number, tc.by, tc.done, now)
			refusedBy(t, err, assessment.Submitted, tc.guard)
		})
	}
	b := must(t)(a.CloseCondition(1, assessment.Closer{Person: "per-1"}, "trained two", now))
	b = must(t)(b.CloseCondition(2, assessment.Closer{Person: "per-9", Roles: []authz.Role{authz.HOM}}, "enrolled", now))
	if len(b.OpenConditions(now)) != 0 || b.Conditions[0].Done != "trained two" || b.Conditions[1].ClosedBy != "per-9" {
		t.Errorf("%+v", b.Conditions)
	}
	if c := must(t)(a.CloseCondition(1, assessment.Closer{Person: "fp-1", Roles: []authz.Role{authz.FP}}, "seen to", now)); len(c.OpenConditions(now)) != 1 {
		t.Errorf("%+v", c.Conditions)
	}
	for name, c := range map[string]assessment.Condition{
		"two owners":   {Text: "x", Owner: "per-1", Post: authz.HOM, Due: due},
		"no owner":     {Text: "x", Due: due},
		"a partner's":  {Text: "x", Post: authz.PSG, Due: due},
		"due in past":  {Text: "x", Owner: "per-1", Due: now},
		"without text": {Owner: "per-1", Due: due},
	} {
		if _, err := sub.AddCondition(c, now); err == nil {
			t.Error(name)
		}
	}
}

func TestEditions(t *testing.T) {
	t.Parallel()
	from := now.Add(time.Hour)
	e, err := assessment.NewEdition("tpl-1", "leg-1", current(t), from, "lessons", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Approve("leg-1", now); err == nil {
		t.Error("R37 the author approved it")
	}
	in, err := e.Approve("dpo-1", now)
	if err != nil || !in.EffectiveFrom.Equal(from) {
		t.Fatalf("%+v, %v", in.EffectiveFrom, err)
	}
	if past, err := e.Approve("dpo-1", from.Add(time.Hour)); err != nil || !past.EffectiveFrom.Equal(from.Add(time.Hour)) {
		t.Errorf("R37 it is in force from before its approval: %v, %v", past.EffectiveFrom, err)
	}
	all := assessment.Editions{in}
	if _, ok := all.At(from.Add(-1)); ok {
		t.Error("R37 in force before its moment")
	}
	if got, ok := all.At(from); !ok || got.ID != "tpl-1" {
		t.Error("R37 not in force at its moment")
	}
	ended, err := in.Withdraw("dpo-1", "wrong scale", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := (assessment.Editions{ended}).At(from); ok {
		t.Error("R37 withdrawn and in force")
	}
	for name, do := range map[string]func() (assessment.Edition, error){
		"approve approved":   func() (assessment.Edition, error) { return in.Approve("dpo-2", now) },
		"approve withdrawn":  func() (assessment.Edition, error) { return ended.Approve("dpo-2", now) },
		"withdraw twice":     func() (assessment.Edition, error) { return ended.Withdraw("dpo-1", "x", now) },
		"withdraw silently":  func() (assessment.Edition, error) { return in.Withdraw("dpo-1", " ", now) },
		"approve by nobody":  func() (assessment.Edition, error) { return e.Approve("", now) },
		"withdraw by nobody": func() (assessment.Edition, error) { return in.Withdraw("", "x", now) },
	} {
		if _, err := do(); err == nil {
			t.Error(name)
		}
	}
	if _, err := assessment.NewEdition("tpl-1", "leg-1", assessment.Template{Version: 1000}, from, "x", now); !errors.Is(err, assessment.ErrTemplate) {
		t.Errorf("an empty template: %v", err)
	}
}
