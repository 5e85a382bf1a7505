package retention_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"safeconduct/agreements/terms"
	"safeconduct/transfer/retention"
)

func rule(purpose, category string, days int) terms.RetentionRule {
	return terms.RetentionRule{Purpose: purpose, Category: category, Trigger: terms.Collection, Days: days}
}

func TestDays(t *testing.T) {
	rules := []terms.RetentionRule{rule("p", "a", 30), rule("p", "b", 10), rule("q", "a", 1)}
	for name, c := range map[string]struct {
		categories []string
		agreed     map[string]int
		want       int
	}{
		"the rule": {[]string{"a"}, nil, 30}, "the agreement, where it is shorter": {[]string{"a"}, map[string]int{"a": 20}, 20},
		"the rule, where it is shorter":       {[]string{"a"}, map[string]int{"a": 90}, 30},
		"the shortest of all categories":      {[]string{"a", "b"}, map[string]int{"a": 20}, 10},
		"the agreement alone":                 {[]string{"c"}, map[string]int{"c": 5}, 5},
		"R24 at once where nothing rules one": {[]string{"a", "c"}, nil, 0},
		"R24 at once for no category":         {nil, nil, 0}, "never below none": {[]string{"a"}, map[string]int{"a": -4}, 0},
	} {
		t.Run("R27 "+name, func(t *testing.T) {
			if got := retention.Days(c.categories, c.agreed, "p", rules); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

// No order of rules or categories, and no further category, lengthens it.
func TestDaysNeverGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codes := []string{"a", "b", "c"}
		agreed := rapid.MapOf(rapid.SampledFrom(codes), rapid.IntRange(1, 100)).Draw(t, "agreed")
		var rules []terms.RetentionRule
		for _, code := range codes {
			rules = append(rules, rule("p", code, rapid.IntRange(1, 100).Draw(t, "days")))
		}
		few := rapid.SliceOfNDistinct(rapid.SampledFrom(codes), 1, 2, rapid.ID).Draw(t, "few")
		more := rapid.Permutation(slices.Concat(few, codes)).Draw(t, "more")
		if one, all := retention.Days(few, agreed, "p", rules), retention.Days(more, agreed, "p", rules); all > one || all < 1 {
			t.Fatalf("%d for %v, %d for %v", one, few, all, more)
		}
	})
}

func TestElapsed(t *testing.T) {
	then := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	rules := []terms.RetentionRule{rule("p", "a", 30), rule("p", "b", 10), rule("q", "c", 1)}
	for name, c := range map[string]struct {
		after time.Duration
		want  []string
	}{
		"at once": {0, nil}, "the last moment": {10*24*time.Hour - 1, nil},
		"RET_ELAPSED the shorter": {10 * 24 * time.Hour, []string{"b"}}, "RET_ELAPSED both": {30 * 24 * time.Hour, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := retention.Elapsed([]string{"a", "b", "c"}, "p", rules, then, then.Add(c.after)); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestOverdue(t *testing.T) {
	due := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	certified := func(at time.Time) *retention.Certificate { return &retention.Certificate{Certified: at} }
	for name, c := range map[string]struct {
		duty retention.Duty
		want bool
	}{
		"PARTNER_DESTRUCTION_OVERDUE not certified":       {retention.Duty{State: retention.Due}, true},
		"PARTNER_DESTRUCTION_OVERDUE returned":            {retention.Duty{State: retention.Returned, Certificate: certified(due.Add(-1))}, true},
		"PARTNER_DESTRUCTION_OVERDUE certified too late":  {retention.Duty{State: retention.Certified, Certificate: certified(due)}, true},
		"PARTNER_DESTRUCTION_OVERDUE without certificate": {retention.Duty{State: retention.Certified}, true},
		"PARTNER_DESTRUCTION_OVERDUE an unknown state":    {retention.Duty{State: "x"}, true},
		"certified in time":                               {retention.Duty{State: retention.Certified, Certificate: certified(due.Add(-1))}, false},
		"accepted":                                        {retention.Duty{State: retention.Accepted}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c.duty.Due = due
			if c.duty.OverdueAt(due) != c.want || c.duty.OverdueAt(due.Add(-1)) {
				t.Errorf("%v", c.duty.OverdueAt(due))
			}
		})
	}
}
