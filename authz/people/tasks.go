package people

import (
	"context"
	"fmt"
	"slices"

	"safeconduct/authz"
	"safeconduct/authz/lifecycle"
)

// maxTasks bounds the purposes of one grant.
const maxTasks = 50

// checkTasks reports tasks that cannot be meant: a role that comes to people's
// data has some, and no other has any (R23).
func (g Grant) checkTasks() error {
	switch n := len(g.Purposes); {
	case !authz.Tasked(g.Role) && n > 0:
		return fmt.Errorf("%w: purposes are for the roles RO and FP", ErrInvalid)
	case authz.Tasked(g.Role) && (n == 0 || n > maxTasks):
		return fmt.Errorf("%w: name in purposes the 1 to %d purposes under which the person has a task (R23)", ErrInvalid, maxTasks)
	}
	return nil
}

// checkTask refuses a task under a purpose that there is not, or that was never approved.
func (g Grant) checkTask(ctx context.Context, tx TaskTx) error {
	if len(g.Purposes) == 0 {
		return nil
	}
	known, approved, err := tx.KnownPurposes(ctx, g.Purposes)
	switch {
	case err != nil:
		return err
	case !known:
		return fmt.Errorf("%w: purposes names one that there is not; take their ids from the list of purposes", ErrInvalid)
	case !approved: // R23: Legal may still write another text of it
		return fmt.Errorf("%w: purposes names one that is only proposed; have the data protection officer approve it first", ErrInvalid)
	}
	return nil
}

// adds reports whether the grant has a task that the others have not, all
// together: then it may be held beside them.
func (g Grant) adds(to ...Grant) bool {
	return slices.ContainsFunc(g.Purposes, func(p string) bool {
		return !slices.ContainsFunc(to, func(h Grant) bool { return slices.Contains(h.Purposes, p) })
	})
}

// meets reports whether there is a moment at which both are held.
func (g Grant) meets(h Grant) bool {
	return !h.Ended && (h.Until == nil || g.From.Before(*h.Until)) && (g.Until == nil || h.From.Before(*g.Until))
}

// addsNothing reports whether there is a moment at which the grant gives nothing
// beside those others that it meets, of the same role and place, all together.
// What they give grows when one of them begins.
func (g Grant) addsNothing(beside []Grant) bool {
	return slices.ContainsFunc(beside, func(h Grant) bool {
		at := h.From
		if at.Before(g.From) {
			at = g.From
		}
		return !g.adds(slices.DeleteFunc(slices.Clone(beside), func(h Grant) bool { return !h.HeldAt(at) })...)
	})
}

// vacant refuses a grant that gives nothing beside those that the person holds
// then. A focal point deputises for another under tasks that they do not have, and
// counts as one side with them then (OneSide).
func (g Grant) vacant(held []Grant) error {
	there := slices.DeleteFunc(slices.Clone(held), func(h Grant) bool {
		return h.Role != g.Role || h.Mission != g.Mission || h.Partner != g.Partner
	})
	own := slices.DeleteFunc(slices.Clone(there), func(h Grant) bool { return h.Origin != nil })
	switch {
	case g.Origin != nil && g.addsNothing(own):
		return fmt.Errorf("%w: the person holds that post themselves", ErrInvalid)
	case g.addsNothing(there):
		return &lifecycle.TransitionError{
			Entity: KindGrant, State: "held", Event: "grant", Guard: "the person does not hold the role there yet, or holds it without these tasks",
			Mend: "nothing, or end the grant that there is before", Cause: ErrNotVacant,
		}
	default:
		return nil
	}
}
