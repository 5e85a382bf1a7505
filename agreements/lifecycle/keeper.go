package lifecycle

import (
	"context"
	"errors"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Act is one dated act of one person on a record.
type Act struct {
	Event  string     `json:"event"`
	Person string     `json:"person"`
	Role   authz.Role `json:"role"`
	At     time.Time  `json:"at"`
	Reason string     `json:"reason,omitempty"`
	// Document is the version of the document that the act was about, where it
	// was an amendment of an agreement.
	Document int `json:"document,omitempty"`
}

// Tx is what a keeper needs of a transaction, whatever the kind.
type Tx interface {
	evidence.Recorder
}

// Keeper runs acts on one kind of record: each is scoped, authorised, done on
// the record as it is in the transaction, and evidenced by one entry. X is what
// the kind needs of a transaction.
type Keeper[R any, X Tx] struct {
	Office   *evidence.Office
	Store    evidence.Store[X]
	Read     func(ctx context.Context, tx X, id string) (R, error)
	Save     func(ctx context.Context, tx X, r R) error
	Resource func(R) authz.Resource
	State    func(R) string
	// Known reports whether the caller may know of the record; to others it
	// answers as an unknown one. Nil stands for who holds a role in its mission
	// or for its partner.
	Known func(authz.Caller, R) bool
	// SeenBy leaves out what the caller may not see of a record that they may
	// read. Nil shows all.
	SeenBy func(R, authz.Caller) R
}

// Now is the act of the caller under the role, at this moment.
func (k Keeper[R, X]) Now(c authz.Caller, role authz.Role, event, reason string) Act {
	return Act{Event: event, Person: c.Person, Role: role, At: k.Office.Time(), Reason: reason}
}

func (k Keeper[R, X]) known(c authz.Caller, r R) bool {
	if k.Known != nil {
		return k.Known(c, r)
	}
	res := k.Resource(r)
	return c.In(res.Mission) || c.Of(res.Partner)
}

// May answers with the record and the role under which the caller may act on it.
func (k Keeper[R, X]) May(ctx context.Context, c authz.Caller, action authz.Action, id string) (R, authz.Role, error) {
	var r, none R
	if err := k.Store.View(ctx, func(tx X) (err error) { r, err = k.Read(ctx, tx, id); return err }); err != nil {
		return none, "", err
	}
	if !k.known(c, r) {
		return none, "", evidence.ErrNotFound
	}
	role, err := k.Office.Authorise(ctx, c, action, k.Resource(r))
	if err != nil {
		return none, "", err
	}
	return r, role, nil
}

// Create authorises, has prepare complete and check the record in the
// transaction, and saves it. The caller was scoped before.
func (k Keeper[R, X]) Create(ctx context.Context, c authz.Caller, action authz.Action, r R, prepare func(X, R, authz.Role) (R, error)) (R, error) {
	var none R
	role, err := k.Office.Authorise(ctx, c, action, k.Resource(r))
	if err != nil {
		return none, err
	}
	made := r
	_, err = k.Store.Update(ctx, func(tx X) error {
		if made, err = prepare(tx, r, role); err != nil {
			return err
		}
		return k.save(ctx, tx, c, role, action, made)
	})
	if err != nil {
		return none, err
	}
	return made, nil
}

// Change does one act on the record as it is now. An act that its state does
// not allow is recorded as denied (R43).
func (k Keeper[R, X]) Change(ctx context.Context, c authz.Caller, action authz.Action, id, event, reason string, step func(X, R, Act) (R, error)) (R, error) {
	var none R
	r, role, err := k.May(ctx, c, action, id)
	if err != nil {
		return none, err
	}
	res := k.Resource(r)
	_, err = k.Store.Update(ctx, func(tx X) error {
		if r, err = k.Read(ctx, tx, id); err != nil {
			return err
		}
		if r, err = step(tx, r, k.Now(c, role, event, reason)); err != nil {
			return err
		}
		return k.save(ctx, tx, c, role, action, r)
	})
	switch {
	case errors.Is(err, ErrIllegal):
		return none, errors.Join(err, k.Office.Deny(ctx, c, action, res, Code))
	case err != nil:
		return none, err
	}
	return r, nil
}

func (k Keeper[R, X]) save(ctx context.Context, tx X, c authz.Caller, role authz.Role, action authz.Action, r R) error {
	if err := k.Save(ctx, tx, r); err != nil {
		return err
	}
	e := k.Office.Entry(c, role, evidence.Change, action, k.Resource(r))
	e.Result = k.State(r)
	return tx.Record(ctx, e)
}

// List answers with those of the records that load lists and the caller may
// read, each as SeenBy shows it to them. Who may read none because their roles are
// locked is told so: what is empty for that must not look like nothing.
func (k Keeper[R, X]) List(ctx context.Context, c authz.Caller, action authz.Action, load func(X) (evidence.Listed[R], error)) (evidence.Listed[R], error) {
	if len(c.Locks) > 0 {
		var none R
		_, err := k.Office.Authorise(ctx, c, action, authz.Resource{Kind: k.Resource(none).Kind})
		return evidence.Listed[R]{}, err
	}
	var page evidence.Listed[R]
	if err := k.Store.View(ctx, func(tx X) (err error) { page, err = load(tx); return err }); err != nil {
		return evidence.Listed[R]{}, err
	}
	all := page.Items
	page.Items = nil
	for _, r := range all {
		if _, denied := k.Office.Enforcer.Check(c, action, k.Resource(r)); denied == nil && k.known(c, r) {
			page.Items = append(page.Items, k.seen(c, r))
		}
	}
	return page, nil
}

// One answers with one record, as SeenBy shows it to the caller.
func (k Keeper[R, X]) One(ctx context.Context, c authz.Caller, action authz.Action, id string) (R, error) {
	r, _, err := k.May(ctx, c, action, id)
	if err != nil {
		var none R
		return none, err
	}
	return k.seen(c, r), nil
}

func (k Keeper[R, X]) seen(c authz.Caller, r R) R {
	if k.SeenBy == nil {
		return r
	}
	return k.SeenBy(r, c)
}
