package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/gate"
)

// Ended reports whether nobody may ever pull the transfer any more, at now. What
// is held ends by the clock's job, by how long it has been held.
func (t Transfer) Ended(now time.Time) bool {
	over := t.State != Held && t.WindowEnds != nil && !now.Before(*t.WindowEnds)
	return over || t.State.final()
}

// windowAt is when the window ends, as it looks at now: while the transfer is
// held, it moves with the time.
func (t Transfer) windowAt(now time.Time) time.Time {
	switch {
	case t.WindowEnds == nil:
		return time.Time{}
	case t.State != Held || t.HeldSince == nil:
		return *t.WindowEnds
	default:
		return t.WindowEnds.Add(max(0, now.Sub(*t.HeldSince)))
	}
}

// heldFor reports whether the transfer has been held for as long as that.
func (t Transfer) heldFor(most time.Duration, now time.Time) bool {
	return t.State == Held && t.HeldSince != nil && now.Sub(*t.HeldSince) >= most
}

// unheld is the state that the transfer would be in if it were not held.
func (t Transfer) unheld() State {
	switch {
	case t.State != Held:
		return t.State
	case len(t.Files) > 0 && len(t.Receipts) == len(t.Files):
		return Acknowledged
	case t.Delivered != nil:
		return Pulled
	default:
		return Available
	}
}

// Told is the state as people of its partner are told it: whether the gate holds
// the transfer is not theirs to know (gate.md).
func (t Transfer) Told() State { return t.unheld() }

// free ends the hold, and gives back what was left of the window when it began.
func (t *Transfer) free(now time.Time) {
	if t.WindowEnds != nil {
		ends := t.windowAt(now)
		t.WindowEnds = &ends
	}
	t.State, t.HeldSince = t.unheld(), nil
}

// HoldDue holds what is available although its agreement does not rule any more,
// somebody holds it, or its partner or mission is stopped, and frees what was held for that and passes again, so that
// the days of a hold are counted from its cause on and not from the next pull. It
// answers with how many it changed; each is its own transaction.
func (o *Office) HoldDue(ctx context.Context) (int, error) {
	n, after := 0, ""
	var failed error // which keeps no other from its end
	for {
		var due []Transfer
		if err := o.Store.View(ctx, func(tx Tx) (err error) {
			due, err = tx.HoldsDue(ctx, o.Office.Time(), after, sweepBatch)
			return err
		}); err != nil {
			return n, errors.Join(failed, fmt.Errorf("listing what is to be held: %w", err))
		}
		for _, t := range due {
			if t.State == Held && !byRecord(t.Decision) {
				continue // for something that no list tells the end of: the next pull asks
			}
			changed, err := o.rejudge(ctx, t.ID)
			switch {
			case err != nil:
				failed = errors.Join(failed, fmt.Errorf("judging whether a transfer is held: %w", err))
			case changed:
				n++
			}
		}
		if len(due) < sweepBatch {
			return n, failed
		}
		after = due[len(due)-1].ID
	}
}

// byRecord reports whether a transfer is held for its agreement, its partner or
// its mission, or by a hold, alone; what was wrong with who tried to pull it
// meanwhile is no matter.
func byRecord(d gate.Decision) bool {
	known := []gate.Code{
		gate.AgrNotActive, gate.AgrExpired, gate.AgrSuspended, gate.AgrTerminated, gate.LegalHold,
		gate.PartnerUnvetted, gate.PartnerSuspended, gate.PartnerBlocked,
	}
	return !slices.ContainsFunc(d.Refusals, func(r gate.Refusal) bool { return !slices.Contains(known, r.Code) && !stopped(r) && !ofCaller(r) })
}

// stopped reports whether the refusal is for a mission that is suspended, which
// no role of who asks helps (R42).
func stopped(r gate.Refusal) bool {
	return r.Code == gate.AuthRoleDenied && r.Object.Kind == people.KindMission
}

// rejudge asks the gate as at a pull by a downloader with whom nothing is wrong:
// what it refuses then is wrong with the transfer.
func (o *Office) rejudge(ctx context.Context, id string) (changed bool, err error) {
	_, err = o.Store.Update(ctx, func(tx Tx) error {
		changed = false
		by := authz.System("")
		t, s, err := o.locked(ctx, tx, by, id, false)
		if err != nil || t.State != Available && t.State != Held {
			return err
		}
		f, err := o.gather(ctx, tx, t, gate.Pull, actor{caller: by, denied: func(time.Time) error { return nil }}, s)
		if err != nil {
			return err
		}
		f.Actor.Assured, f.Actor.Trained, f.Actor.Bound = true, true, true
		f.Pull = gate.PullFacts{
			Recipient: true, Released: true, Limit: t.PullLimit, WindowEnds: t.windowAt(f.Now), HeldTooLong: t.heldFor(rules{f.Rules}.held(), f.Now),
		}
		before, was := t.Decision, t.State
		if t.Decision = o.decide(ctx, f); t.Decision.Released() == (was == Available) {
			return nil
		}
		if err := o.holdOrPass(ctx, tx, &t, before, f, f.Now); err != nil {
			return err
		}
		changed = t.State != was
		return nil
	})
	return changed, err
}

// holdOrPass keeps the state in step with the gate's answer: a check that
// fails holds an available transfer, one that passes again frees it. What is
// wrong with the downloader alone holds nothing.
func (o *Office) holdOrPass(ctx context.Context, tx Tx, t *Transfer, before gate.Decision, f gate.Facts, now time.Time) error {
	switch {
	case t.Decision.Released() && t.State == Held:
		t.free(now)
	case !t.Decision.Released() && t.State == Available && holds(t.Decision) && !t.Ended(now): // what is over lapses
		t.State, t.HeldSince = Held, &now
	case slices.Equal(before.Codes(), t.Decision.Codes()):
		return nil // nothing that those who may read it do not know already
	}
	if err := o.save(ctx, tx, t, string(authz.SYS), now); err != nil {
		return err
	}
	e := o.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "transfer.hold", t.resource())
	e.Result = string(t.State)
	return record(ctx, tx, e, *t, f, t.Decision)
}

// holds reports whether a refusal is about the transfer, and not only about
// who asks or how often.
func holds(d gate.Decision) bool {
	return slices.ContainsFunc(d.Refusals, func(r gate.Refusal) bool { return !ofCaller(r) })
}

func ofCaller(r gate.Refusal) bool {
	return !stopped(r) && slices.Contains([]gate.Code{
		gate.AuthInvalid, gate.AuthRoleDenied, gate.TrainingExpired, gate.ConfidentialityMissing,
		gate.PullDenied, gate.PullWindow, gate.PullLimit, gate.PullRecalled,
	}, r.Code)
}
