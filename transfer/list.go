package transfer

import (
	"context"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Filter narrows a list of transfers to those that have each member which is not
// empty.
type Filter struct {
	Mission string
	Partner string
	State   State // as the reader is shown it (Transfer.Told)
}

// Readers is where a caller reads transfers, and how.
type Readers struct {
	Whole   authz.Reach
	Reduced []string // partners of which they read what was released, reduced
	// Of are the partners for whom they hold any role: a transfer to one is never
	// read whole.
	Of []string
	// Now is when they read: by then a window may be over (Transfer.Told).
	Now time.Time
}

// ListTx lists transfers.
type ListTx interface {
	// Transfers lists, newest first, those that the readers read as Transfer would
	// answer with them: of a partner nothing that was not released.
	Transfers(ctx context.Context, in Readers, f Filter, p evidence.Page) (evidence.Listed[Transfer], error)
}

// Transfers lists those that the caller may read, newest first, each as Transfer
// shows it to them.
func (o *Office) Transfers(ctx context.Context, c authz.Caller, f Filter, p evidence.Page) (evidence.Listed[Transfer], error) {
	none := evidence.Listed[Transfer]{}
	in := Readers{Reduced: o.Office.Enforcer.Reach(c, authz.TransferReadReduced, KindTransfer).Partners, Of: c.Partners(), Now: o.Office.Time()}
	if in.Whole = o.Office.Enforcer.Reach(c, authz.TransferRead, KindTransfer); in.Whole.Nowhere() && len(in.Reduced) == 0 {
		_, err := o.Office.Reach(ctx, c, authz.TransferRead, KindTransfer)
		return none, err
	}
	var found evidence.Listed[Transfer]
	if err := o.Store.View(ctx, func(tx Tx) (err error) { found, err = tx.Transfers(ctx, in, f, p); return err }); err != nil {
		return none, toldAs(c, err)
	}
	seen := evidence.Listed[Transfer]{Next: found.Next}
	var released []string // entries
	for _, t := range found.Items {
		view, ok := o.listed(c, t, in.Now)
		if !ok {
			continue
		}
		if c.Of(t.Partner) {
			released = append(released, t.ReleaseEntry)
		}
		seen.Items = append(seen.Items, view)
	}
	// What is released is seen when that is under a signed checkpoint.
	if err := o.wait(ctx, released...); err != nil {
		return none, err
	}
	return seen, nil
}

// listed is the transfer as the caller reads it; false where they do not.
func (o *Office) listed(c authz.Caller, t Transfer, now time.Time) (Transfer, bool) {
	if c.Of(t.Partner) {
		view, err := t.reduced(now)
		_, denied := o.Office.Enforcer.Check(c, authz.TransferReadReduced, t.resource())
		return view, err == nil && denied == nil
	}
	_, denied := o.Office.Enforcer.Check(c, authz.TransferRead, t.resource())
	return t, denied == nil && c.In(t.Mission)
}
