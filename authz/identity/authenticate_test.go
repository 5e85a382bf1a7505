package identity_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/gateway/store"
)

// deskWithout is the desk with a source of randomness that runs dry.
func deskWithout(w *world) *identity.Desk {
	return identity.NewDesk(w.office, store.For[identity.Tx](w.store), strings.NewReader("short"))
}

func TestAuthenticate(t *testing.T) {
	w := newWorld(t)
	ro := w.holder(w.here, "", authz.RO)
	token, secret := w.issued(ro, day, authz.TransferRead)
	t.Run("a live token is its holder with the roles of now", func(t *testing.T) {
		c, err := w.Authenticate(w.ctx, secret)
		if err != nil || c.Person != ro || c.Token != token.ID || c.Assurance != authz.AssuranceVouched || len(c.Grants) != 1 ||
			c.Grants[0].Role != authz.RO || c.Grants[0].Mission != w.here || !c.Reaches(authz.TransferRead) || c.Reaches(authz.TransferRequest) {
			t.Errorf("%+v, %v", c, err)
		}
	})
	t.Run("roles are read fresh for each request", func(t *testing.T) {
		g := w.grant(ro, authz.FP, w.here, "")
		_, fresh := w.issued(ro, day)
		if c, err := w.Authenticate(w.ctx, fresh); err != nil || !c.Holds(authz.FP) {
			t.Errorf("after the grant: %+v, %v", c, err)
		}
		_, err := w.people.EndGrant(w.ctx, w.as(w.legal), g.ID)
		w.must(err)
		if c, err := w.Authenticate(w.ctx, fresh); err != nil || c.Holds(authz.FP) || !c.Holds(authz.RO) {
			t.Errorf("after its end: %+v, %v", c, err)
		}
	})
	t.Run("separation of duties 8 a role granted later comes to no older token, nor to one made with it", func(t *testing.T) {
		person := w.holder(w.here, "", authz.RO)
		_, kept := w.issued(person, day)
		w.grant(person, authz.FP, w.here, "")
		c, err := w.Authenticate(w.ctx, kept)
		if err != nil || c.Holds(authz.FP) || !c.Holds(authz.RO) {
			t.Errorf("the older token: %+v, %v", c, err)
		}
		_, renewed, err := w.Issue(w.ctx, c, person, day, nil)
		w.must(err)
		if c, err = w.Authenticate(w.ctx, renewed); err != nil || c.Holds(authz.FP) {
			t.Errorf("the renewed one: %+v, %v", c, err)
		}
	})
	t.Run("AUTH_INVALID unknown", func(t *testing.T) {
		other, err := identity.NewSecret(rand.Reader)
		w.must(err)
		for _, s := range []identity.Secret{other, {}} {
			if c, err := w.Authenticate(w.ctx, s); !errors.Is(err, identity.ErrUnknown) || c.Person != "" {
				t.Errorf("%+v, %v", c, err)
			}
		}
	})
	t.Run("AUTH_INVALID revoked", func(t *testing.T) {
		gone, s := w.issued(ro, day)
		got, err := w.Revoke(w.ctx, w.as(w.legal), gone.ID)
		w.must(err)
		if c, err := w.Authenticate(w.ctx, s); !errors.Is(err, identity.ErrUnknown) || c.Person != "" {
			t.Errorf("%+v, %v", c, err)
		}
		if got.LiveAt(*got.Revoked) || got.LiveAt(got.Created) {
			t.Error("a revoked token is honoured where the clock is behind")
		}
		if _, err := w.Revoke(w.ctx, w.as(w.legal), gone.ID); !errors.Is(err, evidence.ErrConflict) {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.Revoke(w.ctx, w.as(w.legal), "none"); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("an unknown one: %v", err)
		}
	})
	t.Run("AUTH_INVALID expired", func(t *testing.T) {
		if token.LiveAt(token.Expires) || !token.LiveAt(token.Expires.Add(-time.Microsecond)) {
			t.Error("the end is exclusive")
		}
		w.clock.Add(day)
		if c, err := w.Authenticate(w.ctx, secret); !errors.Is(err, identity.ErrUnknown) || c.Person != "" {
			t.Errorf("%+v, %v", c, err)
		}
	})
	t.Run("a register that cannot be read is no unknown credential", func(t *testing.T) {
		_, s := w.issued(ro, day)
		gone, stop := context.WithCancel(w.ctx)
		stop()
		if c, err := w.Authenticate(gone, s); err == nil || errors.Is(err, identity.ErrUnknown) || c.Person != "" {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// The database holds no secret: what is stolen from it opens nothing.
func TestTheSecretIsNotStored(t *testing.T) {
	w := newWorld(t)
	token, secret := w.issued(w.holder(w.here, "", authz.RO), day)
	w.must(store.For[identity.Tx](w.store).View(w.ctx, func(tx identity.Tx) error {
		stored, err := tx.Token(w.ctx, token.ID)
		if stored.Hash == secret.Reveal() || stored.Hash != secret.Hash() || strings.Contains(stored.Hash, identity.Prefix) {
			t.Errorf("%+v", stored)
		}
		return err
	}))
	if _, err := identity.ParseSecret(token.Hash); !errors.Is(err, identity.ErrUnknown) {
		t.Error("the hash is taken for a secret")
	}
}
