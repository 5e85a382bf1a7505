package agreements

import (
	"context"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Filter narrows a list of agreements to those that have each member which is
// not empty.
type Filter struct {
	Mission string // which signs it, or sends under it
	Partner string
	State   State
}

// ListTx lists agreements.
type ListTx interface {
	// Agreements lists, newest first, those that lie in the reach as Agreement
	// would answer with them: of a mission those that it signs, and of the
	// missions that share one, and of its partner, those that are approved for
	// signature or further.
	Agreements(ctx context.Context, in authz.Reach, f Filter, p evidence.Page) (evidence.Listed[Agreement], error)
}

// Agreements lists those that the caller may read, newest first, each as
// Agreement shows it to them.
func (d *Desk) Agreements(ctx context.Context, c authz.Caller, f Filter, p evidence.Page) (evidence.Listed[Agreement], error) {
	in, err := d.office.Reach(ctx, c, authz.AgreementRead, KindAgreement)
	if err != nil {
		return evidence.Listed[Agreement]{}, err
	}
	var found evidence.Listed[Agreement]
	if err := d.store.View(ctx, func(tx Tx) (err error) { found, err = tx.Agreements(ctx, in, f, p); return err }); err != nil {
		return evidence.Listed[Agreement]{}, err
	}
	seen := evidence.Listed[Agreement]{Next: found.Next}
	for _, a := range found.Items {
		res, known := a.asKnownTo(c, authz.AgreementRead)
		if _, denied := d.office.Enforcer.Check(c, authz.AgreementRead, res); known && denied == nil {
			seen.Items = append(seen.Items, a.seenBy(c))
		}
	}
	return seen, nil
}
