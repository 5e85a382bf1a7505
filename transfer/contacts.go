package transfer

import (
	"context"
	"fmt"

	"safeconduct/authz/rulebook"
)

// Contacts are the posts that a refusal names (R56): no persons, and no data of
// any.
type Contacts struct {
	Mission string // of the focal point there; empty where no transfer was refused
	rulebook.Contacts
}

// Contacts answers with whom to ask about the refusal of the transfer, as its
// mission and the edition in force say now: three queries. An id that is empty,
// or unknown, has the posts of headquarters alone. It is for who was told of the
// refusal already, and so asks nobody's leave.
func (o *Office) Contacts(ctx context.Context, id string) (c Contacts, err error) {
	err = o.Store.View(ctx, func(tx Tx) error {
		c = Contacts{}
		book, err := tx.Rulebook(ctx)
		if err != nil {
			return err
		}
		c.Contacts = book.At(o.Office.Time()).Rules.Contacts
		if id == "" {
			return nil
		}
		t, err := tx.Transfer(ctx, id)
		if err == nil {
			m, missing := tx.Mission(ctx, t.Mission)
			c.Mission, err = m.Contact, missing
		}
		if absent(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return Contacts{}, fmt.Errorf("reading whom a refusal names: %w", err)
	}
	return c, nil
}
