package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// ErrBootstrapped says that the system has its first people already.
var ErrBootstrapped = errors.New("the system has its first people already; they grant every further role")

// bootstrapLife is how long the first tokens live: long enough to enrol the
// others.
const bootstrapLife = 7 * 24 * time.Hour

// Founder is one of the first people, with the course completion that whoever
// bootstraps states of them: nobody is there yet to record it (R44). They sign
// their undertakings themselves.
type Founder struct {
	people.Person
	Completed people.Completion
}

// Enrolled is one of the first people, with the secret of their token.
type Enrolled struct {
	Person people.Person
	Token  identity.Token
	Secret identity.Secret
}

type bootstrapTx interface {
	people.PersonTx
	people.GrantTx
	identity.TokenTx
	people.TrainingTx
	rulebook.Tx
	Empty(ctx context.Context) (bool, error)
}

type bootstrapDesk struct {
	services *Services
	store    evidence.Store[bootstrapTx]
}

// run writes both people with their role, Legal at headquarters, and their
// tokens, in one transaction, each named by an entry. There are two, so that
// neither is ever alone in granting (separation of duties 8).
func (b bootstrapDesk) run(ctx context.Context, first, second Founder) ([]Enrolled, error) {
	if strings.TrimSpace(first.Name) == "" || strings.TrimSpace(second.Name) == "" || first.Name == second.Name {
		return nil, fmt.Errorf("%w: name two different persons", people.ErrInvalid)
	}
	office := b.services.Office
	var all []Enrolled
	_, err := b.store.Update(ctx, func(tx bootstrapTx) error {
		all = nil
		empty, err := tx.Empty(ctx)
		if err != nil {
			return err
		}
		if !empty {
			return ErrBootstrapped
		}
		if err := b.deployRules(ctx, tx); err != nil {
			return err
		}
		for _, p := range []Founder{first, second} {
			e, err := b.enrol(ctx, tx, p, office.Time())
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return nil
	})
	return all, err
}

func (b bootstrapDesk) enrol(ctx context.Context, tx bootstrapTx, f Founder, now time.Time) (Enrolled, error) {
	office, sys, p := b.services.Office, authz.System(""), f.Person
	p.ID, p.Version, p.Mission, p.Partner = office.NewID(), 1, "", ""
	p.Actor, p.Created, p.Updated = sys.Person, now, now
	g := people.Grant{ID: office.NewID(), Version: 1, Person: p.ID, Role: authz.LEG, From: now, Actor: sys.Person, Created: now, Updated: now}
	secret, err := identity.NewSecret(rand.Reader)
	if err != nil {
		return Enrolled{}, err
	}
	t := identity.Token{
		ID: office.NewID(), Version: 1, Person: p.ID, Hash: secret.Hash(), Assurance: authz.AssuranceVouched, RolesAsOf: now,
		Expires: now.Add(bootstrapLife), Actor: sys.Person, Created: now, Updated: now,
	}
	if err := tx.SavePerson(ctx, p); err != nil {
		return Enrolled{}, err
	}
	if err := tx.SaveGrant(ctx, g); err != nil {
		return Enrolled{}, err
	}
	if err := tx.SaveToken(ctx, t); err != nil {
		return Enrolled{}, err
	}
	if err := b.trained(ctx, tx, p.ID, f.Completed, now); err != nil {
		return Enrolled{}, err
	}
	e := office.Entry(sys, authz.SYS, evidence.Change, "system.bootstrap", authz.Resource{Kind: people.KindPerson, ID: p.ID})
	e.Result = string(authz.LEG)
	return Enrolled{Person: p, Token: t, Secret: secret}, tx.Record(ctx, e)
}

// deployRules records the policy data that ship with the program as the first
// edition (domain.md section 5: SYS deploys), so that decisions can be told
// after the program has changed (R37).
func (b bootstrapDesk) deployRules(ctx context.Context, tx bootstrapTx) error {
	book, err := rulebook.Shipped()
	if err != nil {
		return err
	}
	office := b.services.Office
	book.Version, book.Actor, book.Created = 1, string(authz.SYS), office.Time()
	book.Updated = book.Created
	if err := tx.SaveRulebook(ctx, book); err != nil {
		return err
	}
	return tx.Record(ctx, office.Entry(authz.System(""), authz.SYS, evidence.Change, "rules.deploy", authz.Resource{Kind: rulebook.KindRulebook, ID: rulebook.ID}))
}

// trained writes the completion that was stated, which must count now.
func (b bootstrapDesk) trained(ctx context.Context, tx bootstrapTx, person string, c people.Completion, now time.Time) error {
	book, err := tx.Rulebook(ctx)
	if err != nil {
		return fmt.Errorf("reading which courses count: %w", err)
	}
	rules := book.At(now).Rules.Training
	if c.Course == "" {
		c.Course = rules.Courses[0]
	}
	t := people.NewTraining(b.services.Office.NewID(), person, c, nil, rules, authz.System("").Person, now)
	if !t.ValidAt(rules, now) {
		return fmt.Errorf("%w: each of the first people has passed a course that counts (%s, in en, fr or es) within %d days: state when",
			people.ErrInvalid, strings.Join(rules.Courses, ", "), rules.LifeDays)
	}
	return tx.SaveTrainings(ctx, []people.TrainingRecord{t})
}
