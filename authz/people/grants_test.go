package people_test

import (
	"errors"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

const partner = "01900000-0000-7000-8000-00000000000a"

func TestWhoMayGrantWhat(t *testing.T) {
	w := newWorld(t)
	granters := map[string]authz.Caller{
		"LEG": w.as(w.legal), "HOM": w.as(w.holder(authz.HOM, w.here, "")), "FP": w.as(w.holder(authz.FP, w.here, "")),
		"RO": w.as(w.holder(authz.RO, w.here, "")), "DPO": w.as(w.holder(authz.DPO, "", "")), "OIG": w.as(w.holder(authz.OIG, "", "")),
		"PSG": w.as(w.holder(authz.PSG, "", partner)), "PDL": w.as(w.holder(authz.PDL, "", partner)),
	}
	may := map[string][]authz.Role{
		"LEG": {authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.PSG, authz.PDL, authz.OIG},
		"HOM": {authz.RO, authz.FP},
		"FP":  {authz.RO},
	}
	for name, c := range granters {
		for _, role := range may["LEG"] {
			t.Run("separation of duties 8 "+name+" grants "+string(role), func(t *testing.T) {
				g := people.Grant{Role: role}
				switch place, _ := authz.PlaceOf(role); place {
				case authz.AtMission:
					g.Mission = w.here
				case authz.AtPartner:
					g.Partner = partner
				case authz.AtHQ:
				}
				g.Person = w.person(g.Mission, g.Partner)
				allowed := false
				for _, r := range may[name] {
					allowed = allowed || r == role
				}
				var err error
				denials := w.records(evidence.Denial, func() { _, err = w.GrantRole(w.ctx, c, g) })
				held := len(w.as(g.Person).Grants)
				switch {
				case allowed && (err != nil || held != 1 || denials != 0):
					t.Errorf("want granted: %v, %d held, %d denials", err, held, denials)
				case !allowed && g.Mission != "" && !c.In(g.Mission): // scoped before the policy: nothing to deny
					if !errors.Is(err, evidence.ErrNotFound) || held != 0 {
						t.Errorf("want unknown: %v, %d held", err, held)
					}
				case !allowed && (!errors.Is(err, authz.ErrDenied) || held != 0 || denials != 1):
					t.Errorf("want denied and recorded: %v, %d held, %d denials", err, held, denials)
				}
			})
		}
	}
}

func TestNobodyGrantsTheirOwnAccess(t *testing.T) {
	w := newWorld(t)
	hom := w.holder(authz.HOM, w.here, "")
	for name, g := range map[string]people.Grant{
		"Legal":               {Person: w.legal, Role: authz.DPO},
		"the head of mission": {Person: hom, Role: authz.FP, Mission: w.here},
	} {
		t.Run("separation of duties 8 "+name, func(t *testing.T) {
			before := len(w.as(g.Person).Grants)
			var err error
			denials := w.records(evidence.Denial, func() { _, err = w.GrantRole(w.ctx, w.as(g.Person), g) })
			if !errors.Is(err, people.ErrOwnAccess) || denials != 1 || len(w.as(g.Person).Grants) != before {
				t.Errorf("%v, %d denials", err, denials)
			}
		})
	}
	t.Run("separation of duties 8 nor ends it", func(t *testing.T) {
		var err error
		denials := w.records(evidence.Denial, func() { _, err = w.EndGrant(w.ctx, w.as(w.legal), w.as(w.legal).Grants[0].ID) })
		if !errors.Is(err, people.ErrOwnAccess) || denials != 1 || len(w.as(w.legal).Grants) != 1 {
			t.Errorf("%v, %d denials", err, denials)
		}
	})
}

func TestWhoMayHoldWhat(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name          string
		held          authz.Role
		role          authz.Role
		place, second people.Grant
		want          error
	}{
		{"separation of duties 9 an auditor takes another role", authz.OIG, authz.DPO, people.Grant{}, people.Grant{}, people.ErrInvalid},
		{"separation of duties 9 another becomes an auditor", authz.LEG, authz.OIG, people.Grant{}, people.Grant{}, people.ErrInvalid},
		{"separation of duties 10 a signatory downloads", authz.PSG, authz.PDL, people.Grant{Partner: partner}, people.Grant{Partner: partner}, people.ErrInvalid},
		{"separation of duties 10 a downloader signs", authz.PDL, authz.PSG, people.Grant{Partner: partner}, people.Grant{Partner: partner}, people.ErrInvalid},
		{"the same twice", authz.RO, authz.RO, people.Grant{Mission: w.here}, people.Grant{Mission: w.here}, people.ErrNotVacant},
		{"a partner's person for a mission", authz.PDL, authz.RO, people.Grant{Partner: partner}, people.Grant{Mission: w.here}, people.ErrInvalid},
		{"a partner's person at headquarters", authz.PSG, authz.LEG, people.Grant{Partner: partner}, people.Grant{}, people.ErrInvalid},
		{"a partner's person for another partner", authz.PDL, authz.PDL, people.Grant{Partner: partner}, people.Grant{Partner: "other"}, people.ErrInvalid},
		{"a person of a mission for a partner", authz.RO, authz.PDL, people.Grant{Mission: w.here}, people.Grant{Partner: partner}, people.ErrInvalid},
		{"two roles of a mission", authz.RO, authz.FP, people.Grant{Mission: w.here}, people.Grant{Mission: w.here}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := c.second
			g.Person, g.Role = w.holder(c.held, c.place.Mission, c.place.Partner), c.role
			_, err := w.GrantRole(w.ctx, w.as(w.legal), g)
			if !errors.Is(err, c.want) {
				t.Errorf("%v", err)
			}
			if held := len(w.as(g.Person).Grants); held != 1 && c.want != nil {
				t.Errorf("%d roles held", held)
			}
		})
	}
	t.Run("separation of duties 9 an auditor no more", func(t *testing.T) {
		id := w.holder(authz.OIG, "", "")
		_, err := w.EndGrant(w.ctx, w.as(w.legal), w.as(id).Grants[0].ID)
		w.must(err)
		_, err = w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: id, Role: authz.DPO})
		w.must(err)
	})
}

func TestGrantsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	for name, g := range map[string]people.Grant{
		"separation of duties 8 SYS":  {Role: authz.SYS},
		"an unknown role":             {Role: "ADMIN"},
		"a mission's role nowhere":    {Role: authz.RO},
		"a partner's role nowhere":    {Role: authz.PDL},
		"a mission's at a partner":    {Role: authz.RO, Partner: partner},
		"a partner's at a mission":    {Role: authz.PDL, Mission: w.here},
		"headquarters' at a mission":  {Role: authz.LEG, Mission: w.here},
		"a mission's at both":         {Role: authz.RO, Mission: w.here, Partner: partner},
		"headquarters' for a partner": {Role: authz.DPO, Partner: partner},
	} {
		t.Run(name, func(t *testing.T) {
			g.Person = w.second
			if _, err := w.GrantRole(w.ctx, w.as(w.legal), g); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
	if _, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: "nobody", Role: authz.DPO}); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("to nobody: %v", err)
	}
	id := w.person("", "")
	if _, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: id, Role: authz.RO, Mission: "none"}); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("in an unknown mission: %v", err)
	}
}

func TestAGrantThatHasEnded(t *testing.T) {
	w := newWorld(t)
	id := w.holder(authz.RO, w.here, "")
	granted := w.as(id).Grants[0]
	var ended people.Grant
	changes := w.records(evidence.Change, func() {
		var err error
		ended, err = w.EndGrant(w.ctx, w.as(w.legal), granted.ID)
		w.must(err)
	})
	if changes != 1 || len(w.as(id).Grants) != 0 || ended.Version != 2 || ended.Until == nil {
		t.Errorf("%d entries, %+v", changes, ended)
	}
	if ended.HeldAt(*ended.Until) || !ended.HeldAt(ended.Until.Add(-time.Microsecond)) || ended.HeldAt(ended.From.Add(-time.Microsecond)) || !ended.HeldAt(ended.From) {
		t.Error("a grant is held from its first instant until before its last")
	}
	if ended.LiveAt(ended.From) {
		t.Error("a grant that was ended is live where the clock is behind")
	}
	if _, err := w.EndGrant(w.ctx, w.as(w.legal), granted.ID); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: id, Role: authz.RO, Mission: w.here}); err != nil {
		t.Errorf("granted again: %v", err)
	}
	p, err := w.Person(w.ctx, w.as(w.legal), id)
	if err != nil || len(p.Grants) != 2 {
		t.Errorf("who held what when is lost: %v, %v", p.Grants, err)
	}
}

func TestWhoMayEndAGrant(t *testing.T) {
	w := newWorld(t)
	fp := w.as(w.holder(authz.FP, w.here, ""))
	hom := w.as(w.holder(authz.HOM, w.here, "")).Grants[0].ID
	t.Run("separation of duties 8 a focal point does not end the head", func(t *testing.T) {
		if _, err := w.EndGrant(w.ctx, fp, hom); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
	})
	t.Run("another mission's answers as an unknown one", func(t *testing.T) {
		away := w.as(w.holder(authz.RO, w.there, "")).Grants[0].ID
		_, other := w.EndGrant(w.ctx, fp, away)
		_, none := w.EndGrant(w.ctx, fp, "none")
		if !errors.Is(other, evidence.ErrNotFound) || !errors.Is(none, evidence.ErrNotFound) || other.Error() != none.Error() {
			t.Errorf("%v and %v", other, none)
		}
	})
}

func TestWhoseRolesOneMayGrant(t *testing.T) {
	w := newWorld(t)
	granters := map[string]authz.Caller{"FP": w.as(w.holder(authz.FP, w.here, "")), "HOM": w.as(w.holder(authz.HOM, w.here, ""))}
	for name, c := range granters {
		for kind, person := range map[string]string{
			"of another mission": w.person(w.there, ""), "who serves another mission": w.holder(authz.RO, w.there, ""),
			"of headquarters": w.person("", ""), "of Legal": w.second,
		} {
			t.Run("another's person answers as an unknown one: "+name+" to one "+kind, func(t *testing.T) {
				before := len(w.as(person).Grants)
				var other, none error
				changes := w.records(evidence.Change, func() {
					_, other = w.GrantRole(w.ctx, c, people.Grant{Person: person, Role: authz.RO, Mission: w.here})
					_, none = w.GrantRole(w.ctx, c, people.Grant{Person: newID(), Role: authz.RO, Mission: w.here})
				})
				if !errors.Is(other, evidence.ErrNotFound) || !errors.Is(none, evidence.ErrNotFound) || other.Error() != none.Error() {
					t.Errorf("%v and %v", other, none)
				}
				if changes != 0 || len(w.as(person).Grants) != before {
					t.Errorf("%d changes", changes)
				}
			})
		}
	}
	t.Run("Legal grants a role here to a person of another mission", func(t *testing.T) {
		id := w.holder(authz.RO, w.there, "")
		_, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: id, Role: authz.RO, Mission: w.here})
		w.must(err)
		if held := len(w.as(id).Grants); held != 2 {
			t.Errorf("%d roles held", held)
		}
	})
}
