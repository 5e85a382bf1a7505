package people_test

import (
	"errors"
	"testing"

	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

// register has the partner on record, as of the class.
func (w *world) register(id, class string) {
	w.t.Helper()
	now := w.office.Time()
	p := parties.Party{ID: id, Version: 1, Name: "Relief", Kind: parties.NGO, Class: class, Country: "CO", State: parties.Registered, Created: now, Updated: now}
	_, err := store.For[parties.Tx](w.store).Update(w.ctx, func(tx parties.Tx) error {
		if err := tx.SaveParty(w.ctx, p); err != nil {
			return err
		}
		return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.found", authz.Resource{Kind: parties.KindParty, ID: p.ID}))
	})
	w.must(err)
}

func TestWhosePeopleEnrol(t *testing.T) {
	w := newWorld(t)
	for class, want := range map[string]error{
		"": nil, "service_provider": nil, "un_io": people.ErrClassDenied, // of that class are other kinds
		"other_participants": people.ErrClassDenied, "public": people.ErrClassDenied, "media": people.ErrClassDenied,
	} {
		for _, role := range []authz.Role{authz.PSG, authz.PDL} {
			t.Run("RECIPIENT_CLASS_DENIED R21 "+string(role)+" of "+class, func(t *testing.T) {
				id := newID()
				w.register(id, class)
				g := people.Grant{Person: w.person("", id), Role: role, Partner: id}
				denials := w.records(evidence.Denial, func() {
					if _, err := w.GrantRole(w.ctx, w.as(w.legal), g); !errors.Is(err, want) {
						t.Error(err)
					}
				})
				if recorded := denials == 1; recorded != (want != nil) {
					t.Errorf("%d denials are recorded", denials)
				}
			})
		}
	}
	t.Run("PARTNER_UNKNOWN of a partner that is not there", func(t *testing.T) {
		id := newID()
		if _, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: w.person("", id), Role: authz.PDL, Partner: id}); !errors.Is(err, evidence.ErrNotFound) {
			t.Error(err)
		}
	})
}
