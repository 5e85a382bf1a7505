package identity_test

import (
	"errors"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
)

func TestFewTokensAreMadeWithOne(t *testing.T) {
	w := newWorld(t)
	ro := w.holder(w.here, "", authz.RO)
	_, secret := w.issued(ro, 2*day)
	_, other := w.issued(ro, 2*day)
	var last identity.Token
	for range 20 { // as many as the shipped rules allow
		last, _ = w.renewed(secret, day)
	}
	c, err := w.Authenticate(w.ctx, secret)
	w.must(err)
	t.Run("R50 one more is refused, and says what to do", func(t *testing.T) {
		made, s, err := w.Issue(w.ctx, c, ro, day, nil)
		if !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), "revoke one") || made.ID != "" || s.Reveal() != "" {
			t.Errorf("%+v, %v", made, err)
		}
	})
	t.Run("R50 another token makes its own, and another person hands one over", func(t *testing.T) {
		w.renewed(other, day)
		w.issued(ro, day)
	})
	t.Run("R50 in the place of one that was revoked, there may be one", func(t *testing.T) {
		_, err := w.Revoke(w.ctx, c, last.ID)
		w.must(err)
		w.renewed(secret, day)
		if _, _, err := w.Issue(w.ctx, c, ro, day, nil); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
	t.Run("R50 and once they have ended, there may be as many again", func(t *testing.T) {
		w.clock.Add(day)
		for range 20 { // as many as the shipped rules allow
			w.renewed(secret, day)
		}
	})
}
