package approvals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// Desk is the service over the officer's decisions.
type Desk struct {
	office *evidence.Office
	store  evidence.Store[Tx]
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx]) *Desk {
	return &Desk{office: office, store: store}
}

// Decision is a decision as the officer hands it in. What the scope says by
// itself (partner; of a transfer everything) is left out. One for an agreement is
// for one mission of its scope: where none is named, the one that signs it.
type Decision struct {
	Scope      Scope
	Granted    bool
	Agreement  string
	Transfer   string
	Pathway    string
	Mission    string
	Partner    string
	Purposes   []string
	Categories []string
	Most       int
	Times      int
	Until      *time.Time
	Reason     string
}

// Decide records a decision of the data protection officer. Nobody decides on
// what they asked for themselves: a transfer that they send, an agreement that
// they drafted. It ends after what the rulebook allows, or earlier.
func (d *Desk) Decide(ctx context.Context, c authz.Caller, in Decision) (DPOApproval, error) {
	a, asked, err := d.draft(ctx, c, in)
	if err != nil {
		return DPOApproval{}, err
	}
	if !c.In(a.Mission) {
		return DPOApproval{}, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindApproval, ID: a.ID, Mission: a.Mission, Partner: a.Partner}
	role, err := d.office.Authorise(ctx, c, authz.DPODecide, res)
	if err != nil {
		return DPOApproval{}, err
	}
	if slices.Contains(asked, c.Person) {
		return DPOApproval{}, errors.Join(authz.ErrDenied, d.office.Deny(ctx, c, authz.DPODecide, res, "AUTH_ROLE_DENIED"))
	}
	if err := in.check(); err != nil {
		return DPOApproval{}, err
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if err := d.complete(ctx, tx, c, &a, in.Until); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, res, a)
	})
	if err != nil {
		return DPOApproval{}, err
	}
	return a, nil
}

func (in Decision) check() error {
	switch {
	case in.Scope == ForPathway && (strings.TrimSpace(in.Pathway) == "" || in.Partner == "" || in.Mission == ""):
		return fmt.Errorf("%w: a standing approval needs the name of its pathway, a mission and a partner", people.ErrInvalid)
	case in.Scope == ForPathway && in.Times < 0:
		return fmt.Errorf("%w: a standing approval covers at least one transfer", people.ErrInvalid)
	case in.Scope != ForTransfer && (len(in.Purposes) == 0 || len(in.Categories) == 0):
		return fmt.Errorf("%w: name purposes and categories", people.ErrInvalid)
	case in.Scope != ForTransfer && !in.Granted:
		return fmt.Errorf("%w: a refusal is about a transfer; what is not approved otherwise is refused already", people.ErrInvalid)
	case !in.Granted && strings.TrimSpace(in.Reason) == "":
		return fmt.Errorf("%w: a refusal needs its reason", people.ErrInvalid)
	case !in.Granted && in.Until != nil:
		return fmt.Errorf("%w: a refusal does not end by itself, but by an approval: leave until out", people.ErrInvalid)
	}
	return nil
}

// draft is the decision as far as its scope says it, with who asked for what it
// is about.
func (d *Desk) draft(ctx context.Context, c authz.Caller, in Decision) (a DPOApproval, asked []string, err error) {
	now := d.office.Time()
	a = DPOApproval{
		ID: d.office.NewID(), Version: 1, Scope: in.Scope, Granted: in.Granted, Reason: in.Reason, Purposes: in.Purposes,
		Categories: in.Categories, From: now, Approver: c.Person, Actor: c.Person, Created: now, Updated: now,
	}
	switch in.Scope {
	case ForPathway:
		a.Pathway, a.Mission, a.Partner, a.Most = strings.TrimSpace(in.Pathway), in.Mission, in.Partner, max(in.Most, 1)
		a.Times = in.Times
		return a, nil, nil
	case ForAgreement, ForTransfer:
	default:
		return a, nil, fmt.Errorf("%w: scope is agreement, transfer or pathway", people.ErrInvalid)
	}
	err = d.store.View(ctx, func(tx Tx) error {
		if in.Scope == ForAgreement {
			x, err := tx.Agreement(ctx, in.Agreement)
			if err != nil {
				return err
			}
			a.Agreement, a.Document, a.Mission, a.Partner = x.ID, x.Document.Version, cmp.Or(in.Mission, x.Document.Mission), x.Document.Partner
			if !x.KnownTo(c) || !slices.Contains(x.Document.Missions(), a.Mission) { // before the policy is asked: as unknown
				return evidence.ErrNotFound
			}
			asked = append(slices.Clone(x.Editors), x.Drafter)
			return nil
		}
		w, err := tx.Awaiting(ctx, in.Transfer)
		a.Transfer, a.Manifest, a.Mission, a.Partner, a.Categories = w.Transfer, w.Digest(), w.Mission, w.Partner, w.Categories
		a.Purposes, asked = []string{w.Purpose}, []string{w.Sender}
		return err
	})
	return a, asked, err
}

// ends checks that both ends of a pathway exist.
func ends(ctx context.Context, tx Tx, a DPOApproval) error {
	if a.Scope != ForPathway {
		return nil
	}
	if _, err := tx.Mission(ctx, a.Mission); errors.Is(err, evidence.ErrNotFound) {
		return fmt.Errorf("%w: unknown mission", people.ErrInvalid)
	} else if err != nil {
		return err
	}
	_, err := tx.Party(ctx, a.Partner)
	if errors.Is(err, evidence.ErrNotFound) {
		return fmt.Errorf("%w: unknown partner", people.ErrInvalid)
	}
	return err
}

// complete checks what the decision names, and bounds it as the rulebook says.
func (d *Desk) complete(ctx context.Context, tx Tx, c authz.Caller, a *DPOApproval, until *time.Time) error {
	if err := ends(ctx, tx, *a); err != nil {
		return err
	}
	if a.Scope == ForTransfer {
		if w, err := tx.Awaiting(ctx, a.Transfer); err != nil {
			return err
		} else if w.Released { // no commit spends it any more
			a.Spent = a.Transfer
		}
	}
	for _, p := range a.Purposes {
		if _, err := terms.PurposeInForce(ctx, tx, p, a.From); err != nil {
			return terms.Told(c, "purpose", err)
		}
	}
	known, err := tx.Categories(ctx)
	if err != nil {
		return err
	}
	for _, code := range a.Categories {
		if _, err := terms.CodeInForce(known, code, a.From); err != nil {
			return terms.Told(c, "category", err)
		}
	}
	read := tx.Rulebook
	if !a.Granted {
		read = func(ctx context.Context) (rulebook.Book, error) { return rulebook.ForTaking(ctx, tx) }
	}
	book, err := read(ctx)
	if err != nil {
		return err
	}
	rules := book.At(a.From).Rules
	days := rules.Approval.DPODays
	if a.Scope == ForPathway {
		days = rules.Approval.StandingDays
		usual, most := rules.Standing()
		if a.Times = cmp.Or(a.Times, usual); a.Times > most {
			return fmt.Errorf("%w: a standing approval covers at most %d transfers", people.ErrInvalid, most)
		}
	}
	a.Until = a.From.AddDate(0, 0, days)
	if until == nil {
		return nil
	}
	if !until.After(a.From) || until.After(a.Until) {
		return fmt.Errorf("%w: until lies after now, and within %d days", people.ErrInvalid, days)
	}
	a.Until = until.UTC().Truncate(time.Microsecond)
	return nil
}

func (d *Desk) save(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, res authz.Resource, a DPOApproval) error {
	if err := tx.SaveDPOApproval(ctx, a); err != nil {
		return err
	}
	e := d.office.Entry(c, role, evidence.Change, authz.DPODecide, res)
	switch {
	case a.Revoked != nil:
		e.Result = authz.Revoked
	case a.Granted:
		e.Result = "granted"
	default:
		e.Result = authz.Refused
	}
	return tx.Record(ctx, e)
}

// Revoke takes an approval back, from now on and for what still waits to be
// pulled.
func (d *Desk) Revoke(ctx context.Context, c authz.Caller, id, reason string) (DPOApproval, error) {
	a, err := d.find(ctx, c, id)
	if err != nil {
		return DPOApproval{}, err
	}
	res := authz.Resource{Kind: KindApproval, ID: id, Mission: a.Mission, Partner: a.Partner}
	role, err := d.office.Authorise(ctx, c, authz.DPODecide, res)
	if err != nil {
		return DPOApproval{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return DPOApproval{}, fmt.Errorf("%w: a revocation needs its reason", people.ErrInvalid)
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if err := tx.LockMission(ctx, a.Mission); err != nil {
			return err
		}
		if a, err = tx.DPOApproval(ctx, id); err != nil {
			return err
		}
		if a, err = a.revoke(c.Person, reason, d.office.Time()); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, res, a)
	})
	switch {
	case errors.Is(err, lifecycle.ErrIllegal):
		return DPOApproval{}, errors.Join(err, d.office.Deny(ctx, c, authz.DPODecide, res, lifecycle.Code))
	case err != nil:
		return DPOApproval{}, err
	}
	return a, nil
}

func (d *Desk) find(ctx context.Context, c authz.Caller, id string) (DPOApproval, error) {
	var a DPOApproval
	if err := d.store.View(ctx, func(tx Tx) (err error) { a, err = tx.DPOApproval(ctx, id); return err }); err != nil {
		return DPOApproval{}, err
	}
	if !c.In(a.Mission) {
		return DPOApproval{}, evidence.ErrNotFound
	}
	return a, nil
}

// Approval answers with one decision.
func (d *Desk) Approval(ctx context.Context, c authz.Caller, id string) (DPOApproval, error) {
	a, err := d.find(ctx, c, id)
	if err != nil {
		return DPOApproval{}, err
	}
	if _, err := d.office.Authorise(ctx, c, authz.DPOApprovalRead, authz.Resource{Kind: KindApproval, ID: id, Mission: a.Mission}); err != nil {
		return DPOApproval{}, err
	}
	return a, nil
}

// Approvals lists the decisions in a mission, in all where it is empty, oldest
// first.
func (d *Desk) Approvals(ctx context.Context, c authz.Caller, mission string, p evidence.Page) (all evidence.Listed[DPOApproval], err error) {
	err = d.list(ctx, c, mission, func(tx Tx) (err error) { all, err = tx.DPOApprovalsIn(ctx, mission, p); return err })
	return all, err
}

func (d *Desk) list(ctx context.Context, c authz.Caller, mission string, load func(Tx) error) error {
	if mission != "" && !c.In(mission) {
		return evidence.ErrNotFound
	}
	if _, err := d.office.Authorise(ctx, c, authz.DPOApprovalRead, authz.Resource{Kind: KindApproval, Mission: mission}); err != nil {
		return err
	}
	return d.store.View(ctx, load)
}

// Queue lists the transfers that wait for the officer, oldest first: those that the gate refused, or holds, for want of an approval which
// no decision since gave or denied.
func (d *Desk) Queue(ctx context.Context, c authz.Caller, p evidence.Page) (waiting evidence.Listed[Waiting], err error) {
	err = d.list(ctx, c, "", func(tx Tx) error {
		all, err := tx.AwaitingDPO(ctx, p)
		if err != nil {
			return err
		}
		waiting.Next = all.Next
		waiting.Items, err = Open(ctx, tx, all.Items, d.office.Time())
		return err
	})
	return waiting, err
}

// OpenTx is what Open reads.
type OpenTx interface {
	Categories(ctx context.Context) ([]terms.Category, error)
	DPOApprovals(ctx context.Context, about []string, now time.Time) ([]DPOApproval, error)
}

// Open are those of the transfers that still wait at now: no approval that
// stands covers them, and what the officer last decided on them was no refusal.
func Open(ctx context.Context, tx OpenTx, all []Waiting, now time.Time) ([]Waiting, error) {
	if len(all) == 0 {
		return nil, nil
	}
	known, err := tx.Categories(ctx)
	if err != nil {
		return nil, err
	}
	known = terms.InForce(known, now)
	var about []string
	for _, w := range all {
		about = append(about, w.use(known, now).Abouts()...)
	}
	decided, err := tx.DPOApprovals(ctx, about, now)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(w Waiting) bool {
		required, expired := Judge(decided, w.use(known, now))
		return len(required)+len(expired) == 0 || w.denied(decided)
	}), nil
}

// denied reports whether the last decision on this very transfer is a refusal.
func (w Waiting) denied(decided []DPOApproval) bool {
	var last DPOApproval
	for _, a := range decided {
		if a.Scope == ForTransfer && a.Transfer == w.Transfer && !a.From.Before(last.From) {
			last = a
		}
	}
	return last.ID != "" && !last.Granted
}
