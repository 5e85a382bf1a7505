package people_test

import (
	"errors"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

func TestWhoChangesAContact(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		by   authz.Caller
		of   string
		want error
	}{
		{"the focal point", w.as(w.holder(authz.FP, w.here, "")), w.here, nil},
		{"the head of mission", w.as(w.holder(authz.HOM, w.here, "")), w.here, nil},
		{"Legal, of any", w.as(w.legal), w.there, nil},
		{"Legal, of none that there is", w.as(w.legal), "none", evidence.ErrNotFound},
		{"a referral officer", w.as(w.holder(authz.RO, w.here, "")), w.here, authz.ErrDenied},
		{"the DPO", w.as(w.holder(authz.DPO, "", "")), w.here, authz.ErrDenied},
		{"an auditor", w.as(w.holder(authz.OIG, "", "")), w.here, authz.ErrDenied},
		{"the focal point of another mission", w.as(w.holder(authz.FP, w.there, "")), w.here, evidence.ErrNotFound},
		{"a partner", w.as(w.holder(authz.PSG, "", partner)), w.here, evidence.ErrNotFound},
	} {
		t.Run("R56 "+c.name, func(t *testing.T) {
			contact := " the post of " + c.name
			var m people.Mission
			var err error
			denials := 0
			changes := w.records(evidence.Change, func() {
				denials = w.records(evidence.Denial, func() { m, err = w.ChangeContact(w.ctx, c.by, c.of, contact) })
			})
			if !errors.Is(err, c.want) || (changes == 1) != (c.want == nil) || (denials == 1) != errors.Is(c.want, authz.ErrDenied) {
				t.Fatalf("%v, %d changes, %d denials", err, changes, denials)
			}
			if c.want != nil {
				return
			}
			now, err := w.Mission(w.ctx, w.as(w.legal), c.of)
			if err != nil || now.Contact != strings.TrimSpace(contact) || now.Version != m.Version || m.Actor != c.by.Person || now.Name == "" {
				t.Errorf("%+v, %v", now, err)
			}
			entries := w.entries(evidence.Change)
			if last := entries[len(entries)-1]; last.Action != authz.MissionAmend || len(last.Objects) != 1 || last.Objects[0].Version != m.Version {
				t.Errorf("the entry is %+v", last)
			}
		})
	}
}

func TestContactsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	for name, contact := range map[string]string{
		"R56 nobody": " ", "too long for a refusal": strings.Repeat("é", 301), "the one that it has": "focal point",
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := w.ChangeContact(w.ctx, w.as(w.legal), w.here, contact); !errors.Is(err, people.ErrInvalid) || m.ID != "" {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
	t.Run("as long as a refusal can carry", func(t *testing.T) {
		if m, err := w.ChangeContact(w.ctx, w.as(w.legal), w.here, strings.Repeat("é", 300)); err != nil || m.Version != 2 {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
