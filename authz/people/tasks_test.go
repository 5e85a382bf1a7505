package people_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people"
)

const otherTask = "01900000-0000-7000-8000-00000000000c"

func TestTheTasksOfAGrant(t *testing.T) {
	w := newWorld(t)
	w.purpose(otherTask)
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf("01900000-0000-7000-8000-%012x", i)
	}
	for name, c := range map[string]struct {
		role     authz.Role
		purposes []string
		want     error
	}{
		"R23 an officer has a task":             {authz.RO, []string{task}, nil},
		"R23 a focal point has several":         {authz.FP, []string{task, otherTask}, nil},
		"R23 each once":                         {authz.RO, []string{task, task}, nil},
		"R23 an officer without a task":         {authz.RO, nil, people.ErrInvalid},
		"R23 a focal point without a task":      {authz.FP, []string{}, people.ErrInvalid},
		"R23 a head of mission has none":        {authz.HOM, []string{task}, people.ErrInvalid},
		"R23 under a purpose that there is not": {authz.RO, []string{task, newID()}, people.ErrInvalid},
		"R23 more than fifty":                   {authz.RO, many, people.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			g := people.Grant{Person: w.person(w.here, ""), Role: c.role, Mission: w.here, Purposes: c.purposes}
			got, err := w.Register.GrantRole(w.ctx, w.as(w.legal), g)
			if !errors.Is(err, c.want) || (err == nil) != (len(w.as(g.Person).Grants) == 1) {
				t.Fatalf("%v", err)
			}
			if want := slices.Compact(slices.Sorted(slices.Values(c.purposes))); err == nil && (!slices.Equal(got.Purposes, want) || !slices.Equal(w.as(g.Person).Grants[0].Purposes, want)) {
				t.Errorf("%v, want %v", got.Purposes, want)
			}
		})
	}
	t.Run("R23 another task beside the first", func(t *testing.T) {
		id := w.holder(authz.RO, w.here, "")
		g := people.Grant{Person: id, Role: authz.RO, Mission: w.here, Purposes: []string{task}}
		if _, err := w.GrantRole(w.ctx, w.as(w.legal), g); !errors.Is(err, people.ErrNotVacant) {
			t.Errorf("the same task twice: %v", err)
		}
		g.Purposes = []string{otherTask}
		_, err := w.GrantRole(w.ctx, w.as(w.legal), g)
		w.must(err)
		if held := w.as(id).Grants; len(held) != 2 {
			t.Errorf("%+v", held)
		}
		all, err := w.TrainingCoverage(w.ctx, w.as(w.legal), w.here)
		w.must(err)
		for _, c := range all {
			if n := len(slices.DeleteFunc(c.Holders, func(h people.Holder) bool { return h.Person != id })); c.Role == authz.RO && n != 1 {
				t.Errorf("R45 counted %d times", n)
			}
		}
	})
}

func TestTheTasksOfADelegatedPost(t *testing.T) {
	w := newWorld(t)
	w.purpose(otherTask)
	fp := w.person(w.here, "")
	_, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: fp, Role: authz.FP, Mission: w.here, Purposes: []string{task, otherTask}})
	w.must(err)
	for name, c := range map[string]struct {
		asked, given []string
		want         error
	}{
		"R23 all of them":            {nil, []string{task, otherTask}, nil},
		"R23 one of them":            {[]string{otherTask}, []string{otherTask}, nil},
		"R23 one that one has not":   {[]string{newID()}, nil, people.ErrInvalid},
		"R23 one more than one has":  {[]string{task, newID()}, nil, people.ErrInvalid},
		"R23 the same one, repeated": {[]string{task, task}, []string{task}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			from := w.clock.Now()
			g, err := w.Delegate(w.ctx, w.as(fp), people.Delegation{
				To: w.person(w.here, ""), Role: authz.FP, Mission: w.here, Purposes: c.asked, From: from, Until: from.Add(24 * time.Hour),
			})
			if !errors.Is(err, c.want) || !slices.Equal(g.Purposes, c.given) {
				t.Errorf("%v, %v", g.Purposes, err)
			}
		})
	}
	t.Run("R23 of several grants that with the most", func(t *testing.T) {
		two := w.holder(authz.FP, w.here, "")
		_, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: two, Role: authz.FP, Mission: w.here, Purposes: []string{task, otherTask}})
		w.must(err)
		from := w.clock.Now()
		g, err := w.Delegate(w.ctx, w.as(two), people.Delegation{To: w.person(w.here, ""), Role: authz.FP, Mission: w.here, From: from, Until: from.Add(24 * time.Hour)})
		w.must(err)
		if len(g.Purposes) != 2 {
			t.Errorf("%v", g.Purposes)
		}
	})
}
