package people_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/lifecycle"
	"safeconduct/authz/people"
)

func TestWhoSuspendsWhom(t *testing.T) {
	w := newWorld(t)
	dpo, hom, fp := w.holder(authz.DPO, "", ""), w.holder(authz.HOM, w.here, ""), w.holder(authz.FP, w.here, "")
	oig, away, of := w.holder(authz.OIG, "", ""), w.holder(authz.RO, w.there, ""), w.holder(authz.PDL, "", partner)
	for _, c := range []struct {
		name, by, of string
		want         error
	}{
		{"the head one of the mission", hom, w.holder(authz.RO, w.here, ""), nil},
		{"the head one of another mission", hom, away, evidence.ErrNotFound},
		{"the head one of a partner", hom, of, evidence.ErrNotFound},
		{"the DPO anybody", dpo, away, nil},
		{"Legal one of a partner", w.legal, of, nil},
		{"the focal point", fp, w.holder(authz.RO, w.here, ""), authz.ErrDenied},
		{"SoD 8 oneself", hom, hom, people.ErrOwnAccess},
		{"SoD 9 an auditor", oig, away, authz.ErrDenied},
	} {
		t.Run("R42 "+c.name, func(t *testing.T) {
			var err error
			denials := w.records(evidence.Denial, func() { _, err = w.SuspendPerson(w.ctx, w.as(c.by), c.of, "an incident") })
			if !errors.Is(err, c.want) || (denials == 1) != (errors.Is(err, authz.ErrDenied) || errors.Is(err, people.ErrOwnAccess)) {
				t.Errorf("%v, %d denials", err, denials)
			}
		})
	}
	t.Run("R42 a mission, by its head", func(t *testing.T) {
		if _, err := w.SuspendMission(w.ctx, w.as(hom), w.here, "x"); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
	})
	t.Run("R42 without a reason", func(t *testing.T) {
		if _, err := w.SuspendMission(w.ctx, w.as(dpo), w.here, " "); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
}

func TestWhoLifts(t *testing.T) {
	w := newWorld(t)
	dpo, ro := w.holder(authz.DPO, "", ""), w.holder(authz.RO, w.here, "")
	person := func(by string) error {
		_, err := w.LiftPerson(w.ctx, w.as(by), ro, "closed")
		return err
	}
	mission := func(by string) error {
		_, err := w.LiftMission(w.ctx, w.as(by), w.here, "closed")
		return err
	}
	for name, lift := range map[string]func(string) error{"a user": person, "a mission": mission} {
		t.Run("SoD 11 "+name, func(t *testing.T) {
			if err := lift(dpo); !errors.Is(err, lifecycle.ErrIllegal) {
				t.Errorf("not suspended: %v", err)
			}
			var err error
			if name == "a user" {
				_, err = w.SuspendPerson(w.ctx, w.as(w.legal), ro, "an incident")
			} else {
				_, err = w.SuspendMission(w.ctx, w.as(w.legal), w.here, "an incident")
			}
			w.must(err)
			denials := w.records(evidence.Denial, func() { err = lift(w.legal) })
			if !errors.Is(err, people.ErrSameSide) || denials != 1 {
				t.Errorf("alone: %v, %d denials", err, denials)
			}
			if err := lift(dpo); err != nil {
				t.Errorf("by another: %v", err)
			}
		})
	}
	t.Run("an illegal transition is recorded", func(t *testing.T) {
		_, err := w.SuspendMission(w.ctx, w.as(dpo), w.here, "x")
		w.must(err)
		denials := w.records(evidence.Denial, func() { _, err = w.SuspendMission(w.ctx, w.as(w.legal), w.here, "x") })
		var illegal *lifecycle.TransitionError
		if !errors.As(err, &illegal) || illegal.State != "suspended" || illegal.Mend == "" || denials != 1 {
			t.Errorf("%v, %d denials", err, denials)
		}
	})
}

func TestDelegation(t *testing.T) {
	w := newWorld(t)
	hom, deputy, other := w.holder(authz.HOM, w.here, ""), w.person(w.here, ""), w.person(w.here, "")
	ask := func(by, to string, role authz.Role, from, until time.Duration) (people.Grant, error) {
		now := w.clock.Now()
		return w.Delegate(w.ctx, w.as(by), people.Delegation{To: to, Role: role, Mission: w.here, From: now.Add(from), Until: now.Add(until)})
	}
	for name, c := range map[string]struct {
		by, to      string
		role        authz.Role
		from, until time.Duration
		want        error
	}{
		"a post that is not one's own": {hom, deputy, authz.FP, 0, day, people.ErrInvalid},
		"a role that is no post":       {hom, deputy, authz.RO, 0, day, people.ErrInvalid},
		"an end before the beginning":  {hom, deputy, authz.HOM, 2 * day, day, people.ErrInvalid},
		"for ever":                     {hom, deputy, authz.HOM, 0, 400 * day, people.ErrInvalid},
		"to another mission's person":  {hom, w.person(w.there, ""), authz.HOM, 0, day, evidence.ErrNotFound},
		"SoD 8 to oneself":             {hom, hom, authz.HOM, 0, day, people.ErrOwnAccess},
		"by Legal":                     {w.legal, deputy, authz.HOM, 0, day, authz.ErrDenied},
	} {
		t.Run("R35 not "+name, func(t *testing.T) {
			if _, err := ask(c.by, c.to, c.role, c.from, c.until); !errors.Is(err, c.want) {
				t.Error(err)
			}
		})
	}
	for _, role := range []authz.Role{authz.HOM, authz.FP} {
		t.Run("R35 a post of a mission without its mission says what is missing: "+string(role), func(t *testing.T) {
			_, err := w.Delegate(w.ctx, w.as(hom), people.Delegation{To: deputy, Role: role, Until: w.clock.Now().Add(day)})
			if !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), "mission is needed") {
				t.Error(err)
			}
		})
	}
	g, err := ask(hom, deputy, authz.HOM, day, 5*day)
	w.must(err)
	t.Run("R35 it is held from and until", func(t *testing.T) {
		if len(w.as(deputy).Grants) != 0 {
			t.Error("held before it begins")
		}
		w.clock.Add(2 * day)
		if c := w.as(deputy); !c.Holds(authz.HOM) || g.Origin == nil || g.Origin.Person != hom {
			t.Errorf("%+v", c.Grants)
		}
	})
	t.Run("R35 it is not delegated further", func(t *testing.T) {
		if _, err := ask(deputy, other, authz.HOM, 0, day); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("SoD 11 a deputy does not turn on whose post it is", func(t *testing.T) {
		if _, err := w.SuspendPerson(w.ctx, w.as(deputy), hom, "x"); !errors.Is(err, people.ErrSameSide) {
			t.Error(err)
		}
	})
	t.Run("R35 it ends by itself, and the log says so", func(t *testing.T) {
		w.clock.Add(4 * day)
		if n, err := w.ExpireDue(w.ctx); err != nil || n != 1 || w.as(deputy).Holds(authz.HOM) {
			t.Errorf("%d, %v", n, err)
		}
	})
	t.Run("R35 who delegated takes back", func(t *testing.T) {
		g, err := ask(hom, deputy, authz.HOM, 0, day)
		w.must(err)
		if _, err := w.EndGrant(w.ctx, w.as(hom), g.ID); err != nil || w.as(deputy).Holds(authz.HOM) {
			t.Error(err)
		}
	})
	for name, end := range map[string]func() error{
		"the delegator's grant ends": func() error {
			_, err := w.EndGrant(w.ctx, w.as(w.legal), w.as(hom).Grants[0].ID)
			return err
		},
		"the delegator is suspended": func() error {
			_, err := w.SuspendPerson(w.ctx, w.as(w.legal), hom, "an incident")
			return err
		},
	} {
		t.Run("R35 R42 it ends when "+name, func(t *testing.T) {
			if !w.as(hom).Holds(authz.HOM) {
				_, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: hom, Role: authz.HOM, Mission: w.here})
				w.must(err)
			}
			_, err := ask(hom, other, authz.HOM, 0, day)
			w.must(err)
			if w.must(end()); w.as(other).Holds(authz.HOM) {
				t.Error("the deputy goes on")
			}
			_, err = w.LiftPerson(w.ctx, w.as(w.second), hom, "closed")
			if err != nil && !errors.Is(err, lifecycle.ErrIllegal) {
				t.Error(err)
			}
		})
	}
}

// Legal and the data protection officer delegate theirs within headquarters, which keeps (4) and (11) workable.
func TestDelegationAtHeadquarters(t *testing.T) {
	w := newWorld(t)
	dpo, deputy, officer := w.holder(authz.DPO, "", ""), w.person("", ""), w.holder(authz.HOM, w.here, "")
	ask := func(by, to string, role authz.Role, mission string) (people.Grant, error) {
		return w.Delegate(w.ctx, w.as(by), people.Delegation{To: to, Role: role, Mission: mission, Until: w.clock.Now().Add(day)})
	}
	for name, c := range map[string]struct {
		by, to  string
		role    authz.Role
		mission string
		want    error
	}{
		"a post of a mission by Legal":       {w.legal, deputy, authz.HOM, w.here, authz.ErrDenied},
		"a post of headquarters by a head":   {officer, deputy, authz.LEG, w.here, authz.ErrDenied},
		"what a head of mission cannot see":  {officer, deputy, authz.LEG, "", evidence.ErrNotFound},
		"the post of the other":              {w.legal, deputy, authz.DPO, "", people.ErrInvalid},
		"an auditor's":                       {w.legal, deputy, authz.OIG, "", people.ErrInvalid},
		"one of headquarters for a mission":  {w.legal, deputy, authz.LEG, w.here, people.ErrInvalid},
		"to a person of a mission":           {w.legal, w.person(w.here, ""), authz.LEG, "", people.ErrInvalid},
		"to a person of a partner":           {w.legal, w.person("", partner), authz.LEG, "", people.ErrInvalid},
		"SoD 8 to oneself":                   {dpo, dpo, authz.DPO, "", people.ErrOwnAccess},
		"SoD 9 to an auditor":                {w.legal, w.holder(authz.OIG, "", ""), authz.LEG, "", people.ErrInvalid},
		"SoD 11 Legal's to the officer":      {w.legal, dpo, authz.LEG, "", people.ErrInvalid},
		"SoD 11 the officer's to Legal":      {dpo, w.second, authz.DPO, "", people.ErrInvalid},
		"to a colleague who has it already":  {w.legal, w.second, authz.LEG, "", people.ErrInvalid},
		"to a person whom nobody registered": {w.legal, newID(), authz.LEG, "", evidence.ErrNotFound},
	} {
		t.Run("R35 not "+name, func(t *testing.T) {
			if _, err := ask(c.by, c.to, c.role, c.mission); !errors.Is(err, c.want) {
				t.Error(err)
			}
		})
	}
	g, err := ask(dpo, deputy, authz.DPO, "")
	w.must(err)
	t.Run("R35 both hold it", func(t *testing.T) {
		if !w.as(deputy).Holds(authz.DPO) || !w.as(dpo).Holds(authz.DPO) || g.Origin == nil || g.Origin.Person != dpo {
			t.Errorf("%+v", g)
		}
	})
	t.Run("R35 it is not delegated further", func(t *testing.T) {
		if _, err := ask(deputy, w.person("", ""), authz.DPO, ""); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("SoD 11 the deputy holds no other side", func(t *testing.T) {
		if _, err := ask(w.legal, deputy, authz.LEG, ""); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
		if _, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: deputy, Role: authz.LEG}); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("SoD 11 nor does who delegated", func(t *testing.T) {
		if _, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: dpo, Role: authz.LEG}); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
		both := w.holder(authz.LEG, "", "")
		_, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: both, Role: authz.DPO})
		w.must(err)
		if _, err := ask(both, w.person("", ""), authz.DPO, ""); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
	})
	t.Run("SoD 11 the deputy does not lift alone what the officer suspended", func(t *testing.T) {
		_, err := w.SuspendMission(w.ctx, w.as(dpo), w.here, "asked")
		w.must(err)
		if _, err := w.LiftMission(w.ctx, w.as(deputy), w.here, "over"); !errors.Is(err, people.ErrSameSide) {
			t.Error(err)
		}
		_, err = w.LiftMission(w.ctx, w.as(w.legal), w.here, "over")
		w.must(err)
	})
	t.Run("R42 it ends when the officer is suspended", func(t *testing.T) {
		_, err := w.SuspendPerson(w.ctx, w.as(w.legal), dpo, "an incident")
		if w.must(err); w.as(deputy).Holds(authz.DPO) {
			t.Error("the deputy goes on")
		}
	})
}

func TestOneSide(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	end := at.Add(day)
	of := func(person, by, grant string) people.Grant {
		return people.Grant{Person: person, Role: authz.HOM, From: at, Until: &end, Origin: &people.Origin{Grant: grant, Person: by}}
	}
	for name, c := range map[string]struct {
		a, b       string
		since, now time.Time
		grants     []people.Grant
		want       bool
	}{
		"the same":               {"a", "a", at, at, nil, true},
		"two":                    {"a", "b", at, at, nil, false},
		"delegator and deputy":   {"a", "b", at, at, []people.Grant{of("b", "a", "g")}, true},
		"deputy and delegator":   {"b", "a", at, at, []people.Grant{of("b", "a", "g")}, true},
		"two deputies of a post": {"b", "c", at, at, []people.Grant{of("b", "a", "g"), of("c", "a", "g")}, true},
		"deputies of two posts":  {"b", "c", at, at, []people.Grant{of("b", "a", "g"), of("c", "d", "h")}, false},
		"when it was over":       {"a", "b", end, end.Add(day), []people.Grant{of("b", "a", "g")}, false},
		"before it began":        {"a", "b", at.Add(-2 * day), at.Add(-day), []people.Grant{of("b", "a", "g")}, false},
		"since then":             {"a", "b", at.Add(-day), end.Add(day), []people.Grant{of("b", "a", "g")}, true},
	} {
		t.Run("SoD 3 4 11 "+name, func(t *testing.T) {
			if got := people.OneSide(c.a, c.b, c.since, c.now, c.grants); got != c.want {
				t.Error(got)
			}
		})
	}
}

func TestNominations(t *testing.T) {
	w := newWorld(t)
	psg := w.holder(authz.PSG, "", partner)
	n, err := w.Nominate(w.ctx, w.as(psg), people.Nomination{Partner: partner, Name: "Downloader"})
	w.must(err)
	if _, err := w.Nominate(w.ctx, w.as(psg), people.Nomination{Partner: "other", Name: "X"}); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("for another partner: %v", err)
	}
	if _, err := w.DecideNomination(w.ctx, w.as(psg), n.ID, true, ""); !errors.Is(err, authz.ErrDenied) {
		t.Errorf("SoD 8 the partner decides: %v", err)
	}
	if _, err := w.DecideNomination(w.ctx, w.as(w.legal), n.ID, false, ""); !errors.Is(err, people.ErrInvalid) {
		t.Errorf("refused without a reason: %v", err)
	}
	granted, err := w.DecideNomination(w.ctx, w.as(w.legal), n.ID, true, "")
	if err != nil || granted.State != people.NominationGranted || !w.as(granted.Person).Holds(authz.PDL) || !w.as(granted.Person).Of(partner) {
		t.Errorf("%+v, %v", granted, err)
	}
	if _, err := w.DecideNomination(w.ctx, w.as(w.legal), n.ID, false, "x"); !errors.Is(err, lifecycle.ErrIllegal) {
		t.Errorf("decided twice: %v", err)
	}
	t.Run("SoD 10 signatory and downloader differ", func(t *testing.T) {
		g := people.Grant{Person: psg, Role: authz.PDL, Partner: partner}
		if _, err := w.GrantRole(w.ctx, w.as(w.legal), g); !errors.Is(err, people.ErrInvalid) {
			t.Error(err)
		}
		for _, small := range []people.SmallPartner{{Staff: 4, Note: "x"}, {Staff: 0, Note: "x"}, {Staff: 2}} {
			g.Small = &small
			if _, err := w.GrantRole(w.ctx, w.as(w.legal), g); !errors.Is(err, people.ErrInvalid) {
				t.Errorf("%+v: %v", small, err)
			}
		}
		g.Small = &people.SmallPartner{Staff: 2, Note: "seen in the register"}
		if got, err := w.GrantRole(w.ctx, w.as(w.legal), g); err != nil || got.Small == nil {
			t.Errorf("of two staff, with Legal's note: %v", err)
		}
	})
}

// TestGivingBack: whom a post was delegated to may end that, and nothing is gained by it.
func TestGivingBack(t *testing.T) {
	w := newWorld(t)
	delegated := func(by, to string, from time.Duration) people.Grant {
		t.Helper()
		now := w.clock.Now()
		g, err := w.Delegate(w.ctx, w.as(by), people.Delegation{To: to, Role: authz.LEG, From: now.Add(from), Until: now.Add(from + 5*day)})
		w.must(err)
		return g
	}
	deputy := w.person("", "")
	gives := func(id string) (g people.Grant, changes, denials int, err error) {
		denials = w.records(evidence.Denial, func() {
			changes = w.records(evidence.Change, func() { g, err = w.EndGrant(w.ctx, w.as(deputy), id) })
		})
		return g, changes, denials, err
	}
	first := delegated(w.legal, deputy, 0)
	_, err := w.SuspendMission(w.ctx, w.as(w.legal), w.here, "asked")
	w.must(err)
	t.Run("R35 SoD 8 a deputy gives the post back", func(t *testing.T) {
		g, changes, denials, err := gives(first.ID)
		if err != nil || changes != 1 || denials != 0 || !g.Ended || g.Actor != deputy || len(w.as(deputy).Grants) != 0 || !w.as(w.legal).Holds(authz.LEG) {
			t.Errorf("%+v, %d changes, %d denials, %v", g, changes, denials, err)
		}
	})
	t.Run("R35 once", func(t *testing.T) {
		if _, changes, denials, err := gives(first.ID); !errors.Is(err, lifecycle.ErrIllegal) || changes != 0 || denials != 1 {
			t.Errorf("%d changes, %d denials, %v", changes, denials, err)
		}
	})
	t.Run("R35 before it begins, and with roles that are locked", func(t *testing.T) {
		for _, locks := range [][]string{nil, {people.CodeTraining, people.CodeUndertaking}, {authz.LockUnruled}} {
			c := w.as(deputy)
			c.Locks = locks
			g, err := w.EndGrant(w.ctx, c, delegated(w.legal, deputy, day).ID)
			if err != nil || !g.Ended {
				t.Errorf("%v: %+v, %v", locks, g, err)
			}
		}
	})
	t.Run("R35 not with a token that is for other acts", func(t *testing.T) {
		g := delegated(w.legal, deputy, 0)
		c := w.as(deputy)
		c.Scope = []authz.Action{authz.MissionRead}
		if _, err := w.EndGrant(w.ctx, c, g.ID); !errors.Is(err, authz.ErrDenied) || !w.as(deputy).Holds(authz.LEG) {
			t.Error(err)
		}
		_, err := w.EndGrant(w.ctx, w.as(w.legal), g.ID)
		w.must(err)
	})
	_, err = w.GrantRole(w.ctx, w.as(w.second), people.Grant{Person: deputy, Role: authz.LEG})
	w.must(err)
	t.Run("SoD 8 what was not delegated they do not end", func(t *testing.T) {
		own := w.as(deputy).Grants
		if _, changes, denials, err := gives(own[0].ID); len(own) != 1 || !errors.Is(err, people.ErrOwnAccess) || changes != 0 || denials != 1 || !w.as(deputy).Holds(authz.LEG) {
			t.Errorf("%d changes, %d denials, %v", changes, denials, err)
		}
	})
	t.Run("SoD 8 nor what was delegated to another", func(t *testing.T) {
		officer, other := w.holder(authz.HOM, w.here, ""), w.person(w.here, "")
		now := w.clock.Now()
		g, err := w.Delegate(w.ctx, w.as(officer), people.Delegation{To: other, Role: authz.HOM, Mission: w.here, Until: now.Add(day)})
		w.must(err)
		if _, err := w.EndGrant(w.ctx, w.as(w.holder(authz.FP, w.here, "")), g.ID); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
		if _, err := w.EndGrant(w.ctx, w.as(w.holder(authz.HOM, w.there, "")), g.ID); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	})
	t.Run("SoD 11 they stay one side for what was done meanwhile", func(t *testing.T) {
		if _, err := w.LiftMission(w.ctx, w.as(deputy), w.here, "over"); !errors.Is(err, people.ErrSameSide) {
			t.Error(err)
		}
		_, err := w.LiftMission(w.ctx, w.as(w.second), w.here, "over")
		w.must(err)
	})
	t.Run("SoD 11 and are two for what is done after", func(t *testing.T) {
		_, err := w.SuspendMission(w.ctx, w.as(w.legal), w.there, "asked")
		w.must(err)
		_, err = w.LiftMission(w.ctx, w.as(deputy), w.there, "over")
		w.must(err)
	})
}
