package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/lifecycle"
)

// EnrolKey enrols a signing key of the caller's own, with proof that the
// caller holds its private half.
func (r *Register) EnrolKey(ctx context.Context, c authz.Caller, publicJWK, proof string) (Key, error) {
	if err := r.office.AuthoriseOwn(ctx, c, authz.KeyEnrol, authz.Resource{Kind: KindKey, Owner: c.Person}); err != nil {
		return Key{}, err
	}
	now := r.office.Time()
	thumb, err := r.proof.ProveKey(publicJWK, proof, c.Person, now)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKeyUnproven, err)
	}
	k := Key{ID: thumb, Version: 1, Person: c.Person, Public: publicJWK, Enrolled: now, Actor: c.Person, Created: now, Updated: now}
	e := r.office.Entry(c, "", evidence.Change, authz.KeyEnrol, authz.Resource{Kind: KindKey, ID: k.ID, Owner: c.Person})
	_, err = r.store.Update(ctx, func(tx Tx) error {
		book, err := tx.Rulebook(ctx)
		if err != nil {
			return err
		}
		k.Expires = now.Add(book.At(now).Rules.KeyLife())
		if err := tx.SaveKey(ctx, k); err != nil {
			return err
		}
		return tx.Record(ctx, e)
	})
	return k, err
}

// ConfirmKey records that Legal has seen what proves the owner's authority to
// sign; only then do signatures with the key count (condition 9).
func (r *Register) ConfirmKey(ctx context.Context, c authz.Caller, id, authority string) (Key, error) {
	return r.changeKey(ctx, c, id, "confirmed", func(k *Key, now time.Time) error {
		if strings.TrimSpace(authority) == "" {
			return fmt.Errorf("%w: name what proves the signing authority", ErrInvalid)
		}
		if k.Person == c.Person {
			return ErrOwnAccess
		}
		if k.Confirmed != nil || k.Revoked != nil || !now.Before(k.Expires) {
			return k.illegal("confirm", now, "it is neither confirmed, nor revoked, nor expired", "have its owner enrol another key, where this one does not sign")
		}
		k.Confirmed, k.By, k.Authority = &now, c.Person, authority
		return nil
	})
}

// RevokeKey ends a key: signatures made from now on do not count. By Legal.
func (r *Register) RevokeKey(ctx context.Context, c authz.Caller, id string) (Key, error) {
	return r.changeKey(ctx, c, id, authz.Revoked, func(k *Key, now time.Time) error {
		if k.Revoked != nil {
			return k.illegal("revoke", now, "it is not revoked yet", "nothing: no signature made with it from then on counts")
		}
		k.Revoked = &now
		return nil
	})
}

func (k Key) illegal(event string, now time.Time, guard, mend string) error {
	state := "enrolled"
	switch {
	case k.Revoked != nil:
		state = "revoked"
	case !now.Before(k.Expires):
		state = "expired"
	case k.Confirmed != nil:
		state = "confirmed"
	}
	return &lifecycle.TransitionError{Entity: KindKey, State: state, Event: event, Guard: guard, Mend: mend, Cause: evidence.ErrConflict}
}

func (r *Register) changeKey(ctx context.Context, c authz.Caller, id, result string, change func(*Key, time.Time) error) (Key, error) {
	res := authz.Resource{Kind: KindKey, ID: id}
	role, err := r.office.Authorise(ctx, c, authz.KeyConfirm, res)
	if err != nil {
		return Key{}, err
	}
	var k Key
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if k, err = tx.Key(ctx, id); err != nil {
			return err
		}
		now := r.office.Time()
		if err := change(&k, now); err != nil {
			return err
		}
		k.Version, k.Actor, k.Updated = k.Version+1, c.Person, now
		if err := tx.SaveKey(ctx, k); err != nil {
			return err
		}
		e := r.office.Entry(c, role, evidence.Change, authz.KeyConfirm, res)
		e.Result = result
		return tx.Record(ctx, e)
	})
	if errors.Is(err, ErrOwnAccess) { // R43
		return Key{}, errors.Join(err, r.office.Deny(ctx, c, authz.KeyConfirm, res, "AUTH_ROLE_DENIED"))
	}
	return k, r.office.Ended(ctx, c, authz.KeyConfirm, res, err)
}
