package assessment_test

import (
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/authz"
)

func current(t testing.TB) assessment.Template {
	t.Helper()
	c, err := catalog()
	if err != nil {
		t.Fatal(err)
	}
	return c.Current()
}

// onCurrent is submitted on the newest template that the program brings.
func onCurrent(t testing.TB, in assessment.Answers) assessment.Assessment {
	t.Helper()
	a := must(t)(assessment.New(current(t), "rba-1", "mis-1", "ro-1", content(in), now))
	return must(t)(a.Submit(current(t), "ro-1", authz.RO, now))
}

func derogation() assessment.Derogation {
	return assessment.Derogation{Partner: "par-1", Purpose: "REFERRAL", Categories: []string{"CONTACT"}, MaxSubjects: 3, Until: now.AddDate(0, 0, 30)}
}

func given(person string, role authz.Role) assessment.Given {
	return assessment.Given{Person: person, Role: role, Text: "the only way out"}
}

func derogated(t testing.TB) assessment.Assessment {
	t.Helper()
	a := must(t)(onCurrent(t, v3()).Derogate(derogation(), given("leg-1", authz.LEG), now))
	if a.State != assessment.Submitted {
		t.Fatalf("one act makes it %s", a.State)
	}
	return must(t)(a.Derogate(derogation(), given("dpo-1", authz.DPO), now))
}

func asked(change func(*assessment.Scope)) assessment.Scope {
	s := assessment.Scope{Mission: "mis-1", Partner: "par-1", Purpose: "REFERRAL", Categories: []string{"CONTACT"}, Subjects: 3, Transfer: "tra-1"}
	if change != nil {
		change(&s)
	}
	return s
}

func TestDerogation(t *testing.T) {
	t.Parallel()
	a := derogated(t)
	if a.State != assessment.Approved || a.Result.Approvable || a.Result.Band != assessment.Severe || !a.ValidUntil.Equal(derogation().Until) {
		t.Fatalf("%s %+v until %s", a.State, a.Result, a.ValidUntil)
	}
	for name, tc := range map[string]struct {
		scope assessment.Scope
		at    time.Time
		want  bool
	}{
		"the transfer":           {asked(nil), now, true},
		"fewer people":           {asked(func(s *assessment.Scope) { s.Subjects = 1 }), now, true},
		"more people":            {asked(func(s *assessment.Scope) { s.Subjects = 4 }), now, false},
		"another partner":        {asked(func(s *assessment.Scope) { s.Partner = "par-2" }), now, false},
		"another mission":        {asked(func(s *assessment.Scope) { s.Mission = "mis-2" }), now, false},
		"another purpose":        {asked(func(s *assessment.Scope) { s.Purpose = "MEDIA" }), now, false},
		"a category more":        {asked(func(s *assessment.Scope) { s.Categories = []string{"CONTACT", "IDENTITY"} }), now, false},
		"no category":            {asked(func(s *assessment.Scope) { s.Categories = nil }), now, false},
		"no transfer":            {asked(func(s *assessment.Scope) { s.Transfer = "" }), now, false},
		"at its exclusive end":   {asked(nil), derogation().Until, false},
		"just before its end":    {asked(nil), derogation().Until.Add(-1), true},
		"of another transfer id": {asked(func(s *assessment.Scope) { s.Transfer = "tra-2" }), now, true},
	} {
		t.Run("RBA_UNACCEPTABLE "+name, func(t *testing.T) {
			t.Parallel()
			if got := a.Derogates(tc.scope, tc.at); got != tc.want {
				t.Errorf("passes: %v", got)
			}
		})
	}
	t.Run("R40 it is used once", func(t *testing.T) {
		t.Parallel()
		used := must(t)(a.UseDerogation(asked(nil), now))
		used = must(t)(used.UseDerogation(asked(nil), now.Add(time.Hour))) // again for the same transfer
		if !used.Derogates(asked(nil), now) || !used.Derogation.UsedAt.Equal(now) || a.Derogation.Transfer != "" {
			t.Errorf("%+v", used.Derogation)
		}
		other := asked(func(s *assessment.Scope) { s.Transfer = "tra-2" })
		_, err := used.UseDerogation(other, now)
		refusedBy(t, err, assessment.Approved, "not used by another")
		if used.Derogates(other, now) {
			t.Error("another transfer passes")
		}
	})
	t.Run("R40 withdrawn, nothing passes", func(t *testing.T) {
		t.Parallel()
		ended := must(t)(a.WithdrawDerogation("leg-2", now))
		if ended.State != assessment.Expired || ended.Derogates(asked(nil), now) {
			t.Errorf("%s", ended.State)
		}
	})
	t.Run("R40 a forged one counts for nothing", func(t *testing.T) {
		t.Parallel()
		for name, forge := range map[string]func(*assessment.Derogation){
			"one person":       func(d *assessment.Derogation) { d.Given[1].Person = d.Given[0].Person },
			"one role":         func(d *assessment.Derogation) { d.Given[1].Role = authz.LEG },
			"one act":          func(d *assessment.Derogation) { d.Given = d.Given[:1] },
			"the author":       func(d *assessment.Derogation) { d.Given[0].Person = "ro-1" },
			"other content":    func(d *assessment.Derogation) { d.Version++ },
			"withdrawn though": func(d *assessment.Derogation) { d.WithdrawnBy = "leg-2" },
		} {
			forged := derogated(t)
			forge(forged.Derogation)
			if forged.Derogates(asked(nil), now) {
				t.Error(name)
			}
		}
	})
}

func TestDerogationGuards(t *testing.T) {
	t.Parallel()
	severe := onCurrent(t, v3())
	first := must(t)(severe.Derogate(derogation(), given("leg-1", authz.LEG), now))
	stopped := v3()
	stopped["K5"] = assessment.Answer{Value: new(1)}
	with := func(change func(*assessment.Derogation)) assessment.Derogation {
		d := derogation()
		change(&d)
		return d
	}
	for name, tc := range map[string]struct {
		a     assessment.Assessment
		scope assessment.Derogation
		by    assessment.Given
		guard string
	}{
		"of an approvable one":      {onCurrent(t, low()), derogation(), given("leg-1", authz.LEG), "band alone"},
		"of a stop answer":          {onCurrent(t, stopped), derogation(), given("leg-1", authz.LEG), "band alone"},
		"on a template without one": {submitted(t, v3()), derogation(), given("leg-1", authz.LEG), "template lets"},
		"by a head of mission":      {severe, derogation(), given("hom-1", authz.HOM), "jointly"},
		"by the author":             {severe, derogation(), given("ro-1", authz.LEG), "author never"},
		"not in writing":            {severe, derogation(), assessment.Given{Person: "leg-1", Role: authz.LEG, Text: " "}, "in writing"},
		"for no people":             {severe, with(func(d *assessment.Derogation) { d.MaxSubjects = 0 }), given("leg-1", authz.LEG), "one transfer"},
		"for another purpose":       {severe, with(func(d *assessment.Derogation) { d.Purpose = "MEDIA" }), given("leg-1", authz.LEG), "one transfer"},
		"for another category":      {severe, with(func(d *assessment.Derogation) { d.Categories = []string{"HEALTH"} }), given("leg-1", authz.LEG), "one transfer"},
		"that is over":              {severe, with(func(d *assessment.Derogation) { d.Until = now }), given("leg-1", authz.LEG), "one transfer"},
		"that lasts too long":       {severe, with(func(d *assessment.Derogation) { d.Until = now.AddDate(0, 0, 31) }), given("leg-1", authz.LEG), "one transfer"},
		"by the same person twice":  {first, derogation(), given("leg-1", authz.DPO), "another person"},
		"by the same role twice":    {first, derogation(), given("leg-2", authz.LEG), "each role once"},
		"for another scope":         {first, with(func(d *assessment.Derogation) { d.MaxSubjects = 9 }), given("dpo-1", authz.DPO), "same scope"},
	} {
		t.Run("R40 refused "+name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.a.Derogate(tc.scope, tc.by, now)
			refusedBy(t, err, assessment.Submitted, tc.guard)
		})
	}
	t.Run("R40 a return forgets the first act", func(t *testing.T) {
		t.Parallel()
		if back := must(t)(first.Return("dpo-1", authz.DPO, "reduce it", now)); back.Derogation != nil || first.Derogation == nil {
			t.Error("it is kept")
		}
	})
}
