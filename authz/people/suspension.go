package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/lifecycle"
)

// Suspension is that a user's tokens and roles give nothing, or that a mission
// sends nothing, until another than who suspended lifts it (R42). Lifted ones
// stand in the earlier versions of the record.
type Suspension struct {
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	Since  time.Time `json:"since"`
}

func checkReason(reason string) error {
	if n := len(strings.TrimSpace(reason)); n == 0 || n > maxReason {
		return fmt.Errorf("%w: give a reason, of at most %d bytes", ErrInvalid, maxReason)
	}
	return nil
}

// suspended is what of a person or a mission the acts below need.
type suspended[T any] struct {
	kind, event string
	action      authz.Action
	load        func(Tx, context.Context, string) (T, error)
	save        func(Tx, context.Context, T) error
	known       func(T, authz.Caller) bool
	place       func(T) authz.Resource
	change      func(*T, Suspension) error // refuses by a TransitionError, ErrOwnAccess or ErrSameSide
	touch       func(*T, string, time.Time)
	// after is done in the same transaction, before the entry; what it locks
	// comes after the record, as in decisions.
	after func(context.Context, Tx, T, time.Time) error
}

// act does one of the acts: scoped first, authorised, and decided on what the
// transaction reads. Denials and illegal transitions are recorded (R43).
func act[T any](ctx context.Context, r *Register, c authz.Caller, id, reason string, s suspended[T]) (T, error) {
	var none, v T
	if err := r.store.View(ctx, func(tx Tx) (err error) { v, err = s.load(tx, ctx, id); return err }); err != nil {
		return none, err
	}
	if !s.known(v, c) {
		return none, evidence.ErrNotFound
	}
	res := s.place(v)
	res.Kind, res.ID = s.kind, id
	role, err := r.office.Authorise(ctx, c, s.action, res)
	if err != nil {
		return none, err
	}
	if err := checkReason(reason); err != nil {
		return none, err
	}
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if v, err = s.load(tx, ctx, id); err != nil {
			return err
		}
		now := r.office.Time()
		if err := s.change(&v, Suspension{Reason: strings.TrimSpace(reason), By: c.Person, Since: now}); err != nil {
			return err
		}
		s.touch(&v, c.Person, now)
		if err := s.save(tx, ctx, v); err != nil {
			return err
		}
		if s.after != nil {
			if err := s.after(ctx, tx, v, now); err != nil {
				return err
			}
		}
		e := r.office.Entry(c, role, evidence.Change, s.action, res)
		e.Result = s.event
		return tx.Record(ctx, e)
	})
	switch {
	case err == nil:
		return v, nil
	case errors.Is(err, ErrOwnAccess), errors.Is(err, ErrSameSide):
		return none, errors.Join(err, r.denyOwn(ctx, c, s.action, res))
	case errors.Is(err, lifecycle.ErrIllegal):
		return none, errors.Join(err, r.office.Deny(ctx, c, s.action, res, lifecycle.Code))
	}
	return none, err
}

func begun(entity string, now *Suspension) error {
	if now == nil {
		return nil
	}
	return &lifecycle.TransitionError{
		Entity: entity, State: "suspended", Event: "suspend", Guard: "it is not suspended already",
		Mend: "nothing is to be done; another than who suspended it lifts it",
	}
}

func over(entity string, now *Suspension) error {
	if now != nil {
		return nil
	}
	return &lifecycle.TransitionError{
		Entity: entity, State: "in good standing", Event: "lift", Guard: "it is suspended", Mend: "nothing is to be done: it is not suspended",
	}
}

func ofPerson(action authz.Action, event string) suspended[Person] {
	return suspended[Person]{
		kind: KindPerson, event: event, action: action, load: Tx.Person, save: Tx.SavePerson, known: Person.KnownTo,
		place: func(p Person) authz.Resource { return authz.Resource{Mission: p.Mission, Partner: p.Partner} },
		touch: func(p *Person, by string, now time.Time) { p.Version, p.Actor, p.Updated = p.Version+1, by, now },
	}
}

// SuspendPerson stops a user at once: from the end of its transaction on no
// token of theirs is honoured and no role counts, and what they delegated ends
// (R42). By Legal and the DPO, and by the head of mission for its people.
func (r *Register) SuspendPerson(ctx context.Context, c authz.Caller, id, reason string) (Person, error) {
	s := ofPerson(authz.PersonSuspend, "suspended")
	s.change = func(p *Person, by Suspension) error {
		if p.ID == c.Person {
			return ErrOwnAccess // separation of duties 8
		}
		if err := begun("person", p.Suspension); err != nil {
			return err
		}
		p.Suspension = &by
		return nil
	}
	s.after = func(ctx context.Context, tx Tx, p Person, now time.Time) error {
		// A deputy does not turn on whose post it is, nor they on their deputy.
		if err := Apart(ctx, tx, c.Person, now, now, p.ID); err != nil {
			return err
		}
		// Nor do they delegate in the same moment: see Delegate.
		if err := tx.LockGrants(ctx, p.ID); err != nil {
			return err
		}
		held, err := tx.GrantsOf(ctx, p.ID)
		if err != nil {
			return err
		}
		for _, g := range held {
			if err := r.endDelegated(ctx, tx, g.ID, c.Person, now); err != nil {
				return err
			}
		}
		return nil
	}
	return act(ctx, r, c, id, reason, s)
}

// Suspendable answers with a person whom the caller may suspend.
func (r *Register) Suspendable(ctx context.Context, c authz.Caller, id string) (Person, error) {
	var p Person
	if err := r.store.View(ctx, func(tx Tx) (err error) { p, err = tx.Person(ctx, id); return err }); err != nil {
		return Person{}, err
	}
	if !p.KnownTo(c) {
		return Person{}, evidence.ErrNotFound
	}
	if _, err := r.office.Authorise(ctx, c, authz.PersonSuspend, authz.Resource{Kind: KindPerson, ID: id, Mission: p.Mission, Partner: p.Partner}); err != nil {
		return Person{}, err
	}
	return p, nil
}

// LiftPerson ends the suspension of a user, by another than who suspended them
// (separation of duties 11).
func (r *Register) LiftPerson(ctx context.Context, c authz.Caller, id, reason string) (Person, error) {
	s := ofPerson(authz.PersonLift, "lifted")
	var was Suspension
	s.change = func(p *Person, _ Suspension) error {
		if p.ID == c.Person {
			return ErrOwnAccess
		}
		if err := over("person", p.Suspension); err != nil {
			return err
		}
		was, p.Suspension = *p.Suspension, nil
		return nil
	}
	s.after = func(ctx context.Context, tx Tx, _ Person, now time.Time) error {
		return Apart(ctx, tx, c.Person, was.Since, now, was.By)
	}
	return act(ctx, r, c, id, reason, s)
}

func ofMission(action authz.Action, event string) suspended[Mission] {
	return suspended[Mission]{
		kind: KindMission, event: event, action: action, load: Tx.Mission, save: Tx.SaveMission,
		known: func(m Mission, c authz.Caller) bool { return c.In(m.ID) },
		place: func(m Mission) authz.Resource { return authz.Resource{Mission: m.ID} },
		touch: func(m *Mission, by string, now time.Time) { m.Version, m.Actor, m.Updated = m.Version+1, by, now },
	}
}

// SuspendMission stops a mission at once: it sends nothing, and its people keep
// reading (R42). By Legal and the DPO.
func (r *Register) SuspendMission(ctx context.Context, c authz.Caller, id, reason string) (Mission, error) {
	s := ofMission(authz.MissionSuspend, "suspended")
	s.change = func(m *Mission, by Suspension) error {
		if err := begun("mission", m.Suspension); err != nil {
			return err
		}
		m.Suspension = &by
		return nil
	}
	return act(ctx, r, c, id, reason, s)
}

// LiftMission ends the suspension of a mission, by another than who suspended it
// (separation of duties 11).
func (r *Register) LiftMission(ctx context.Context, c authz.Caller, id, reason string) (Mission, error) {
	s := ofMission(authz.MissionLift, "lifted")
	var was Suspension
	s.change = func(m *Mission, _ Suspension) error {
		if err := over("mission", m.Suspension); err != nil {
			return err
		}
		was, m.Suspension = *m.Suspension, nil
		return nil
	}
	s.after = func(ctx context.Context, tx Tx, _ Mission, now time.Time) error {
		return Apart(ctx, tx, c.Person, was.Since, now, was.By)
	}
	return act(ctx, r, c, id, reason, s)
}
