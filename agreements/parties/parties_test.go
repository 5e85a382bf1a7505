package parties_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

const (
	here  = "01900000-0000-7000-8000-00000000000a"
	there = "01900000-0000-7000-8000-00000000000b"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// caller holds one role: of a mission, of a partner, or of headquarters.
func caller(person string, role authz.Role, mission, partner string) authz.Caller {
	return authz.Caller{Person: person, Grants: []authz.Grant{{ID: "g", Version: 1, Role: role, Mission: mission, Partner: partner}}}
}

func noon() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

// register is a register over the real embedded store, with two missions.
func register(t *testing.T) *parties.Register { return registerAt(t, noon) }

// registerAt is register by a clock.
func registerAt(t *testing.T, now func() time.Time) *parties.Register {
	t.Helper()
	s, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "parties.db"), store.Options{Now: now, NewID: newID, Random: rand.Reader, Authority: evidencetest.Authority()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.For[people.Tx](s).Update(t.Context(), func(tx people.Tx) error {
		office := &evidence.Office{Now: now, NewID: newID, Policy: "test"}
		for _, id := range []string{here, there} {
			if err := tx.SaveMission(t.Context(), people.Mission{ID: id, Version: 1, Name: "Mission", Country: "CO", Created: now(), Updated: now()}); err != nil {
				return err
			}
		}
		return tx.Record(t.Context(), office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.found", authz.Resource{Kind: people.KindMission}))
	}); err != nil {
		t.Fatal(err)
	}
	enforcer, err := authz.NewEnforcer(authz.Config{})
	if err != nil {
		t.Fatal(err)
	}
	office := &evidence.Office{Enforcer: enforcer, Denials: store.For[evidence.Recorder](s), Now: now, NewID: newID, Policy: "test"}
	return parties.NewRegister(office, store.For[parties.Tx](s))
}

// of is a partner of the mission.
func of(mission string) parties.Party {
	p := ngo()
	p.Mission = mission
	return p
}

func ngo() parties.Party { return parties.Party{Name: " Relief ", Kind: parties.NGO, Country: "co"} }

func TestCreate(t *testing.T) {
	r := register(t)
	for name, c := range map[string]struct {
		by   authz.Caller
		want error
	}{
		"the focal point": {caller("fp", authz.FP, here, ""), nil}, "Legal": {caller("leg", authz.LEG, "", ""), nil},
		"an officer": {caller("ro", authz.RO, here, ""), authz.ErrDenied}, "the head": {caller("hom", authz.HOM, here, ""), authz.ErrDenied},
		"an auditor": {caller("oig", authz.OIG, "", ""), authz.ErrDenied}, "a signatory": {caller("psg", authz.PSG, "", "p"), authz.ErrDenied},
	} {
		t.Run("by "+name, func(t *testing.T) {
			p, err := r.Create(t.Context(), c.by, ngo())
			if !errors.Is(err, c.want) {
				t.Fatal(err)
			}
			if err == nil && (p.State != parties.Registered || p.Name != "Relief" || p.Country != "CO" || p.Registrar != c.by.Person) {
				t.Errorf("%+v", p)
			}
		})
	}
	t.Run("PARTNER_UNVETTED whatever is claimed", func(t *testing.T) {
		claimed := ngo()
		claimed.ID, claimed.State, claimed.Version = "mine", parties.Vetted, 8
		claimed.DueDiligence = &parties.DueDiligence{Result: "passed"}
		p, err := r.Create(t.Context(), caller("fp", authz.FP, here, ""), claimed)
		if err != nil || p.State != parties.Registered || p.DueDiligence != nil || p.Version != 1 || p.ID == "mine" {
			t.Errorf("%+v, %v", p, err)
		}
	})
	for name, p := range map[string]parties.Party{
		"no name": {Name: " ", Kind: parties.NGO, Country: "CO"}, "no country": {Name: "N", Kind: parties.NGO},
		"a long country": {Name: "N", Kind: parties.NGO, Country: "COL"}, "an unknown kind": {Name: "N", Kind: "club", Country: "CO"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := r.Create(t.Context(), caller("fp", authz.FP, here, ""), p); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
}

func TestVet(t *testing.T) {
	r := register(t)
	leg, hom := caller("leg", authz.LEG, "", ""), caller("hom", authz.HOM, here, "")
	p, err := r.Create(t.Context(), leg, of(here))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		by   authz.Caller
		want error
	}{
		"who registered it": {leg, people.ErrOwnAccess}, "a focal point": {caller("fp", authz.FP, here, ""), authz.ErrDenied},
		"the DPO": {caller("dpo", authz.DPO, "", ""), authz.ErrDenied}, "itself": {caller("psg", authz.PSG, "", p.ID), authz.ErrDenied},
		"another mission's head": {caller("hom2", authz.HOM, there, ""), authz.ErrDenied},
	} {
		t.Run("PARTNER_UNVETTED not by "+name, func(t *testing.T) {
			if _, err := r.Vet(t.Context(), c.by, p.ID, true, "x"); !errors.Is(err, c.want) {
				t.Error(err)
			}
		})
	}
	t.Run("PARTNER_BLOCKED failed", func(t *testing.T) {
		got, err := r.Vet(t.Context(), hom, p.ID, false, "no office")
		if err != nil || got.State != parties.Blocked || got.DueDiligence.Result != "failed" || got.DueDiligence.By != "hom" || got.Version != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("PARTNER_BLOCKED nor is it unblocked by who registered it", func(t *testing.T) {
		if _, err := r.Vet(t.Context(), leg, p.ID, true, "x"); !errors.Is(err, people.ErrOwnAccess) {
			t.Error(err)
		}
	})
	t.Run("passed", func(t *testing.T) {
		got, err := r.Vet(t.Context(), hom, p.ID, true, "visited")
		if err != nil || got.State != parties.Vetted || got.DueDiligence.Result != "passed" || got.Registrar != "leg" {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("PARTNER_UNKNOWN", func(t *testing.T) {
		if _, err := r.Vet(t.Context(), hom, "none", true, ""); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	})
}

func TestWhoReadsPartners(t *testing.T) {
	r := register(t)
	fp := caller("fp", authz.FP, here, "")
	mine, err := r.Create(t.Context(), fp, ngo())
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.Create(t.Context(), fp, ngo())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		by   authz.Caller
		sees int
	}{
		"an officer": {caller("ro", authz.RO, here, ""), 2}, "the DPO": {caller("dpo", authz.DPO, "", ""), 2},
		"its signatory": {caller("psg", authz.PSG, "", mine.ID), 1}, "its downloader": {caller("pdl", authz.PDL, "", mine.ID), 1},
		"somebody without a role": {authz.Caller{Person: "x"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := r.Parties(t.Context(), c.by)
			if err != nil || len(list) != c.sees {
				t.Errorf("%d listed, %v", len(list), err)
			}
			_, ofOther := r.Party(t.Context(), c.by, other.ID)
			_, none := r.Party(t.Context(), c.by, "none")
			if !errors.Is(none, evidence.ErrNotFound) {
				t.Errorf("an unknown one: %v", none)
			}
			if c.sees < 2 && (!errors.Is(ofOther, evidence.ErrNotFound) || ofOther.Error() != none.Error()) || c.sees == 2 && ofOther != nil {
				t.Errorf("another: %v", ofOther)
			}
			if _, err := r.Party(t.Context(), c.by, mine.ID); (err == nil) != (c.sees > 0) {
				t.Errorf("one's own: %v", err)
			}
		})
	}
}
