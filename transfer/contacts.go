package transfer

import (
	"context"
	"fmt"

	"safeconduct/authz/rulebook"
)

// Contacts are the posts that a refusal names (R56): no persons, and no data of
// any.
type Contacts struct {
	Mission string // of the focal point there; empty where no mission is concerned
	rulebook.Contacts
}

// Contacts answers with whom to ask about the refusal of the transfer, as its
// mission and the edition in force say now: three queries. Of another refusal the
// id is empty, and the mission the caller's own; where that is empty too, the
// posts of headquarters are all there is. It is for who was told of the refusal
// already, and so asks nobody's leave.
func (o *Office) Contacts(ctx context.Context, id, mission string) (c Contacts, err error) {
	err = o.Store.View(ctx, func(tx Tx) error {
		c = Contacts{}
		book, err := tx.Rulebook(ctx)
		if err != nil {
			return err
		}
		c.Contacts = book.At(o.Office.Time()).Rules.Contacts
		if id != "" {
			t, err := tx.Transfer(ctx, id)
			if err != nil && !absent(err) {
				return err
			}
			mission = t.Mission
		}
		if mission == "" {
			return nil
		}
		m, err := tx.Mission(ctx, mission)
		if c.Mission = m.Contact; absent(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return Contacts{}, fmt.Errorf("reading whom a refusal names: %w", err)
	}
	return c, nil
}
