package terms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// ErrNotInForce says that a term is there, and does not count. It is a
// NotInForceError, and comes as a people.ErrInvalid.
var ErrNotInForce = errors.New("not in force")

// The states of a term that does not count.
const (
	StateProposed  = "proposed"
	StateToCome    = "approved"
	StateWithdrawn = "withdrawn"
)

// NotInForceError is ErrNotInForce with the state of the term. It is for the
// organisation's own people: Told leaves nothing of it for others.
type NotInForceError struct {
	Term  string // what it is called: "purpose"
	Code  string
	State string
	Since time.Time // from when it is withdrawn, or will be in force; zero where it is proposed
}

// Says is what it is, without the mend.
func (e *NotInForceError) Says() string {
	const day = "2006-01-02 15:04 UTC"
	text := "the " + e.Term + " " + e.Code + " is not in force: it is "
	switch {
	case e.State == StateToCome:
		return text + "approved from " + e.Since.UTC().Format(day) + " on"
	case e.State == StateWithdrawn && !e.Since.IsZero():
		return text + "withdrawn since " + e.Since.UTC().Format(day)
	default:
		return text + e.State
	}
}

// Mend is what to do instead.
func (e *NotInForceError) Mend() string {
	switch e.State {
	case StateToCome:
		return "wait until then"
	case StateWithdrawn:
		return "name another, or have Legal amend it"
	default:
		return "have the data protection officer approve it"
	}
}

// Error names term, state and mend.
func (e *NotInForceError) Error() string { return e.Says() + "; " + e.Mend() }

// Is makes it an ErrNotInForce.
func (e *NotInForceError) Is(target error) bool { return target == ErrNotInForce }

// standing is why a term of the course does not count.
func standing[V any](term, code string, c Course[V]) error {
	e := &NotInForceError{Term: term, Code: code, State: StateWithdrawn}
	switch {
	case c.Proposed && len(c.Next) > 0:
		e.State, e.Since = StateToCome, c.Next[0].EffectiveFrom
	case c.Proposed:
		e.State = StateProposed
	case c.Since != nil:
		e.Since = c.Since.EffectiveFrom
	}
	return fmt.Errorf("%w: %w", people.ErrInvalid, e)
}

// Told is err, of looking for a term that the caller names, as they may have it:
// what is unknown is a people.ErrInvalid that says so, and what is not in force is
// as unknown to whoever is not of the organisation.
func Told(c authz.Caller, term string, err error) error {
	if errors.Is(err, evidence.ErrNotFound) || errors.Is(err, ErrNotInForce) && !ours(c) {
		return fmt.Errorf("%w: unknown %s", people.ErrInvalid, term)
	}
	return err
}

// ours reports whether the caller is of the organisation itself.
func ours(c authz.Caller) bool { return c.AtHQ() || len(c.Missions()) > 0 }

// CodeInForce looks among the categories that are known for the one of a code
// that counts at t: evidence.ErrNotFound where there is none of that code,
// ErrNotInForce where it does not count then.
func CodeInForce(known []Category, code string, t time.Time) (Category, error) {
	i := slices.IndexFunc(known, func(k Category) bool { return k.Code == code })
	if i < 0 {
		return Category{}, evidence.ErrNotFound
	}
	k, counts := known[i].InForce(t)
	if !counts {
		return Category{}, standing("category", k.Code, k.Course)
	}
	return k, nil
}

// IDInForce is CodeInForce of purposes, by id.
func IDInForce(known []Purpose, id string, t time.Time) (Purpose, error) {
	i := slices.IndexFunc(known, func(p Purpose) bool { return p.ID == id })
	if i < 0 {
		return Purpose{}, evidence.ErrNotFound
	}
	p, counts := known[i].InForce(t)
	if !counts {
		return Purpose{}, standing("purpose", p.Code, p.Course)
	}
	return p, nil
}

// PurposeInForce reads a purpose as it is at t: evidence.ErrNotFound where there
// is none of the id, ErrNotInForce where it does not count then.
func PurposeInForce(ctx context.Context, tx interface {
	Purpose(ctx context.Context, id string) (Purpose, error)
}, id string, t time.Time,
) (Purpose, error) {
	p, err := tx.Purpose(ctx, id)
	if err != nil {
		return Purpose{}, err
	}
	return IDInForce([]Purpose{p}, id, t)
}
