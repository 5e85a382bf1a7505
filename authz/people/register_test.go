package people_test

import (
	"errors"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

func TestMissions(t *testing.T) {
	w := newWorld(t)
	ro := w.as(w.holder(authz.RO, w.here, ""))
	t.Run("another mission answers as an unknown one", func(t *testing.T) {
		var other, none error
		denials := w.records(evidence.Denial, func() {
			_, other = w.Mission(w.ctx, ro, w.there)
			_, none = w.Mission(w.ctx, ro, "none")
		})
		if !errors.Is(other, evidence.ErrNotFound) || other.Error() != none.Error() || denials != 0 {
			t.Errorf("%v and %v, %d denials", other, none, denials)
		}
	})
	t.Run("one's own", func(t *testing.T) {
		m, err := w.Mission(w.ctx, ro, w.here)
		if err != nil || m.Country != "CO" || m.Version != 1 {
			t.Errorf("%+v, %v", m, err)
		}
		if list, err := w.Missions(w.ctx, ro); err != nil || len(list) != 1 || list[0].ID != w.here {
			t.Errorf("%v, %v", list, err)
		}
	})
	t.Run("headquarters sees all, and learns what is unknown", func(t *testing.T) {
		if list, err := w.Missions(w.ctx, w.as(w.legal)); err != nil || len(list) != 2 {
			t.Errorf("%v, %v", list, err)
		}
		if _, err := w.Mission(w.ctx, w.as(w.legal), "none"); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	})
	t.Run("a partner sees none", func(t *testing.T) {
		if list, err := w.Missions(w.ctx, w.as(w.holder(authz.PDL, "", partner))); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
	t.Run("only Legal makes one", func(t *testing.T) {
		if _, err := w.CreateMission(w.ctx, ro, people.Mission{Name: "New", Country: "CO", Contact: "x"}); !errors.Is(err, authz.ErrDenied) {
			t.Error(err)
		}
	})
	t.Run("R49 a mission makes its key first", func(t *testing.T) {
		if !w.keys.made[w.here] || !w.keys.made[w.there] || len(w.keys.made) != 2 {
			t.Errorf("keys made: %v", w.keys.made)
		}
		w.keys.broken = errors.New("sealed")
		defer func() { w.keys.broken = nil }()
		m, err := w.CreateMission(w.ctx, w.as(w.legal), people.Mission{Name: "New", Country: "CO", Contact: "x"})
		if !errors.Is(err, w.keys.broken) || m.ID != "" {
			t.Errorf("registered %q, %v", m.ID, err)
		}
	})
	for name, m := range map[string]people.Mission{
		"no name": {Name: " ", Country: "CO", Contact: "x"}, "no country": {Name: "N", Contact: "x"},
		"a long country": {Name: "N", Country: "COL", Contact: "x"}, "R56 no contact": {Name: "N", Country: "CO", Contact: " "},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := w.CreateMission(w.ctx, w.as(w.legal), m); !errors.Is(err, people.ErrInvalid) {
				t.Error(err)
			}
		})
	}
}

func TestWhoRegistersWhom(t *testing.T) {
	w := newWorld(t)
	fp, ro, dpo := w.as(w.holder(authz.FP, w.here, "")), w.as(w.holder(authz.RO, w.here, "")), w.as(w.holder(authz.DPO, "", ""))
	for _, c := range []struct {
		name string
		by   authz.Caller
		of   people.Person
		want error
	}{
		{"a focal point one of the mission", fp, people.Person{Name: "A", Mission: w.here}, nil},
		{"a focal point one of a partner", fp, people.Person{Name: "A", Partner: partner}, nil},
		{"a focal point one of another mission", fp, people.Person{Name: "A", Mission: w.there}, evidence.ErrNotFound},
		{"a focal point one of an unknown mission", fp, people.Person{Name: "A", Mission: "none"}, evidence.ErrNotFound},
		{"a focal point one of headquarters", fp, people.Person{Name: "A"}, evidence.ErrNotFound},
		{"a referral officer", ro, people.Person{Name: "A", Mission: w.here}, authz.ErrDenied},
		{"the DPO", dpo, people.Person{Name: "A"}, authz.ErrDenied},
		{"Legal anybody", w.as(w.legal), people.Person{Name: "A"}, nil},
		{"Legal in an unknown mission", w.as(w.legal), people.Person{Name: "A", Mission: "none"}, evidence.ErrNotFound},
		{"without a name", w.as(w.legal), people.Person{Name: "\t"}, people.ErrInvalid},
		{"of a mission and a partner", w.as(w.legal), people.Person{Name: "A", Mission: w.here, Partner: partner}, people.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := w.CreatePerson(w.ctx, c.by, c.of)
			if !errors.Is(err, c.want) || err == nil && (p.ID == "" || p.Version != 1 || p.Actor != c.by.Person) {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

func TestWhoReadsWhom(t *testing.T) {
	w := newWorld(t)
	ro, colleague := w.holder(authz.RO, w.here, ""), w.holder(authz.RO, w.here, "")
	away, downloader := w.holder(authz.RO, w.there, ""), w.holder(authz.PDL, "", partner)
	fp := w.holder(authz.FP, w.here, "")
	for _, c := range []struct {
		name, by, of string
		want         error
	}{
		{"oneself", ro, ro, nil},
		{"oneself of a partner", downloader, downloader, nil},
		{"a colleague", ro, colleague, authz.ErrDenied},
		{"the focal point one of the mission", fp, ro, nil},
		{"the focal point one of another mission", fp, away, evidence.ErrNotFound},
		{"the focal point nobody", fp, "none", evidence.ErrNotFound},
		{"the focal point one of headquarters", fp, w.legal, evidence.ErrNotFound},
		{"a downloader one of headquarters", downloader, w.legal, evidence.ErrNotFound},
		{"Legal anybody", w.legal, away, nil},
		{"the auditor anybody", w.holder(authz.OIG, "", ""), away, nil},
		{"the DPO", w.holder(authz.DPO, "", ""), away, authz.ErrDenied},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := w.Person(w.ctx, w.as(c.by), c.of)
			if !errors.Is(err, c.want) || err == nil && (p.ID != c.of || len(p.Grants) != 1) || err != nil && p.ID != "" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}
