package identity_test

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/store"
)

// altered is the store where somebody altered the rulebook's row by hand.
type altered struct{ evidence.Store[identity.Tx] }

func (s altered) View(ctx context.Context, read func(identity.Tx) error) error {
	return s.Store.View(ctx, func(tx identity.Tx) error { return read(alteredTx{tx}) })
}

type alteredTx struct{ identity.Tx }

func (alteredTx) Rulebook(context.Context) (rulebook.Book, error) {
	return rulebook.Book{}, &evidence.TamperedError{Ref: evidence.Ref{Kind: rulebook.KindRulebook, ID: rulebook.ID}, What: "its tag"}
}

// An organisation's own course and text of the undertaking are in no rules that
// ship with the program; who passed the one and signed the other may take away
// whatever became of the rulebook's row.
func TestAuthenticateWithoutRules(t *testing.T) {
	for name, of := range map[string]struct {
		passed, ends int // days from now
		signed       int
		until        int
		want         []string
	}{
		"R53 own course and text, in their life":                    {-400, 10, -800, 10, []string{authz.LockUnruled}},
		"R44 TRAINING_EXPIRED the course is over":                   {-10, 0, -10, 10, []string{people.CodeTraining, authz.LockUnruled}},
		"R44 TRAINING_EXPIRED the course is to come":                {1, 10, -10, 10, []string{people.CodeTraining, authz.LockUnruled}},
		"R23 CONFIDENTIALITY_MISSING the undertaking is over":       {-10, 10, -10, 0, []string{people.CodeUndertaking, authz.LockUnruled}},
		"R23 CONFIDENTIALITY_MISSING the undertaking begins later":  {-10, 10, 1, 10, []string{people.CodeUndertaking, authz.LockUnruled}},
		"R23 R44 TRAINING_EXPIRED CONFIDENTIALITY_MISSING nor both": {-10, -1, -10, -1, []string{people.CodeTraining, people.CodeUndertaking, authz.LockUnruled}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ro := w.holder(w.here, "", authz.RO)
			_, secret := w.issued(ro, day)
			now := w.office.Time()
			at := func(days int) time.Time { return now.AddDate(0, 0, days) }
			_, err := store.For[people.Tx](w.store).Update(w.ctx, func(tx people.Tx) error {
				// What the fixture gave by the shipped rules is over.
				standing, err := tx.StandingOf(w.ctx, []string{ro})
				if err != nil {
					return err
				}
				var trained []people.TrainingRecord
				for _, r := range standing[ro].Trainings {
					r.Version, r.Expires = r.Version+1, r.Passed
					trained = append(trained, r)
				}
				for _, u := range standing[ro].Undertakings {
					u.Version, u.Expires = u.Version+1, u.Signed
					if err := tx.SaveUndertaking(w.ctx, u); err != nil {
						return err
					}
				}
				trained = append(trained, people.TrainingRecord{
					ID: newID(), Version: 1, Person: ro, Completion: people.Completion{Course: "OWN-1", CourseVersion: "1", Language: "en", Passed: at(of.passed)},
					Expires: at(of.ends), Actor: "SYS", Created: now, Updated: now,
				})
				if err := tx.SaveTrainings(w.ctx, trained); err != nil {
					return err
				}
				u := people.Undertaking{ID: newID(), Version: 1, Person: ro, Text: "2", Language: "en", Signed: at(of.signed), Expires: at(of.until), Actor: ro, Created: now, Updated: now}
				if err := tx.SaveUndertaking(w.ctx, u); err != nil {
					return err
				}
				return tx.Record(w.ctx, w.office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.fit", authz.Resource{Kind: people.KindPerson, ID: ro}))
			})
			w.must(err)
			if c, err := w.Authenticate(w.ctx, secret); err != nil || len(c.Locks) != 2 {
				t.Fatalf("by the shipped rules: %v, %v", c.Locks, err)
			}
			c, err := identity.NewDesk(w.office, altered{store.For[identity.Tx](w.store)}, rand.Reader).Authenticate(w.ctx, secret)
			if err != nil || !slices.Equal(c.Locks, of.want) || !c.Holds(authz.RO) {
				t.Errorf("%v, %v", c.Locks, err)
			}
		})
	}
}
