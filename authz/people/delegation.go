package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Origin is the post that a delegated grant is of (R35).
type Origin struct {
	Grant  string `json:"grant"`  // of the delegator
	Person string `json:"person"` // the delegator
}

// Delegation is what is asked for: a post of the caller's, for another person,
// from a moment until another.
type Delegation struct {
	To      string
	Role    authz.Role // HOM or FP of a mission; LEG or DPO of headquarters
	Mission string     // empty for LEG and DPO
	// Purposes are the tasks that go with it, all of one own grant (R23); where
	// there are none, those of the own grant that has the most.
	Purposes []string
	From     time.Time
	Until    time.Time // exclusive
}

// delegable says where the posts are held that may be delegated.
func delegable(role authz.Role) (authz.Place, bool) {
	place, _ := authz.PlaceOf(role)
	return place, slices.Contains([]authz.Role{authz.HOM, authz.FP, authz.LEG, authz.DPO}, role)
}

// at is the caller with the grants of one place: a post of a mission is not
// delegated under a role of headquarters.
func at(c authz.Caller, place authz.Place) authz.Caller {
	c.Grants = slices.DeleteFunc(slices.Clone(c.Grants), func(g authz.Grant) bool {
		held, _ := authz.PlaceOf(g.Role)
		return held != place
	})
	return c
}

// errBothSides keeps Legal and the data protection officer two, who check each
// other: nobody holds both while one of the two is delegated, by them or to them.
var errBothSides = fmt.Errorf("%w: a delegate never holds both sides, and Legal (LEG) and the data protection officer (DPO) are two (separation of duties 11)", ErrInvalid)

var errPlace = fmt.Errorf("%w: mission is needed for a post of a mission (HOM, FP), and left out for one of headquarters (LEG, DPO)", ErrInvalid)

func twoSides(a, b authz.Role) bool {
	return a == authz.LEG && b == authz.DPO || a == authz.DPO && b == authz.LEG
}

// apart refuses the grant beside one that is held of the other side, where either
// is delegated, or the one that is held has been delegated to somebody.
func (g Grant) apart(ctx context.Context, tx Tx, held Grant) error {
	if !twoSides(g.Role, held.Role) {
		return nil
	}
	if g.Origin != nil || held.Origin != nil {
		return errBothSides
	}
	delegated, err := tx.GrantsFrom(ctx, held.ID)
	if err == nil && slices.ContainsFunc(delegated, func(d Grant) bool { return !d.Ended && (d.Until == nil || d.Until.After(g.From)) }) {
		return errBothSides
	}
	return err
}

// Delegate gives the caller's own post to a named person for a time (R35): one of
// a mission, or one of headquarters to a person of headquarters. The post is held
// by both then, with the tasks of the caller's own grant (R23), or with some of
// them. It ends with that grant. A delegated post is not delegated further.
func (r *Register) Delegate(ctx context.Context, c authz.Caller, d Delegation) (Grant, error) {
	place, known := delegable(d.Role)
	if known && place == authz.AtMission && d.Mission == "" {
		return Grant{}, errPlace // not as a mission that there is not: it names none
	}
	if !c.In(d.Mission) {
		return Grant{}, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindGrant, Mission: d.Mission}
	asked := c
	if known {
		asked = at(c, place)
	}
	role, err := r.office.Authorise(ctx, asked, authz.PostDelegate, res)
	if err != nil {
		return Grant{}, err
	}
	now := r.office.Time()
	if d.From.Before(now) {
		d.From = now
	}
	d.From, d.Until = d.From.UTC().Truncate(time.Microsecond), d.Until.UTC().Truncate(time.Microsecond)
	switch {
	case !known:
		return Grant{}, fmt.Errorf("%w: the posts of the head of mission (HOM), the focal point (FP), Legal (LEG) and the data protection officer (DPO) are delegated", ErrInvalid)
	case (place == authz.AtHQ) != (d.Mission == ""):
		return Grant{}, errPlace
	case !d.Until.After(d.From):
		return Grant{}, fmt.Errorf("%w: a delegation ends after it begins", ErrInvalid)
	}
	if d.To == c.Person {
		return Grant{}, errors.Join(ErrOwnAccess, r.denyOwn(ctx, c, authz.PostDelegate, res)) // separation of duties 8
	}
	g := Grant{
		ID: r.office.NewID(), Version: 1, Person: d.To, Role: d.Role, Mission: d.Mission, From: d.From, Until: &d.Until,
		Actor: c.Person, Created: now, Updated: now,
	}
	res.ID = g.ID
	_, err = r.store.Update(ctx, func(tx Tx) error {
		// Of the delegator too: who ends their grant ends then what was delegated of it.
		if err := r.turn(ctx, tx, &g, d.To, c.Person); err != nil {
			return err
		}
		p, err := tx.Person(ctx, d.To)
		if err != nil || !p.KnownTo(c) {
			return cmp.Or(err, evidence.ErrNotFound) // another's person is as unknown as none
		}
		if place == authz.AtHQ && (p.Mission != "" || p.Partner != "") {
			return fmt.Errorf("%w: a post of headquarters is delegated to a person of headquarters", ErrInvalid)
		}
		book, err := tx.Rulebook(ctx)
		if err != nil {
			return err
		}
		if most := book.At(now).Rules.DelegationLife(); d.Until.Sub(d.From) > most {
			return fmt.Errorf("%w: a delegation lasts at most %d days", ErrInvalid, int(most.Hours()/24))
		}
		post, err := r.post(ctx, tx, c, d, now)
		if err != nil {
			return err
		}
		if held, err := Clear(ctx, tx, []string{c.Person}, now); err != nil || held[c.Person].Stopped() {
			return cmp.Or(err, authz.ErrDenied) // R42: suspended in this moment
		}
		g.Origin, g.Purposes = &Origin{Grant: post.ID, Person: c.Person}, post.Purposes
		if len(d.Purposes) > 0 {
			g.Purposes = slices.Compact(slices.Sorted(slices.Values(d.Purposes)))
		}
		if err := r.mayHold(ctx, tx, c, g); err != nil {
			return err
		}
		if err := tx.SaveGrant(ctx, g); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.PostDelegate, res))
	})
	switch {
	case errors.Is(err, authz.ErrDenied):
		return Grant{}, errors.Join(err, r.office.Deny(ctx, c, authz.PostDelegate, res, "AUTH_ROLE_DENIED"))
	case err != nil:
		return Grant{}, r.office.Ended(ctx, c, authz.PostDelegate, res, err)
	}
	return g, nil
}

// post is the caller's own grant of what is delegated. All tasks are of the one
// grant, whatever others the caller holds: the delegation ends with it (R35).
func (r *Register) post(ctx context.Context, tx Tx, c authz.Caller, d Delegation, now time.Time) (Grant, error) {
	held, err := tx.GrantsOf(ctx, c.Person)
	if err != nil {
		return Grant{}, err
	}
	if slices.ContainsFunc(held, func(g Grant) bool {
		return twoSides(g.Role, d.Role) && !g.Ended && (g.Until == nil || g.Until.After(now))
	}) {
		return Grant{}, errBothSides // the deputy would propose what the delegator approves
	}
	slices.SortStableFunc(held, func(a, b Grant) int { return cmp.Compare(len(b.Purposes), len(a.Purposes)) })
	for _, g := range held {
		if g.Role != d.Role || g.Mission != d.Mission || g.Origin != nil || !g.LiveAt(now) || (Grant{Purposes: d.Purposes}).adds(g) {
			continue
		}
		if g.Until != nil && d.Until.After(*g.Until) {
			return Grant{}, fmt.Errorf("%w: a delegation does not outlast your own grant", ErrInvalid)
		}
		return g, nil
	}
	return Grant{}, fmt.Errorf("%w: you hold no such post of your own, with these tasks under one grant; one that was delegated to you is not delegated further", ErrInvalid)
}

// endDelegated ends what was delegated of a grant, in the transaction that ends
// the grant or suspends its holder.
func (r *Register) endDelegated(ctx context.Context, tx Tx, origin, actor string, now time.Time) error {
	delegated, err := tx.GrantsFrom(ctx, origin)
	if err != nil {
		return err
	}
	for _, g := range delegated {
		if g.Ended {
			continue
		}
		g.end(actor, now)
		if err := tx.SaveGrant(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// end ends the grant by somebody's act, at now or when it was to end anyway.
func (g *Grant) end(actor string, now time.Time) {
	if g.Until == nil || now.Before(*g.Until) {
		g.Until = &now
	}
	g.Version, g.Ended, g.Actor, g.Updated = g.Version+1, true, actor, now
}
