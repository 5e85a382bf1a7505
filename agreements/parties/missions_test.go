package parties_test

import (
	"errors"
	"testing"

	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// both holds the role in both missions.
func both(person string, role authz.Role) authz.Caller {
	c := caller(person, role, here, "")
	c.Grants = append(c.Grants, authz.Grant{ID: "g2", Version: 1, Role: role, Mission: there})
	return c
}

func TestWhosePartnerItIs(t *testing.T) {
	r := register(t)
	elsewhere := both("fp", authz.FP)
	elsewhere.Grants[1].Role = authz.RO
	for _, c := range []struct {
		name        string
		by          authz.Caller
		named, want string
		err         error
	}{
		{"of the only mission of the focal point", caller("fp", authz.FP, here, ""), "", here, nil},
		{"of the mission that the focal point names", caller("fp", authz.FP, here, ""), here, here, nil},
		{"of the mission that a focal point of two names", both("fp", authz.FP), there, there, nil},
		{"a focal point of two names one", both("fp", authz.FP), "", "", people.ErrInvalid},
		{"a focal point who serves elsewhere too names one", elsewhere, "", "", people.ErrInvalid},
		{"not of a mission where the focal point is an officer", elsewhere, there, "", authz.ErrDenied},
		{"another mission is unknown to a focal point", caller("fp", authz.FP, here, ""), there, "", evidence.ErrNotFound},
		{"of no mission, by Legal", caller("leg", authz.LEG, "", ""), "", "", nil},
		{"of any mission, by Legal", caller("leg", authz.LEG, "", ""), there, there, nil},
		{"of a mission that is not there, by Legal", caller("leg", authz.LEG, "", ""), "0190", "", evidence.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, err := r.Parties(t.Context(), caller("dpo", authz.DPO, "", ""))
			if err != nil {
				t.Fatal(err)
			}
			p, err := r.Create(t.Context(), c.by, of(c.named))
			if !errors.Is(err, c.err) || err == nil && p.Mission != c.want {
				t.Errorf("%q, %v", p.Mission, err)
			}
			after, err := r.Parties(t.Context(), caller("dpo", authz.DPO, "", ""))
			if err != nil || len(after) > len(before) != (c.err == nil) {
				t.Errorf("%d, then %d partners, %v", len(before), len(after), err)
			}
		})
	}
}

// A vetting holds for every mission, so one mission's head has no say over
// another's partner.
func TestWhoseHeadVets(t *testing.T) {
	r := register(t)
	leg, hom := caller("leg", authz.LEG, "", ""), caller("hom", authz.HOM, here, "")
	other, colleague := caller("hom2", authz.HOM, there, ""), caller("leg2", authz.LEG, "", "")
	state := func(id string) parties.State {
		p, err := r.Party(t.Context(), leg, id)
		if err != nil {
			t.Fatal(err)
		}
		return p.State
	}
	made := func(by authz.Caller, mission string) string {
		p, err := r.Create(t.Context(), by, of(mission))
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	t.Run("PARTNER_BLOCKED another mission's head cannot block it, nor unblock it", func(t *testing.T) {
		id := made(caller("fp", authz.FP, here, ""), "")
		if _, err := r.Vet(t.Context(), hom, id, true, "visited"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Vet(t.Context(), other, id, false, "x"); !errors.Is(err, authz.ErrDenied) || state(id) != parties.Vetted {
			t.Errorf("blocked: %v, %s", err, state(id))
		}
		if _, err := r.Vet(t.Context(), hom, id, false, "closed"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Vet(t.Context(), other, id, true, "x"); !errors.Is(err, authz.ErrDenied) || state(id) != parties.Blocked {
			t.Errorf("unblocked: %v, %s", err, state(id))
		}
	})
	t.Run("PARTNER_UNVETTED another mission's head cannot vet it", func(t *testing.T) {
		id := made(leg, here)
		if _, err := r.Vet(t.Context(), other, id, true, "x"); !errors.Is(err, authz.ErrDenied) || state(id) != parties.Registered {
			t.Errorf("%v, %s", err, state(id))
		}
		if p, err := r.Vet(t.Context(), both("hom3", authz.HOM), id, true, "visited"); err != nil || p.State != parties.Vetted || p.Mission != here {
			t.Errorf("a head of both: %+v, %v", p, err)
		}
	})
	t.Run("PARTNER_UNVETTED headquarters' own partner is vetted by Legal alone", func(t *testing.T) {
		id := made(leg, "")
		for _, head := range []authz.Caller{hom, other, both("hom3", authz.HOM)} {
			if _, err := r.Vet(t.Context(), head, id, true, "x"); !errors.Is(err, authz.ErrDenied) || state(id) != parties.Registered {
				t.Errorf("%s: %v, %s", head.Person, err, state(id))
			}
		}
		if p, err := r.Vet(t.Context(), colleague, id, true, "checked"); err != nil || p.State != parties.Vetted {
			t.Errorf("Legal: %+v, %v", p, err)
		}
	})
	t.Run("Legal vets any mission's", func(t *testing.T) {
		if p, err := r.Vet(t.Context(), colleague, made(leg, there), true, "checked"); err != nil || p.State != parties.Vetted {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
