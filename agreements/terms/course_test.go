package terms

import (
	"errors"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz/evidence"
)

func on(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }

// daysFrom is a change of a retention rule to so many days, from a day on.
func daysFrom(days, day int) Change[RetentionValues] {
	return Change[RetentionValues]{
		Values:  RetentionValues{Trigger: "x", Days: days, Action: "delete"},
		Decided: Decided{EffectiveFrom: on(day), Author: "legal"},
	}
}

func TestAt(t *testing.T) {
	r := RetentionRule{ID: "r", Trigger: "x", Days: 90, Action: "delete"}
	r.Next = []Change[RetentionValues]{daysFrom(60, 5), daysFrom(30, 9)}
	for at, want := range map[time.Time]int{on(1): 90, on(5).Add(-time.Microsecond): 90, on(5): 60, on(8): 60, on(9): 30, on(20): 30} {
		then, counts := r.InForce(at)
		if then.Days != want || !counts || then.At(on(30)).Days != 30 {
			t.Errorf("R37 at %s it is %d days, want %d", at, then.Days, want)
		}
		if since := then.Since; (since == nil) != (want == 90) || len(then.Next) != map[int]int{90: 2, 60: 1, 30: 0}[want] {
			t.Errorf("at %s: since %v, %d to come", at, since, len(then.Next))
		}
	}
	if len(r.Next) != 2 || r.Days != 90 {
		t.Error("telling what it is changed the record")
	}
	t.Run("R24 withdrawn from its moment, and there again", func(t *testing.T) {
		r := r
		gone := daysFrom(60, 5)
		gone.Values.Withdrawn = true
		r.Next = []Change[RetentionValues]{gone, daysFrom(60, 9)}
		for at, want := range map[time.Time]bool{on(4): true, on(5): false, on(8): false, on(9): true} {
			if _, counts := r.InForce(at); counts != want || (len(InForce([]RetentionRule{r}, at)) == 1) != want || len(At([]RetentionRule{r}, at)) != 1 {
				t.Errorf("at %s it counts: %v", at, counts)
			}
		}
	})
	t.Run("what is proposed counts from its moment", func(t *testing.T) {
		c := Category{ID: "c", Course: Course[CategoryValues]{Proposed: true}}
		if _, counts := c.InForce(on(9)); counts {
			t.Error("before anybody approved it")
		}
		c.Next = []Change[CategoryValues]{{Values: CategoryValues{Sensitive: true}, Decided: Decided{EffectiveFrom: on(5)}}}
		if _, counts := c.InForce(on(4)); counts {
			t.Error("before its moment")
		}
		if c, counts := c.InForce(on(5)); !counts || !c.Sensitive || c.Proposed {
			t.Errorf("%+v", c)
		}
	})
}

// A record from before there were amendments is in force, and is written as it was.
func TestFormerTerms(t *testing.T) {
	for want, record := range map[string]any{
		`{"action":"delete","actor":"","category":"c","created":"0001-01-01T00:00:00Z","days":90,"id":"r","purpose":"p","review":"0001-01-01T00:00:00Z","trigger":"x","updated":"0001-01-01T00:00:00Z","version":1}`: RetentionRule{ID: "r", Version: 1, Purpose: "p", Category: "c", Trigger: "x", Days: 90, Action: "delete"},
		`{"actor":"","code":"c","created":"0001-01-01T00:00:00Z","id":"p","legal_basis":"","refusable":false,"text":"","updated":"0001-01-01T00:00:00Z","version":1}`:                                                Purpose{ID: "p", Version: 1, Code: "c"},
		`{"actor":"","approval_scope":"","code":"c","created":"0001-01-01T00:00:00Z","fields":null,"id":"k","sensitive":false,"sensitivity":"low","updated":"0001-01-01T00:00:00Z","version":1}`:                     Category{ID: "k", Version: 1, Code: "c", Sensitivity: Low},
	} {
		if body, err := evidence.Canonical(record); err != nil || string(body) != want {
			t.Errorf("%s, %v", body, err)
		}
	}
	if p, counts := (Purpose{ID: "p", Text: "x"}).InForce(on(1)); !counts || p.Text != "x" {
		t.Errorf("%+v", p)
	}
}

func TestApproved(t *testing.T) {
	by := func(person string) reading {
		return reading{person, evidence.Ref{Kind: KindRetention, Version: 2}, 2}
	}
	waits := func(day int) Course[RetentionValues] {
		c := Course[RetentionValues]{Next: []Change[RetentionValues]{daysFrom(60, 5), daysFrom(30, 9)}}
		d := daysFrom(10, day)
		return c.drafted(d.Values, d.Decided)
	}
	for name, c := range map[string]struct {
		drafted int
		from    time.Time
		left    int
	}{
		"R37 never backwards":                          {1, on(3), 1},
		"R37 between what is approved, the later goes": {7, on(7), 2},
		"R37 after all that is approved":               {20, on(20), 3},
		"R37 in place of what comes at its moment":     {9, on(9), 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := waits(c.drafted).approved(by("dpo"), on(3))
			if err != nil || len(got.Next) != c.left || got.Draft != nil {
				t.Fatalf("%+v, %v", got, err)
			}
			if last := got.Next[c.left-1]; !last.EffectiveFrom.Equal(c.from) || last.Approver != "dpo" || !last.Approved.Equal(on(3)) || last.Values.Days != 10 {
				t.Errorf("%+v", last)
			}
		})
	}
	for name, c := range map[string]struct {
		course Course[RetentionValues]
		of     reading
		state  string
	}{
		"nothing waits":         {Course[RetentionValues]{}, by("dpo"), "no_draft"},
		"never by its author":   {waits(7), by("legal"), "draft"},
		"R37 unread":            {waits(7), reading{"dpo", evidence.Ref{Kind: KindRetention, Version: 3}, 2}, "draft"},
		"not twice":             {func() Course[RetentionValues] { c, _ := waits(7).approved(by("dpo"), on(3)); return c }(), by("dpo"), "no_draft"},
		"nor what was rejected": {func() Course[RetentionValues] { c, _ := waits(7).rejected(by("dpo")); return c }(), by("dpo"), "no_draft"},
	} {
		t.Run(name, func(t *testing.T) {
			_, approved := c.course.approved(c.of, on(3))
			_, rejected := c.course.rejected(c.of)
			for _, err := range []error{approved, rejected} {
				var e *lifecycle.TransitionError
				if !errors.As(err, &e) || e.State != c.state || e.Entity != KindRetention || e.Guard == "" || e.Mend == "" {
					t.Errorf("%v", err)
				}
			}
		})
	}
}
