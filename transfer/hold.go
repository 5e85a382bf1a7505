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

// Unheld is the state that the transfer would be in if it were not held.
func (t Transfer) Unheld() State {
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

// Told is the state as people of its partner are told it at now: whether the gate
// holds the transfer is not theirs to know (gate.md). The window that they were
// told of is over when it is over, whether the transfer is held or only not swept
// yet: nothing tells the two apart.
func (t Transfer) Told(now time.Time) State {
	if t.Unheld() == Available && t.WindowEnds != nil && !now.Before(*t.WindowEnds) {
		return Unclaimed
	}
	return t.Unheld()
}

// free ends the hold, and gives back what was left of the window when it began.
func (t *Transfer) free(now time.Time) {
	if t.WindowEnds != nil {
		ends := t.windowAt(now)
		t.WindowEnds = &ends
	}
	t.State, t.HeldSince = t.Unheld(), nil
}

// HoldDue judges again what waits for its partner or is held, and of which
// something changed since it was judged, or has ended by now: what the gate would
// refuse is held, so that the days of a hold are counted from its cause on and not
// from the next pull, and what was held and passes again is freed. What is held
// for something that lasts is not judged again meanwhile. It answers with how
// many it held or freed; each is its own transaction.
func (o *Office) HoldDue(ctx context.Context) (int, error) {
	n, after := 0, ""
	var failed error // which keeps no other from its end; it is tried again the next time
	for {
		var due []string
		if err := o.Store.View(ctx, func(tx Tx) (err error) {
			due, err = tx.Rejudgings(ctx, o.Office.Time(), after, sweepBatch)
			return err
		}); err != nil {
			return n, errors.Join(failed, fmt.Errorf("listing what is to be judged again: %w", err))
		}
		for _, id := range due {
			changed, err := o.rejudge(ctx, id)
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
		after = due[len(due)-1]
	}
}

// stopped reports whether the refusal is for a mission that is suspended, which
// no role of who asks helps (R42).
func stopped(r gate.Refusal) bool {
	return r.Code == gate.AuthRoleDenied && r.Object.Kind == people.KindMission
}

// rejudge asks the gate as at a pull by a downloader with whom nothing is wrong:
// what it refuses then is wrong with the transfer. It is asked again when the
// first of what it rests on ends.
func (o *Office) rejudge(ctx context.Context, id string) (changed bool, err error) {
	_, err = o.Store.Update(ctx, func(tx Tx) error {
		changed = false
		// The transfer first, as everywhere, and what asked before what it is judged by.
		if err := tx.LockTransfer(ctx, id); err != nil {
			return err
		}
		if err := tx.TakeRejudgings(ctx, id, o.Office.Time()); err != nil {
			return err
		}
		by := authz.System("")
		t, s, err := o.anchored(ctx, tx, by, id, false)
		if absent(err) {
			return nil
		}
		if err != nil || t.State != Held && (t.State != Available || t.Ended(o.Office.Time())) { // what is over lapses
			return err
		}
		was := t.State
		if err := o.judgeAnew(ctx, tx, &t, s); err != nil {
			return err
		}
		changed = t.State != was
		return nil
	})
	return changed, err
}

// judgeAnew is rejudge of a transfer that is locked, with what it rests on.
func (o *Office) judgeAnew(ctx context.Context, tx Tx, t *Transfer, s standing) error {
	f, err := o.gather(ctx, tx, *t, gate.Pull, actor{caller: authz.System(""), denied: func(time.Time) error { return nil }}, s)
	if err != nil {
		return err
	}
	f.Actor.Assured, f.Actor.Trained, f.Actor.Bound = true, true, true
	f.Pull = t.pullable(f)
	f.Pull.Recipient = true
	if next := f.NextEnd(); !next.IsZero() {
		if err := tx.RejudgeAt(ctx, t.ID, next); err != nil {
			return err
		}
	}
	before := t.Decision
	// What was wrong with who asked is told until they ask again; what was wrong with
	// all of the partner's is over.
	if t.Decision = o.decide(ctx, f); t.Decision.Released() && t.State == Available && !slices.ContainsFunc(before.Refusals, ofRecipient) {
		return nil
	}
	return o.holdOrPass(ctx, tx, t, before, f, f.Now)
}

// AsksApprover reports whether a second person's answer is asked for: the transfer
// awaits it, or is held since one is needed now that was not at its release, or that
// another must give. A denial stands, and nobody is asked any more.
func (t Transfer) AsksApprover() bool {
	asks, denied := t.State == AwaitingApproval, false
	for _, r := range t.Decision.Refusals {
		asks = asks || t.State == Held && (r.Code == gate.ApprovalPending || r.Code == gate.ApprovalSelf)
		denied = denied || r.Code == gate.ApprovalDenied
	}
	return asks && !denied
}

// holdOrPass keeps the state in step with the gate's answer: a check that
// fails holds an available transfer, one that passes again frees it. What is
// wrong with the downloader alone holds nothing.
func (o *Office) holdOrPass(ctx context.Context, tx Tx, t *Transfer, before gate.Decision, f gate.Facts, now time.Time) error {
	switch {
	case t.State == Held && frees(t.Decision):
		t.free(now)
	case !t.Decision.Released() && t.State == Available && holds(t.Decision) && !t.Ended(now): // what is over lapses
		t.State, t.HeldSince = Held, &now
	case slices.Equal(before.Codes(), t.Decision.Codes()):
		return nil // nothing that those who may read it do not know already
	}
	t.NeedsApproval = t.NeedsApproval || t.AsksApprover()
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

// frees reports whether nothing is refused but for want of somebody who may
// pull: the days of a hold do not run while the partner finds one.
func frees(d gate.Decision) bool {
	return !slices.ContainsFunc(d.Refusals, func(r gate.Refusal) bool { return !ofRecipient(r) })
}

func ofRecipient(r gate.Refusal) bool {
	return r.Code == gate.RecipientNoUser || r.Code == gate.RecipientKeyInvalid
}

func ofCaller(r gate.Refusal) bool {
	return ofRecipient(r) || !stopped(r) && slices.Contains([]gate.Code{
		gate.AuthInvalid, gate.AuthRoleDenied, gate.TrainingExpired, gate.ConfidentialityMissing,
		gate.PullDenied, gate.PullWindow, gate.PullLimit, gate.PullRecalled,
	}, r.Code)
}
