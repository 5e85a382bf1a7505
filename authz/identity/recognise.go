package identity

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// Authenticate recognises the holder of secret and reads the grants that they
// hold now. It answers ErrUnknown for whatever is not a live token; another
// error means that the register cannot be read. Where the rules in force cannot
// be believed the holder is locked but for what takes away, and their training
// and undertaking are judged by those records alone (people.Standing.Unruled).
func (d *Desk) Authenticate(ctx context.Context, secret Secret) (authz.Caller, error) {
	c, err := d.recognise(ctx, secret, ruled)
	if rulebook.Altered(err) {
		c, err = d.recognise(ctx, secret, unruled)
		c.Locks = append(c.Locks, authz.LockUnruled)
	}
	if errors.Is(err, evidence.ErrTampered) {
		// A row written by hand makes nobody known; the store has raised the alarm.
		return authz.Caller{}, ErrUnknown
	}
	return c, err
}

// ruled and unruled are what a person's standing amounts to by the rules in
// force, and where these cannot be believed.
func ruled(ctx context.Context, tx Tx, person string, now time.Time) (people.Clearance, error) {
	cleared, err := people.Clear(ctx, tx, []string{person}, now)
	return cleared[person], err
}

func unruled(ctx context.Context, tx Tx, person string, now time.Time) (people.Clearance, error) {
	standing, err := tx.StandingOf(ctx, []string{person})
	return standing[person].Unruled(now), err
}

func (d *Desk) recognise(ctx context.Context, secret Secret, judge func(context.Context, Tx, string, time.Time) (people.Clearance, error)) (authz.Caller, error) {
	var c authz.Caller
	hash := secret.Hash()
	err := d.store.View(ctx, func(tx Tx) error {
		t, err := tx.TokenByHash(ctx, hash)
		if errors.Is(err, evidence.ErrNotFound) {
			return ErrUnknown
		} else if err != nil {
			return err
		}
		now := d.office.Time()
		if subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) != 1 {
			return ErrUnknown
		}
		if live, err := Live(ctx, tx, t, now); err != nil || !live {
			return cmp.Or(err, ErrUnknown)
		}
		clearance, err := judge(ctx, tx, t.Person, now)
		if err != nil {
			return err
		}
		if clearance.Stopped() {
			return ErrUnknown // R42: a suspended user's token is nobody's
		}
		grants, err := tx.GrantsOf(ctx, t.Person)
		if err != nil {
			return err
		}
		c = authz.Caller{
			Person: t.Person, Token: t.ID, Root: t.Root, Assurance: t.Assurance, Scope: t.Scope, RolesAsOf: t.RolesAsOf, Locks: clearance.Locks(),
		}
		for _, g := range grants {
			if g.LiveAt(now) && !g.From.After(t.RolesAsOf) {
				c.Grants = append(c.Grants, g.Held())
			}
		}
		return nil
	})
	if err != nil {
		return authz.Caller{}, err
	}
	return c, nil
}

// Live reports whether the token is honoured now, and the one that it was made
// with too.
func Live(ctx context.Context, tx TokenTx, t Token, now time.Time) (bool, error) {
	if !t.LiveAt(now) {
		return false, nil
	}
	root, err := RootOf(ctx, tx, t)
	return err == nil && t.LiveUnder(root, now), err
}

// RootOf reads the token with which t was made; nil where t was handed over, or
// where there is none such.
func RootOf(ctx context.Context, tx TokenTx, t Token) (*Token, error) {
	if t.Root == "" {
		return nil, nil //nolint:nilnil // most tokens have none, which is no error
	}
	root, err := tx.Token(ctx, t.Root)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil, nil //nolint:nilnil // then t is not live
	} else if err != nil {
		return nil, err
	}
	return &root, nil
}

// LiveUnder is Live of what was read before: the token and its root.
func (t Token) LiveUnder(root *Token, now time.Time) bool {
	return t.LiveAt(now) && (t.Root == "" || root != nil && root.LiveAt(now))
}
