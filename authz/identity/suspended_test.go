package identity_test

import (
	"errors"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/identity"
)

func TestASuspendedUser(t *testing.T) {
	w := newWorld(t)
	ro := w.holder(w.here, "", authz.RO)
	_, secret := w.issued(ro, day)
	if c, err := w.Authenticate(w.ctx, secret); err != nil || len(c.Locks) != 0 || len(c.Grants) != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	_, err := w.people.SuspendPerson(w.ctx, w.as(w.legal), ro, "an incident")
	w.must(err)
	t.Run("R42 AUTH_INVALID at once", func(t *testing.T) {
		if c, err := w.Authenticate(w.ctx, secret); !errors.Is(err, identity.ErrUnknown) || c.Person != "" {
			t.Errorf("%+v, %v", c, err)
		}
	})
	dpo := w.holder("", "", authz.DPO)
	_, err = w.people.LiftPerson(w.ctx, w.as(dpo), ro, "closed")
	w.must(err)
	t.Run("R42 lifted", func(t *testing.T) {
		if c, err := w.Authenticate(w.ctx, secret); err != nil || c.Person != ro {
			t.Errorf("%+v, %v", c, err)
		}
	})
	t.Run("R44 R23 the roles are locked in time", func(t *testing.T) {
		w.clock.Add(700 * day)
		_, secret := w.issued(ro, 80*day)
		w.clock.Add(40 * day)
		if c, err := w.Authenticate(w.ctx, secret); err != nil || len(c.Locks) != 2 {
			t.Errorf("%+v, %v", c.Locks, err)
		}
	})
}
