package authz

import (
	"fmt"
	"slices"
)

// ErrNoTask is ErrDenied for who holds the role and has no task under the
// purpose (R23).
var ErrNoTask = fmt.Errorf("%w: the role is held without a task under the purpose", ErrDenied)

// Tasked reports whether holders of the role come to people's data by a task
// only: the purposes that their grant names (R23).
func Tasked(role Role) bool { return role == RO || role == FP }

// within reports whether tasks under the purposes are enough for an action on
// what serves others. What is made or sent serves all that it names; a record of
// several purposes is read by who works under one of them. Taking consent back
// is the person's will, and asks for no task.
func (a Action) within(tasks, served []string) bool {
	mine := func(purpose string) bool { return slices.Contains(tasks, purpose) }
	switch a {
	case ConsentRecord, TransferRequest, TransferUpload, TransferCommit:
		return !slices.ContainsFunc(served, func(purpose string) bool { return !mine(purpose) })
	case ConsentRead, ConsentAttach, ConsentCertify, ConsentAssess:
		return slices.ContainsFunc(served, mine)
	default:
		return true
	}
}
