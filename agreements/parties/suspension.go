package parties

import (
	"context"
	"errors"
	"strings"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/people"
)

// Suspend stops every transfer to the partner at once, by Legal or the DPO, with
// a reason (R42, PARTNER_SUSPENDED).
func (r *Register) Suspend(ctx context.Context, c authz.Caller, id, reason string) (Party, error) {
	return r.keeper.Change(ctx, c, authz.PartySuspend, id, "suspend", reason, func(_ Tx, p Party, act lifecycle.Act) (Party, error) {
		switch {
		case strings.TrimSpace(reason) == "":
			return p, p.illegal(act.Event, "a reason", "say why")
		case p.State == Suspended, p.State == Blocked:
			return p, p.illegal(act.Event, "the partner is in use", "nothing: no transfer goes to it")
		}
		p.Suspension = &act
		return p.next(act), nil
	})
}

// Lift ends a suspension, by another person than who suspended (separation of
// duties 11). The partner stands then as its due diligence says.
func (r *Register) Lift(ctx context.Context, c authz.Caller, id, reason string) (Party, error) {
	return r.keeper.Change(ctx, c, authz.PartyLift, id, "lift", reason, func(tx Tx, p Party, act lifecycle.Act) (Party, error) {
		const apart = "whoever suspends does not lift, nor who stands for them (separation of duties 11)"
		switch {
		case p.State != Suspended:
			return p, p.illegal(act.Event, "the partner is suspended", "look at its state; it may have been lifted already")
		case strings.TrimSpace(reason) == "":
			return p, p.illegal(act.Event, "the cause is closed", "say how it was closed")
		}
		if err := p.apart(ctx, tx, act, *p.Suspension, apart); err != nil {
			return p, err
		}
		p.Suspension = nil
		return p.next(act), nil
	})
}

// Block ends the use of the partner, by Legal or the DPO, with a reason
// (PARTNER_BLOCKED). Only a new vetting by another person of Legal unblocks it.
func (r *Register) Block(ctx context.Context, c authz.Caller, id, reason string) (Party, error) {
	return r.keeper.Change(ctx, c, authz.PartyBlock, id, "block", reason, func(_ Tx, p Party, act lifecycle.Act) (Party, error) {
		switch {
		case strings.TrimSpace(reason) == "":
			return p, p.illegal(act.Event, "a reason", "say why")
		case p.Block != nil:
			return p, p.illegal(act.Event, "the partner is not blocked yet", "nothing: no transfer goes to it")
		}
		p.Block = &act
		return p.next(act), nil
	})
}

// apart refuses an act by one side with who did what it undoes.
func (p Party) apart(ctx context.Context, tx Tx, act, did lifecycle.Act, guard string) error {
	err := people.Apart(ctx, tx, act.Person, did.At, act.At, did.Person)
	if errors.Is(err, people.ErrSameSide) {
		return p.illegal(act.Event, guard, "ask another person of your office; a deputy counts as the one whose post it is")
	}
	return err
}
