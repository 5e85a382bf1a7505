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

// A grant gives a task that the person has under none of their others, at every moment.
func TestTheTasksOfAllGrants(t *testing.T) {
	const third = "01900000-0000-7000-8000-00000000000d"
	day := 24 * time.Hour
	w := newWorld(t)
	w.purpose(otherTask)
	w.purpose(third)
	give := func(role authz.Role, id string, until time.Duration, purposes ...string) error {
		g := people.Grant{Person: id, Role: role, Mission: w.here, Purposes: purposes}
		if until > 0 {
			end := w.clock.Now().Add(until)
			g.Until = &end
		}
		_, err := w.Register.GrantRole(w.ctx, w.as(w.legal), g)
		return err
	}
	lend := func(id string, from, until time.Duration, purposes ...string) error {
		by, now := w.person(w.here, ""), w.clock.Now()
		w.must(give(authz.FP, by, 0, purposes...))
		_, err := w.Delegate(w.ctx, w.as(by), people.Delegation{To: id, Role: authz.FP, Mission: w.here, From: now.Add(from), Until: now.Add(until), Purposes: purposes})
		return err
	}
	holds := func(role authz.Role, each ...[]string) string {
		id := w.person(w.here, "")
		for _, purposes := range each {
			w.must(give(role, id, 0, purposes...))
		}
		return id
	}
	apart := [][]string{{task}, {otherTask}}
	t.Run("R23 both tasks that they have under two grants", func(t *testing.T) {
		if err := give(authz.RO, holds(authz.RO, apart...), 0, task, otherTask); !errors.Is(err, people.ErrNotVacant) {
			t.Error(err)
		}
	})
	t.Run("R23 both and another", func(t *testing.T) {
		if err := give(authz.RO, holds(authz.RO, apart...), 0, task, otherTask, third); err != nil {
			t.Error(err)
		}
	})
	t.Run("R23 tasks of another role are not this one's", func(t *testing.T) {
		if err := give(authz.FP, holds(authz.RO, apart...), 0, task, otherTask); err != nil {
			t.Error(err)
		}
	})
	t.Run("R35 R23 delegated, though they have both themselves", func(t *testing.T) {
		if err := lend(holds(authz.FP, apart...), 0, day, task, otherTask); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("R35 R23 delegated, though they have one themselves and the other by delegation", func(t *testing.T) {
		id := holds(authz.FP, []string{task})
		w.must(lend(id, 0, day, otherTask))
		if err := lend(id, 0, day, task, otherTask); !errors.Is(err, people.ErrNotVacant) {
			t.Error(err)
		}
	})
	t.Run("R35 R23 delegated until they have the other", func(t *testing.T) {
		id := holds(authz.FP, []string{task})
		w.must(lend(id, 2*day, 3*day, otherTask))
		w.must(lend(id, 0, day, task, otherTask))
		if err := lend(id, day, 4*day, task, otherTask); !errors.Is(err, people.ErrNotVacant) {
			t.Errorf("beyond that: %v", err)
		}
	})
	t.Run("R23 of two that never meet each other", func(t *testing.T) {
		id := w.person(w.here, "")
		w.must(give(authz.FP, id, day, task))
		w.must(lend(id, 2*day, 3*day, otherTask))
		if err := give(authz.FP, id, 0, task, otherTask); err != nil {
			t.Error(err)
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

// A focal point may stand in for another of the mission: under the tasks that are delegated, and for as long as they are.
func TestAFocalPointDeputisesForAnother(t *testing.T) {
	w := newWorld(t)
	const third = "01900000-0000-7000-8000-00000000000d"
	w.purpose(otherTask)
	w.purpose(third)
	fp := func(purposes ...string) string {
		id := w.person(w.here, "")
		_, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: id, Role: authz.FP, Mission: w.here, Purposes: purposes})
		w.must(err)
		return id
	}
	tasks := func(id string) (all []string) {
		for _, g := range w.as(id).Grants {
			all = append(all, g.Purposes...)
		}
		return slices.Compact(slices.Sorted(slices.Values(all)))
	}
	away, own := fp(task, otherTask, third), fp(task)
	ask := func(to string, purposes ...string) (people.Grant, error) {
		return w.Delegate(w.ctx, w.as(away), people.Delegation{To: to, Role: authz.FP, Mission: w.here, Purposes: purposes, Until: w.clock.Now().Add(24 * time.Hour)})
	}
	t.Run("R35 not under tasks that they have themselves", func(t *testing.T) {
		if _, err := ask(own, task); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("R35 R23 under another, with that task and no more", func(t *testing.T) {
		g, err := ask(own, otherTask)
		w.must(err)
		if got := tasks(own); !slices.Equal(got, []string{task, otherTask}) || g.Origin == nil || g.Origin.Person != away {
			t.Errorf("%v, %+v", got, g)
		}
		t.Run("SoD 11 the two count as one meanwhile", func(t *testing.T) {
			now := w.clock.Now()
			if !people.OneSide(away, own, now, now, []people.Grant{g}) {
				t.Error("one may do the counterpart of what the other did")
			}
		})
		t.Run("R35 what was delegated to them is not delegated further", func(t *testing.T) {
			_, err := w.Delegate(w.ctx, w.as(own), people.Delegation{To: w.person(w.here, ""), Role: authz.FP, Mission: w.here, Purposes: []string{otherTask}, Until: w.clock.Now().Add(time.Hour)})
			if !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	})
	t.Run("R35 afterwards they have their own", func(t *testing.T) {
		w.clock.Add(25 * time.Hour)
		if got := tasks(own); !slices.Equal(got, []string{task}) {
			t.Errorf("%v", got)
		}
	})
}
