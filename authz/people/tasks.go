package people

import (
	"context"
	"fmt"
	"slices"

	"safeconduct/authz"
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

// adds reports whether the grant has a task that the other has not: then the one
// may be held beside the other.
func (g Grant) adds(to Grant) bool {
	return slices.ContainsFunc(g.Purposes, func(p string) bool { return !slices.Contains(to.Purposes, p) })
}
