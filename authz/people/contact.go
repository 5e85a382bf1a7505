package people

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// mostContact bounds a mission's contact, which refusals carry.
const mostContact = 300 // characters

// ChangeContact names another contact of a mission, whom its refusals name from
// the end of the transaction on (R56). What was decided before names the version
// of the mission that it read. By the mission's focal point, its head, and Legal.
// ErrInvalid where the contact is empty, longer than a refusal can carry, or the
// one that the mission has; evidence.ErrNotFound where the caller holds no role
// in the mission.
func (r *Register) ChangeContact(ctx context.Context, c authz.Caller, id, contact string) (Mission, error) {
	if !c.In(id) {
		return Mission{}, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindMission, ID: id, Mission: id}
	role, err := r.office.Authorise(ctx, c, authz.MissionAmend, res)
	if err != nil {
		return Mission{}, err
	}
	contact = strings.TrimSpace(contact)
	if err := checkContact(contact); err != nil {
		return Mission{}, err
	}
	var m Mission
	_, err = r.store.Update(ctx, func(tx Tx) (err error) {
		if m, err = tx.Mission(ctx, id); err != nil {
			return err
		}
		if m.Contact == contact {
			return fmt.Errorf("%w: that is the mission's contact already", ErrInvalid)
		}
		m.Version, m.Contact, m.Actor, m.Updated = m.Version+1, contact, c.Person, r.office.Time()
		if err := tx.SaveMission(ctx, m); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.MissionAmend, res))
	})
	if err != nil {
		return Mission{}, err
	}
	return m, nil
}

func checkContact(contact string) error {
	if n := utf8.RuneCountInString(contact); n == 0 || n > mostContact {
		return fmt.Errorf("%w: a mission needs a contact, which its refusals name, of at most %d characters (R56)", ErrInvalid, mostContact)
	}
	return nil
}
