package rights

import (
	"context"
	"errors"
	"fmt"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/consent"
)

// Desk is the service over holds.
type Desk struct {
	office *evidence.Office
	store  evidence.Store[Tx]
	refs   consent.References
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx], refs consent.References) *Desk {
	return &Desk{office: office, store: store, refs: refs}
}

// Order is a hold as it is asked for: on a person, by case number within the
// mission or by opaque id, or on one transfer.
type Order struct {
	Kind     Kind
	Mission  string
	Case     string // of the mission, or
	Subject  string // opaque id, or
	Transfer string
	Reason   string // a code
}

func (o Order) check() error {
	named := 0
	for _, target := range []string{o.Case, o.Subject, o.Transfer} {
		if target != "" {
			named++
		}
	}
	switch {
	case o.Kind.Code() == "":
		return fmt.Errorf("%w: kind is objection, erasure, rectification, legal_hold or review", people.ErrInvalid)
	case named != 1 || o.Case != "" && o.Mission == "":
		return fmt.Errorf("%w: name a mission and a case reference, or a subject, or a transfer", people.ErrInvalid)
	case o.Transfer != "" && o.Kind != Legal && o.Kind != Review:
		return fmt.Errorf("%w: only a legal hold, or one for review, is on a transfer", people.ErrInvalid)
	case o.Transfer == "" && o.Kind == Review:
		return fmt.Errorf("%w: a hold for review is on a transfer", people.ErrInvalid)
	case !terms.ValidCode(o.Reason):
		return fmt.Errorf("%w: the reason is a code (a-z, 0-9, _)", people.ErrInvalid)
	}
	return nil
}

// actions are those of placing and of lifting a hold of the kind.
func (k Kind) actions() (place, lift authz.Action) {
	switch k {
	case Legal:
		return authz.HoldPlaceLegal, authz.HoldLiftLegal
	case Review:
		return authz.HoldPlaceReview, authz.HoldLiftReview
	default:
		return authz.HoldOpen, authz.HoldClose
	}
}

// Place opens a hold. It goes before every release and every pull that has not
// been decided by then: what a decision rests on waits for it, and reads it. By
// a referral officer or the focal point of the mission; a legal hold by Legal;
// one for review by the focal point, by Legal or by the data protection officer.
func (d *Desk) Place(ctx context.Context, c authz.Caller, o Order) (Hold, error) {
	mission, err := d.missionOf(ctx, o)
	if err != nil {
		return Hold{}, err
	}
	if !c.In(mission) || o.Mission != "" && o.Mission != mission {
		return Hold{}, evidence.ErrNotFound
	}
	action, _ := o.Kind.actions()
	res := authz.Resource{Kind: KindHold, Mission: mission}
	role, err := d.office.Authorise(ctx, c, action, res)
	if err != nil {
		return Hold{}, err
	}
	if err := o.check(); err != nil {
		return Hold{}, err
	}
	var hash string
	if o.Case != "" {
		hashes, _, err := d.refs.Of(ctx, mission, []string{o.Case})
		if err != nil {
			return Hold{}, fmt.Errorf("hashing a case number: %w", err)
		}
		hash = hashes[0]
	}
	now := d.office.Time()
	h := Hold{
		ID: d.office.NewID(), Version: 1, Mission: mission, Kind: o.Kind, Transfer: o.Transfer, Reason: o.Reason,
		PlacedBy: c.Person, PlacedAs: role, Placed: now, Actor: c.Person, Created: now, Updated: now,
	}
	res.ID = h.ID
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if h.Subject, err = subject(ctx, tx, mission, o.Subject, hash); err != nil {
			return err
		}
		if err := lock(ctx, tx, h); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, action, res, h)
	})
	if err != nil {
		return Hold{}, err
	}
	return h, nil
}

// missionOf is the mission of what the hold is placed on; for a case number the
// one that the order names.
func (d *Desk) missionOf(ctx context.Context, o Order) (mission string, err error) {
	if o.Subject == "" && o.Transfer == "" {
		return o.Mission, nil
	}
	err = d.store.View(ctx, func(tx Tx) error {
		if o.Transfer != "" {
			mission, _, err = tx.HeldTransfer(ctx, o.Transfer)
			return err
		}
		s, err := tx.Subject(ctx, o.Subject)
		mission = s.Mission
		return err
	})
	return mission, err
}

// subject is the opaque id of who is named by id or by the keyed hash of a case
// number; empty where nobody is.
func subject(ctx context.Context, tx Tx, mission, id, hash string) (string, error) {
	if hash == "" {
		return id, nil
	}
	known, err := tx.SubjectsByReference(ctx, mission, []string{hash})
	if err != nil {
		return "", err
	}
	s, ok := known[hash]
	if !ok {
		return "", evidence.ErrNotFound
	}
	return s.ID, nil
}

// lock waits for the decisions that rest on the person, or on the transfer, and
// excludes those that come after until the hold is written.
func lock(ctx context.Context, tx Tx, h Hold) error {
	if h.Transfer != "" {
		return tx.LockTransfer(ctx, h.Transfer)
	}
	return tx.LockSubjects(ctx, []string{h.Subject})
}

func (d *Desk) save(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, res authz.Resource, h Hold) error {
	if err := tx.SaveHold(ctx, h); err != nil {
		return err
	}
	e := d.office.Entry(c, role, evidence.Change, action, res)
	e.Result = h.Code()
	return tx.Record(ctx, e)
}

// Lift ends a hold: the focal point's act, of a legal hold Legal's, of one for
// review that of any who may place it, but for what headquarters placed, which
// headquarters lifts, and never of the transfer's sender; and never of the person
// who placed it (separation of duties 11). What may not be is recorded (R43).
func (d *Desk) Lift(ctx context.Context, c authz.Caller, id, reason string) (Hold, error) {
	h, err := d.find(ctx, c, id)
	if err != nil {
		return Hold{}, err
	}
	_, action := h.Kind.actions()
	res := authz.Resource{Kind: KindHold, ID: id, Mission: h.Mission}
	role, err := d.office.Authorise(ctx, c, action, res)
	if err != nil {
		return Hold{}, err
	}
	if !terms.ValidCode(reason) {
		return Hold{}, fmt.Errorf("%w: the reason is a code (a-z, 0-9, _)", people.ErrInvalid)
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if err := lock(ctx, tx, h); err != nil {
			return err
		}
		if h, err = tx.Hold(ctx, id); err != nil {
			return err
		}
		now := d.office.Time()
		by := lifting{person: c.Person, hq: c.Holds(authz.LEG) || c.Holds(authz.DPO)}
		if by.another, err = apart(ctx, tx, c.Person, h.PlacedBy, h.Placed, now); err != nil {
			return err
		}
		if h.Kind == Review {
			_, sender, err := tx.HeldTransfer(ctx, h.Transfer)
			if err != nil {
				return err
			}
			other, err := apart(ctx, tx, c.Person, sender, h.Placed, now)
			if err != nil {
				return err
			}
			by.sends = !other
		}
		if h, err = h.lift(by, reason, now); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, action, res, h)
	})
	switch {
	case errors.Is(err, lifecycle.ErrIllegal):
		return Hold{}, errors.Join(err, d.office.Deny(ctx, c, action, res, lifecycle.Code))
	case err != nil:
		return Hold{}, err
	}
	return h, nil
}

// apart reports whether the person was on another side than the other, whose
// deputies count as they do, at any time since.
func apart(ctx context.Context, tx Tx, person, other string, since, now time.Time) (bool, error) {
	err := people.Apart(ctx, tx, person, since, now, other)
	if errors.Is(err, people.ErrSameSide) {
		return false, nil
	}
	return err == nil, err
}

// find is the one way to a hold: scoped by mission.
func (d *Desk) find(ctx context.Context, c authz.Caller, id string) (Hold, error) {
	var h Hold
	if err := d.store.View(ctx, func(tx Tx) (err error) { h, err = tx.Hold(ctx, id); return err }); err != nil {
		return Hold{}, err
	}
	if !c.In(h.Mission) {
		return Hold{}, evidence.ErrNotFound
	}
	return h, nil
}

// Hold answers with one hold.
func (d *Desk) Hold(ctx context.Context, c authz.Caller, id string) (Hold, error) {
	h, err := d.find(ctx, c, id)
	if err != nil {
		return Hold{}, err
	}
	if _, err := d.office.Authorise(ctx, c, authz.HoldRead, authz.Resource{Kind: KindHold, ID: id, Mission: h.Mission}); err != nil {
		return Hold{}, err
	}
	return h, nil
}

// OpenHolds lists the open holds of a mission, oldest first; headquarters may
// leave the mission out, and lists all.
func (d *Desk) OpenHolds(ctx context.Context, c authz.Caller, mission string, p evidence.Page) (all evidence.Listed[Hold], err error) {
	if own := c.Missions(); mission == "" && !c.AtHQ() && len(own) == 1 {
		mission = own[0]
	}
	if mission == "" && !c.AtHQ() || mission != "" && !c.In(mission) {
		return all, evidence.ErrNotFound
	}
	if _, err := d.office.Authorise(ctx, c, authz.HoldRead, authz.Resource{Kind: KindHold, Mission: mission}); err != nil {
		return all, err
	}
	err = d.store.View(ctx, func(tx Tx) (err error) { all, err = tx.OpenHolds(ctx, mission, p); return err })
	return all, err
}
