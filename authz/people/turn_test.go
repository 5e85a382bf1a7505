package people_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
)

// errNoTurn is the answer of turned to who judges grants without their turn.
var errNoTurn = errors.New("the grants of the person were read, or added to, without their turn")

// turned is the register's store, in which a change that saves a new grant has
// had the turn of its holder's grants since before it read any of them: an
// engine with one writer cannot show what happens otherwise.
type turned struct{ evidence.Store[people.Tx] }

func (s turned) Update(ctx context.Context, fn func(people.Tx) error) ([]string, error) {
	return s.Store.Update(ctx, func(tx people.Tx) error { return fn(&turnedTx{Tx: tx}) })
}

type turnedTx struct {
	people.Tx
	has, read []string
}

func (t *turnedTx) LockGrants(ctx context.Context, persons ...string) error {
	t.has = append(t.has, persons...)
	return t.Tx.LockGrants(ctx, persons...)
}

func (t *turnedTx) GrantsOf(ctx context.Context, person string) ([]people.Grant, error) {
	if !slices.Contains(t.has, person) {
		t.read = append(t.read, person)
	}
	return t.Tx.GrantsOf(ctx, person)
}

func (t *turnedTx) GrantsFrom(ctx context.Context, grant string) ([]people.Grant, error) {
	if len(t.has) == 0 {
		return nil, errNoTurn
	}
	return t.Tx.GrantsFrom(ctx, grant)
}

func (t *turnedTx) SaveGrant(ctx context.Context, g people.Grant) error {
	delegator := g.Origin != nil && !slices.Contains(t.has, g.Origin.Person)
	if g.Version == 1 && (!slices.Contains(t.has, g.Person) || slices.Contains(t.read, g.Person) || delegator) {
		return errNoTurn
	}
	return t.Tx.SaveGrant(ctx, g)
}

func TestTurnOfGrants(t *testing.T) {
	w := newWorld(t)
	w.Register = people.NewRegister(w.office, turned{store.For[people.Tx](w.store)}, proof{}, w.keys)
	hom, deputy := w.person(w.here, ""), w.person(w.here, "")
	t.Run("separation of duties 9 a grant has the turn of its holder's grants", func(t *testing.T) {
		if _, err := w.GrantRole(w.ctx, w.as(w.legal), people.Grant{Person: hom, Role: authz.HOM, Mission: w.here}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("separation of duties 9 a delegation, and of the delegator's", func(t *testing.T) {
		if _, err := w.Delegate(w.ctx, w.as(hom), people.Delegation{To: deputy, Role: authz.HOM, Mission: w.here, Until: w.clock.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("R42 a suspension ends what is delegated in its moment: it has the turn of the grants, and who waited for it is denied", func(t *testing.T) {
		if _, err := w.SuspendPerson(w.ctx, w.as(w.legal), hom, "looked into"); err != nil {
			t.Fatal(err)
		}
		before := w.as(hom) // as they came, before they were suspended
		_, err := w.Delegate(w.ctx, before, people.Delegation{To: deputy, Role: authz.HOM, Mission: w.here, Until: w.clock.Now().Add(time.Hour)})
		if !errors.Is(err, authz.ErrDenied) {
			t.Errorf("%v", err)
		}
	})
	t.Run("separation of duties 10 a nomination", func(t *testing.T) {
		psg := w.holder(authz.PSG, "", partner)
		n, err := w.Nominate(w.ctx, w.as(psg), people.Nomination{Partner: partner, Name: "Somebody"})
		w.must(err)
		if _, err := w.DecideNomination(w.ctx, w.as(w.legal), n.ID, true, ""); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhoseNominationsAreGranted(t *testing.T) {
	w := newWorld(t)
	const press = "01900000-0000-7000-8000-0000000000ee"
	w.register(press, "media")
	psg := authz.Caller{Person: newID(), Assurance: authz.AssuranceMFA, Grants: []authz.Grant{{Role: authz.PSG, Partner: press}}}
	n, err := w.Nominate(w.ctx, psg, people.Nomination{Partner: press, Name: "Somebody"})
	w.must(err)
	t.Run("RECIPIENT_CLASS_DENIED R21 none of a class that does not enrol", func(t *testing.T) {
		if denied := w.records(evidence.Denial, func() { _, err = w.DecideNomination(w.ctx, w.as(w.legal), n.ID, true, "") }); !errors.Is(err, people.ErrClassDenied) || denied != 1 {
			t.Errorf("%d denials, %v", denied, err)
		}
	})
}
