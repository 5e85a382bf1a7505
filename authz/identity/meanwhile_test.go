package identity_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

// meanwhile is randomness that somebody waits for while others act.
type meanwhile func()

func (m meanwhile) Read(b []byte) (int, error) {
	m()
	return rand.Read(b)
}

// before is the register's store, in front of whose changes others act.
type before struct {
	evidence.Store[people.Tx]
	act func()
}

func (b before) Update(ctx context.Context, fn func(people.Tx) error) ([]string, error) {
	b.act()
	return b.Store.Update(ctx, fn)
}

func (w *world) carries(secret identity.Secret, role authz.Role) bool {
	w.t.Helper()
	w.clock.Add(time.Minute)
	c, err := w.Authenticate(w.ctx, secret)
	w.must(err)
	for _, g := range c.Grants {
		if g.Role == role {
			return true
		}
	}
	return false
}

func TestGrantedMeanwhile(t *testing.T) {
	w := newWorld(t)
	fp := w.holder(w.here, "", authz.FP)
	t.Run("separation of duties 8 a role granted while its token is made is asked for", func(t *testing.T) {
		person := w.holder(w.here, "", authz.RO)
		desk := identity.NewDesk(w.office, store.For[identity.Tx](w.store), meanwhile(func() { w.grant(person, authz.HOM, w.here, "") }))
		if token, secret, err := desk.Issue(w.ctx, w.as(fp), person, day, nil); !errors.Is(err, authz.ErrDenied) || token.ID != "" || secret.Reveal() != "" {
			t.Errorf("the focal point has a token of the head of mission: %v", err)
		}
	})
	t.Run("separation of duties 8 a token made while a role is granted does not carry it", func(t *testing.T) {
		person := w.holder(w.here, "", authz.RO)
		legal := w.as(w.legal)
		var secret identity.Secret
		register := people.NewRegister(w.office, before{store.For[people.Tx](w.store), func() {
			var err error
			_, secret, err = w.Issue(w.ctx, w.as(fp), person, day, nil)
			w.must(err)
		}}, nil, noKeys{})
		_, err := register.GrantRole(w.ctx, legal, people.Grant{Person: person, Role: authz.HOM, Mission: w.here})
		w.must(err)
		if w.carries(secret, authz.HOM) || !w.carries(secret, authz.RO) {
			t.Error("the focal point's token carries the head of mission's role")
		}
	})
	t.Run("separation of duties 8 nor where the clock of who grants is behind", func(t *testing.T) {
		person := w.holder(w.here, "", authz.RO)
		_, secret, err := w.Issue(w.ctx, w.as(fp), person, day, nil)
		w.must(err)
		slow := *w.office
		slow.Now = func() time.Time { return w.clock.Now().Add(-2 * time.Second) }
		register := people.NewRegister(&slow, store.For[people.Tx](w.store), nil, noKeys{})
		if _, err := register.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: person, Role: authz.HOM, Mission: w.here}); err != nil {
			t.Fatal(err)
		}
		if w.carries(secret, authz.HOM) {
			t.Error("the focal point's token carries the head of mission's role")
		}
	})
}
