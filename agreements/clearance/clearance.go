// Package clearance keeps what the originators of data agreed to: a third party
// that collected data of people, and gave them to a mission, says in writing to
// whom they may go on, and what for (gate condition 15).
package clearance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// KindClearance is the record kind of clearances.
const KindClearance = "clearance"

// State is whether a clearance was taken back, or is over.
type State string

// The states.
const (
	Given     State = "given"
	Withdrawn State = "withdrawn"
	Expired   State = "expired" // the log says that its time is over
)

// Clearance is what one originator agreed to.
type Clearance struct {
	ID         string          `json:"id"`
	Version    int             `json:"version"`
	State      State           `json:"state"`
	Mission    string          `json:"mission"`
	Originator string          `json:"originator"` // the organisation that collected the data
	Purposes   []string        `json:"purposes"`
	Categories []string        `json:"categories"`
	Recipients []string        `json:"recipients"`      // partners to whom the data may go on
	Evidence   string          `json:"evidence_digest"` // hex SHA-256 of what the originator wrote
	ValidUntil time.Time       `json:"valid_until"`     // exclusive
	History    []lifecycle.Act `json:"history"`
	Actor      string          `json:"actor"`
	Created    time.Time       `json:"created"`
	Updated    time.Time       `json:"updated"`
}

// Asked is what a transfer asks of a clearance.
type Asked struct {
	Mission    string
	Partner    string
	Purpose    string
	Categories []string
}

// Covers reports whether the clearance holds at t for all of what is asked
// (ONWARD_ORIGINATOR where it does not).
func (c Clearance) Covers(a Asked, t time.Time) bool {
	return c.State == Given && c.Mission == a.Mission && a.Mission != "" && t.Before(c.ValidUntil) &&
		slices.Contains(c.Recipients, a.Partner) && slices.Contains(c.Purposes, a.Purpose) && len(a.Categories) > 0 &&
		!slices.ContainsFunc(a.Categories, func(code string) bool { return !slices.Contains(c.Categories, code) })
}

// Ref names the version of the clearance.
func (c Clearance) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindClearance, ID: c.ID, Version: c.Version}
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	people.MissionTx
	parties.PartyTx
	terms.PurposeTx
	terms.CategoryTx
	ClearanceTx
}

// ClearanceTx reads and writes clearances.
type ClearanceTx interface {
	FactTx
	// Clearances lists those of the places, newest first.
	Clearances(ctx context.Context, in authz.Places, p evidence.Page) (evidence.Listed[Clearance], error)
	// ClearancesDue lists those that are over at now and that the log does not say
	// so of, the longest over first, at most so many.
	ClearancesDue(ctx context.Context, now time.Time, most int) ([]Clearance, error)
	SaveClearance(ctx context.Context, c Clearance) error
	// LockMission excludes the decisions on transfers of the mission until the
	// transaction ends.
	LockMission(ctx context.Context, id string) error
}

// FactTx reads what gate condition 15 asks for.
type FactTx interface {
	Clearance(ctx context.Context, id string) (Clearance, error)
}

// Desk is the service over clearances.
type Desk struct {
	keeper lifecycle.Keeper[Clearance, Tx]
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx]) *Desk {
	return &Desk{lifecycle.Keeper[Clearance, Tx]{
		Office: office, Store: store, Resource: Clearance.resource,
		Read:  func(ctx context.Context, tx Tx, id string) (Clearance, error) { return tx.Clearance(ctx, id) },
		Save:  func(ctx context.Context, tx Tx, c Clearance) error { return tx.SaveClearance(ctx, c) },
		State: func(c Clearance) string { return string(c.State) },
	}}
}

func (c Clearance) resource() authz.Resource {
	return authz.Resource{Kind: KindClearance, ID: c.ID, Mission: c.Mission}
}

func (c Clearance) check(ctx context.Context, tx Tx, by authz.Caller, now time.Time) error {
	switch {
	case c.Originator == "" || len(c.Originator) > 300:
		return fmt.Errorf("%w: name the organisation that collected the data", people.ErrInvalid)
	case len(c.Purposes) == 0 || len(c.Categories) == 0 || len(c.Recipients) == 0:
		return fmt.Errorf("%w: a clearance names purposes, categories and recipients", people.ErrInvalid)
	case len(c.Purposes)+len(c.Categories)+len(c.Recipients) > 1000:
		return fmt.Errorf("%w: at most 1000 purposes, categories and recipients", people.ErrInvalid)
	case !evidence.IsDigest(c.Evidence):
		return fmt.Errorf("%w: evidence_digest is the SHA-256 of what the originator wrote, 64 lower-case hexadecimal digits", people.ErrInvalid)
	case !now.Before(c.ValidUntil):
		return fmt.Errorf("%w: valid_until lies ahead", people.ErrInvalid)
	}
	if _, err := tx.Mission(ctx, c.Mission); err != nil {
		return err
	}
	purposes, err := tx.Purposes(ctx)
	if err != nil {
		return err
	}
	categories, err := tx.Categories(ctx)
	if err != nil {
		return err
	}
	partners, err := tx.Parties(ctx)
	if err != nil {
		return err
	}
	for _, id := range c.Purposes {
		if _, err := terms.IDInForce(purposes, id, now); err != nil {
			return terms.Told(by, "purpose", err)
		}
	}
	for _, code := range c.Categories {
		if _, err := terms.CodeInForce(categories, code, now); err != nil {
			return terms.Told(by, "category", err)
		}
	}
	for _, id := range c.Recipients {
		if !slices.ContainsFunc(partners, func(p parties.Party) bool { return p.ID == id }) {
			return fmt.Errorf("%w: unknown recipient", people.ErrInvalid)
		}
	}
	return nil
}

// Record records a clearance, by the focal point of the mission.
func (d *Desk) Record(ctx context.Context, by authz.Caller, c Clearance) (Clearance, error) {
	k := d.keeper
	if !by.In(c.Mission) {
		return Clearance{}, evidence.ErrNotFound
	}
	c.ID, c.Version, c.State = k.Office.NewID(), 1, Given
	return k.Create(ctx, by, authz.ClearanceRecord, c, func(tx Tx, c Clearance, role authz.Role) (Clearance, error) {
		act := k.Now(by, role, "record", "")
		c.Originator, c.ValidUntil = strings.TrimSpace(c.Originator), c.ValidUntil.UTC().Truncate(time.Microsecond)
		c.Actor, c.Created, c.Updated, c.History = by.Person, act.At, act.At, []lifecycle.Act{act}
		return c, c.check(ctx, tx, by, act.At)
	})
}

// Withdraw ends a clearance at once: the originator took it back, or it was
// recorded in error. Decisions on transfers of the mission wait for it.
func (d *Desk) Withdraw(ctx context.Context, by authz.Caller, id, reason string) (Clearance, error) {
	return d.keeper.Change(ctx, by, authz.ClearanceWithdraw, id, "withdraw", reason, func(tx Tx, c Clearance, act lifecycle.Act) (Clearance, error) {
		if c.State != Given {
			return c, &lifecycle.TransitionError{
				Entity: KindClearance, State: string(c.State), Event: act.Event, Guard: "the clearance is given", Mend: "nothing: it counts no more",
			}
		}
		if strings.TrimSpace(reason) == "" {
			return c, fmt.Errorf("%w: say why", people.ErrInvalid)
		}
		c.State, c.Version, c.Actor, c.Updated = Withdrawn, c.Version+1, act.Person, act.At
		c.History = append(slices.Clip(c.History), act)
		return c, tx.LockMission(ctx, c.Mission)
	})
}

// Clearance answers with one clearance.
func (d *Desk) Clearance(ctx context.Context, by authz.Caller, id string) (Clearance, error) {
	return d.keeper.One(ctx, by, authz.ClearanceRead, id)
}

// Clearances lists those that the caller may read, newest first.
func (d *Desk) Clearances(ctx context.Context, by authz.Caller, p evidence.Page) (evidence.Listed[Clearance], error) {
	return d.keeper.List(ctx, by, authz.ClearanceRead, func(tx Tx) (evidence.Listed[Clearance], error) { return tx.Clearances(ctx, by.Places(), p) })
}
