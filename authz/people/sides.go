package people

import (
	"context"
	"errors"
	"slices"
	"time"

	"safeconduct/authz"
)

// ErrSameSide says that an act takes another person than the one who did its
// counterpart, or than one who holds the same post by delegation (separation of
// duties 11).
var ErrSameSide = errors.New("this takes another person than who did its counterpart, and a deputy counts as the one whose post it is")

// OneSide reports whether two persons count as one where an act takes two: they
// are the same, or from since until now one held a post that the other had
// delegated, or both held one post by delegation (domain.md section 4: a
// delegate never holds both sides). Grants are those of both, ended ones too.
func OneSide(a, b string, since, now time.Time, grants []Grant) bool {
	if a == b {
		return true
	}
	posts := map[string]bool{} // that a held by delegation
	held := func(g Grant) bool {
		return g.Origin != nil && !g.From.After(now) && (g.Until == nil || g.Until.After(since))
	}
	for _, g := range grants {
		if held(g) && (g.Person == a && g.Origin.Person == b || g.Person == b && g.Origin.Person == a) {
			return true
		}
		if held(g) && g.Person == a {
			posts[g.Origin.Grant] = true
		}
	}
	return slices.ContainsFunc(grants, func(g Grant) bool { return held(g) && g.Person == b && posts[g.Origin.Grant] })
}

// SidesTx reads what several persons hold, or held.
type SidesTx interface {
	// GrantsOfEach lists the grants of each person, ended ones too, with one query
	// for some hundreds of persons.
	GrantsOfEach(ctx context.Context, persons []string) (map[string][]Grant, error)
}

// Apart is ErrSameSide where the person who acts now was one side (OneSide) with
// any of the others at any time since. Names that are empty are nobody's.
func Apart(ctx context.Context, tx SidesTx, person string, since, now time.Time, others ...string) error {
	others = slices.DeleteFunc(slices.Clone(others), func(other string) bool { return other == "" })
	if len(others) == 0 {
		return nil
	}
	held, err := tx.GrantsOfEach(ctx, append([]string{person}, others...))
	if err != nil {
		return err
	}
	for _, other := range others {
		if OneSide(person, other, since, now, slices.Concat(held[person], held[other])) {
			return ErrSameSide
		}
	}
	return nil
}

// deputises reports whether the caller acts for the other person at an instant:
// what one may not do to oneself, one's deputy may not do either (separation of
// duties 8).
func deputises(ctx context.Context, tx GrantTx, c authz.Caller, other string, now time.Time) (bool, error) {
	held, err := tx.GrantsOf(ctx, c.Person)
	return slices.ContainsFunc(held, func(g Grant) bool {
		return g.Origin != nil && g.Origin.Person == other && g.LiveAt(now)
	}), err
}
