package people

import (
	"context"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Filter narrows a list of persons to those that have each member which is not
// empty.
type Filter struct {
	Mission string // which they work for
	Partner string
}

// ListTx lists persons.
type ListTx interface {
	// Persons lists, newest first, those of the reach's missions, and whose reach
	// it is; everybody for headquarters.
	Persons(ctx context.Context, in authz.Reach, f Filter, p evidence.Page) (evidence.Listed[Person], error)
}

// People lists those whom the caller may read, newest first, without what
// Person answers with beside them.
func (r *Register) People(ctx context.Context, c authz.Caller, f Filter, p evidence.Page) (evidence.Listed[Person], error) {
	in, err := r.office.Reach(ctx, c, authz.PersonRead, KindPerson)
	if err != nil {
		return evidence.Listed[Person]{}, err
	}
	var found evidence.Listed[Person]
	if err := r.store.View(ctx, func(tx Tx) (err error) { found, err = tx.Persons(ctx, in, f, p); return err }); err != nil {
		return evidence.Listed[Person]{}, err
	}
	seen := evidence.Listed[Person]{Next: found.Next}
	for _, one := range found.Items {
		_, denied := r.office.Enforcer.Check(c, authz.PersonRead, one.resource())
		if one.ID == c.Person || denied == nil && one.KnownTo(c) {
			seen.Items = append(seen.Items, one)
		}
	}
	return seen, nil
}

func (p Person) resource() authz.Resource {
	return authz.Resource{Kind: KindPerson, ID: p.ID, Mission: p.Mission, Partner: p.Partner, Owner: p.ID}
}
