package terms

import (
	"context"
	"time"
)

// Raise is that a category is more sensitive from a moment on than it was: what
// was assessed of it before is stale from then on (R40).
type Raise struct {
	ID       string
	Category string // code
	Person   string // who approved it, at Now
	Now, At  time.Time
}

// RaiseTx keeps the raises.
type RaiseTx interface {
	// LockCauses waits for the decisions that rest on what was assessed, and then
	// excludes them until the transaction ends. It comes before LockRules, as it does
	// with decisions.
	LockCauses(ctx context.Context) error
	// SaveRaise has the raise count from its moment on.
	SaveRaise(ctx context.Context, r Raise) error
	// DropRaises has none count of those of r's category that are to come at r.At or
	// later.
	DropRaises(ctx context.Context, r Raise) error
}

// raised has an approved amendment of a category count for what was assessed of
// it: before is the category as it was, v are the values that come in force at
// r.At. What was approved to come later is dropped (Course.approved), and what it
// would have raised with it.
func raised(ctx context.Context, tx Tx, before Category, v CategoryValues, r Raise) error {
	r.Category = before.Code
	if err := tx.DropRaises(ctx, r); err != nil {
		return err
	}
	then, counts := before.InForce(r.At.Add(-time.Microsecond))
	if !counts || !v.raises(then.values()) { // nothing was assessed of what was not in force
		return nil
	}
	return tx.SaveRaise(ctx, r)
}

// raises reports whether a category of the values is more sensitive than one of the others.
func (v CategoryValues) raises(from CategoryValues) bool {
	return v.Sensitivity.Above(from.Sensitivity) || v.NeedsOfficer() && !from.NeedsOfficer()
}
