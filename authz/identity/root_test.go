package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

// renewed is a token that its holder makes with the one of the secret.
func (w *world) renewed(with identity.Secret, life time.Duration) (identity.Token, identity.Secret) {
	w.t.Helper()
	c, err := w.Authenticate(w.ctx, with)
	w.must(err)
	t, s, err := w.Issue(w.ctx, c, c.Person, life, nil)
	w.must(err)
	return t, s
}

// honoured checks which of the secrets let in.
func (w *world) honoured(want bool, all ...identity.Secret) {
	w.t.Helper()
	for i, s := range all {
		c, err := w.Authenticate(w.ctx, s)
		if want && err != nil || !want && (!errors.Is(err, identity.ErrUnknown) || c.Person != "") {
			w.t.Errorf("token %d: %+v, %v", i, c, err)
		}
	}
}

func TestATokenMadeWithAnother(t *testing.T) {
	w := newWorld(t)
	ro := w.holder(w.here, "", authz.RO)
	root, secret := w.issued(ro, 2*day)
	t.Run("R50 one that is handed over has no root", func(t *testing.T) {
		if root.Root != "" || root.Expires != root.Created.Add(2*day) {
			t.Errorf("%+v", root)
		}
	})
	t.Run("R50 it never outlives the one that it is made with", func(t *testing.T) {
		if child, _ := w.renewed(secret, 90*day); child.Root != root.ID || child.Expires != root.Expires {
			t.Errorf("%+v", child)
		}
		if child, _ := w.renewed(secret, day); child.Root != root.ID || child.Expires != child.Created.Add(day) {
			t.Errorf("a shorter one: %+v", child)
		}
	})
	t.Run("R50 it makes none itself, so that ending a token ends all that came of it", func(t *testing.T) {
		_, renewed := w.renewed(secret, day)
		c, err := w.Authenticate(w.ctx, renewed)
		w.must(err)
		if token, s, err := w.Issue(w.ctx, c, ro, day, nil); !errors.Is(err, people.ErrInvalid) || token.ID != "" || s.Reveal() != "" {
			t.Errorf("%+v, %v", token, err)
		}
	})
	t.Run("R50 it is made with one's own token, which must be there", func(t *testing.T) {
		for name, id := range map[string]string{"none": "", "an unknown one": newID()} {
			c := w.as(ro)
			c.Token = id
			if token, s, err := w.Issue(w.ctx, c, ro, day, nil); !errors.Is(err, evidence.ErrNotFound) || token.ID != "" || s.Reveal() != "" {
				t.Errorf("%s: %+v, %v", name, token, err)
			}
		}
	})
}

func TestATokenEndsWithItsRoot(t *testing.T) {
	w := newWorld(t)
	ro := w.holder(w.here, "", authz.RO)
	t.Run("AUTH_INVALID by revocation", func(t *testing.T) {
		root, secret := w.issued(ro, 2*day)
		_, other := w.issued(ro, 2*day)
		_, child := w.renewed(secret, day)
		w.honoured(true, secret, child, other)
		_, err := w.Revoke(w.ctx, w.as(w.legal), root.ID)
		w.must(err)
		w.honoured(false, secret, child)
		w.honoured(true, other)
	})
	t.Run("AUTH_INVALID by its end", func(t *testing.T) {
		_, secret := w.issued(ro, 2*day)
		_, child := w.renewed(secret, 90*day)
		w.clock.Add(2*day - time.Minute)
		w.honoured(true, secret, child)
		w.clock.Add(time.Minute)
		w.honoured(false, secret, child)
	})
	t.Run("AUTH_INVALID by its end, whatever its own says", func(t *testing.T) {
		root, secret := w.issued(ro, 2*day)
		child, made := w.renewed(secret, day)
		root.Version, root.Expires = 2, w.office.Time()
		w.save(root)
		if !child.LiveAt(w.office.Time()) {
			t.Fatal("its own end came first")
		}
		w.honoured(false, secret, made)
	})
	t.Run("its root does not end with it", func(t *testing.T) {
		_, secret := w.issued(ro, 2*day)
		child, made := w.renewed(secret, day)
		_, err := w.Revoke(w.ctx, w.as(w.legal), child.ID)
		w.must(err)
		w.honoured(false, made)
		w.honoured(true, secret)
	})
}

func TestLive(t *testing.T) {
	w := newWorld(t)
	root, _ := w.issued(w.holder(w.here, "", authz.RO), day)
	gone, _ := w.issued(root.Person, day)
	gone, err := w.Revoke(w.ctx, w.as(w.legal), gone.ID)
	w.must(err)
	now := w.office.Time()
	at := func(root string) identity.Token { return identity.Token{Root: root, Expires: now.Add(time.Hour)} }
	for name, c := range map[string]struct {
		token identity.Token
		want  bool
	}{
		"one without a root": {at(""), true}, "one of a live root": {at(root.ID), true}, "one of a revoked root": {at(gone.ID), false},
		"one of a root that is not there": {at(newID()), false}, "an ended one of a live root": {identity.Token{Root: root.ID, Expires: now}, false},
		"a revoked one of a live root": {identity.Token{Root: root.ID, Expires: now.Add(time.Hour), Revoked: &now}, false},
		"an ended one without a root":  {identity.Token{Expires: now}, false},
	} {
		t.Run("AUTH_INVALID "+name, func(t *testing.T) {
			w.must(store.For[identity.Tx](w.store).View(w.ctx, func(tx identity.Tx) error {
				live, err := identity.Live(w.ctx, tx, c.token, now)
				if live != c.want {
					t.Errorf("%v", live)
				}
				return err
			}))
		})
	}
	t.Run("a root that cannot be read is an error, and nobody is let in", func(t *testing.T) {
		w.must(store.For[identity.Tx](w.store).View(w.ctx, func(tx identity.Tx) error {
			stopped, stop := context.WithCancel(w.ctx)
			stop()
			if live, err := identity.Live(stopped, tx, at(root.ID), now); err == nil || live {
				t.Errorf("%v, %v", live, err)
			}
			return nil
		}))
	})
}
