package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/seal"
)

// Pull decides whether the caller may have file n from offset on, logs the
// release, and waits for its checkpoint, all before the first byte; Send asks
// the gate once more. A partner learns only ErrNotAvailable; the codes are on
// the transfer.
func (o *Office) Pull(ctx context.Context, c authz.Caller, id string, n int, offset int64) (*Delivery, error) {
	return observed(ctx, o, StepPull, func(ctx context.Context) (*Delivery, error) { return o.pull(ctx, c, id, n, offset) })
}

func (o *Office) pull(ctx context.Context, c authz.Caller, id string, n int, offset int64) (*Delivery, error) {
	t, err := o.known(ctx, c, authz.TransferPull, id)
	if err != nil {
		return nil, err
	}
	d := &Delivery{n: n, Offset: offset, caller: c, office: o}
	if err := d.admit(ctx, t); err != nil {
		return nil, err
	}
	if err := o.released(ctx, c, authz.TransferPull, t); err != nil {
		return nil, err
	}
	if _, ok := t.file(n); !ok && d.denied == nil { // who may not is told the same of every number
		return nil, evidence.ErrNotFound
	}
	entries, err := o.Store.Update(ctx, func(tx Tx) error {
		var s standing
		if t, s, err = o.locked(ctx, tx, c, id, false); err != nil {
			return err
		}
		return o.decidePull(ctx, tx, &t, s, d)
	})
	if errors.Is(err, seal.ErrCorrupt) {
		// What lies there is not what was sealed: that leaves its entry too.
		o.Logger.ErrorContext(ctx, "a pull found something else than was sealed", "transfer", id, "file", n, "error", err)
		return nil, errors.Join(ErrNotAvailable, o.Office.Deny(ctx, c, authz.TransferPull, t.resource(), "CRYPTO_FAILED"))
	}
	if err != nil {
		return nil, d.unheard(ctx, t, err)
	}
	if !t.Decision.Released() {
		return nil, ErrNotAvailable // and no more: the partner is not told why
	}
	d.transfer = t
	if err := o.wait(ctx, append(entries, t.ReleaseEntry)...); err != nil {
		return nil, errors.Join(err, d.ended(context.WithoutCancel(ctx), false, 0))
	}
	return d, nil
}

// admit asks the policy whether the caller may pull. Of people of the partner it
// keeps the answer where that is no: why is the gate's to say (conditions 1 and
// 2), so that it is on the transfer for those who may see it, and they are told
// PULL_DENIED alone (gate.md). Without rules that can be believed there is no
// gate to ask.
func (d *Delivery) admit(ctx context.Context, t Transfer) error {
	d.role, d.denied = d.office.Office.Enforcer.Check(d.caller, authz.TransferPull, t.resource())
	switch {
	case d.denied == nil:
		return nil
	case !d.caller.Of(t.Partner):
		return errors.Join(d.denied, d.deny(ctx, t))
	case slices.Contains(d.caller.Locks, authz.LockUnruled):
		return errors.Join(ErrNotAvailable, d.deny(ctx, t))
	default:
		return nil
	}
}

// deny records that the policy denied the pull (R43).
func (d *Delivery) deny(ctx context.Context, t Transfer) error {
	return d.office.Office.Deny(ctx, d.caller, authz.TransferPull, t.resource(), authz.Codes(d.denied)...)
}

// decide asks the gate. Whom the policy denied the pull nothing is released to,
// whatever has changed for them since: that would be a decision without authority.
func (d *Delivery) decide(ctx context.Context, f gate.Facts) (gate.Decision, error) {
	said := d.office.decide(ctx, f)
	if d.denied != nil && said.Released() {
		return gate.Decision{}, d.denied
	}
	return said, nil
}

// unheard is err as the caller may have it, where the gate's answer came to
// nothing: what the policy denied is recorded as denied (R43), and told as ever.
func (d *Delivery) unheard(ctx context.Context, t Transfer, err error) error {
	if d.denied != nil {
		return errors.Join(ErrNotAvailable, d.deny(ctx, t))
	}
	return toldAs(d.caller, err)
}

// pullFacts are the facts of phase PULL but for the sessions.
func (o *Office) pullFacts(ctx context.Context, tx Tx, t Transfer, s standing, d *Delivery) (gate.Facts, error) {
	f, err := o.gather(ctx, tx, t, gate.Pull, o.actor(s, d.caller, authz.TransferPull, t), s)
	if err != nil {
		return gate.Facts{}, err
	}
	duty, err := tx.Duty(ctx, t.ID)
	if err != nil && !absent(err) {
		return gate.Facts{}, err
	}
	f.Pull = t.pullable(f)
	f.Pull.Recipient, f.Pull.Destroyed = d.caller.Of(t.Partner) && f.Actor.Allowed, duty.Closed()
	return f, nil
}

// pullable are the facts of a pull that are the transfer's own.
func (t Transfer) pullable(f gate.Facts) gate.PullFacts {
	return gate.PullFacts{
		Released: t.Released != nil && t.State != Refused && t.State != Unclaimed, Recalled: t.State == Recalled, Limit: t.PullLimit,
		WindowEnds: t.windowAt(f.Now), HeldTooLong: t.heldFor(rules{f.Rules}.held(), f.Now),
	}
}

func (o *Office) decidePull(ctx context.Context, tx Tx, t *Transfer, s standing, d *Delivery) error {
	now := o.Office.Time()
	sessions, err := tx.PullSessions(ctx, t.ID, d.n)
	if err != nil {
		return err
	}
	f, err := o.pullFacts(ctx, tx, *t, s, d)
	if err != nil {
		return err
	}
	resumed := d.resumable(sessions, rules{f.Rules}.session(), now)
	f.Pull.Sessions, f.Pull.Resumed = counted(sessions), resumed != nil
	before := t.Decision
	if t.Decision, err = d.decide(ctx, f); err != nil {
		return err
	}
	if err := o.holdOrPass(ctx, tx, t, before, f, now); err != nil {
		return err
	}
	if !t.Decision.Released() {
		_, err := o.decided(ctx, tx, d.caller, d.role, authz.TransferPull, *t, f, t.Decision)
		return err
	}
	if err := d.prepare(ctx, tx, *t); err != nil {
		return err
	}
	session := PullSession{
		ID: o.Office.NewID(), Version: 1, Transfer: t.ID, File: d.n, Person: d.caller.Person,
		Offset: d.Offset, Requests: 1, Actor: d.caller.Person, Created: now, Updated: now,
	}
	if resumed != nil {
		session = *resumed
		session.Version, session.Offset, session.Aborted, session.Updated = session.Version+1, d.Offset, nil, now
		session.Requests++
	}
	d.Session = session.ID
	if err := tx.SavePullSession(ctx, session); err != nil {
		return err
	}
	if err := retention.Arise(ctx, tx, t.pulled(f, d, now)); err != nil {
		return err
	}
	e := o.Office.Entry(d.caller, d.role, evidence.Release, authz.TransferPull, t.resource())
	e.Result = fmt.Sprintf("file %d from %d", d.n, d.Offset)
	return record(ctx, tx, e, *t, f, t.Decision)
}

// counted is how many sessions count against the limit: one that is known to
// have ended before its first byte does not, or the outage of a server would use
// the limit up.
func counted(sessions []PullSession) (n int) {
	for _, s := range sessions {
		if s.left() {
			n++
		}
	}
	return n
}

// sessionRequests bounds how often one session may be gone on with.
const sessionRequests = 200

// resumable finds the session that a request from an offset goes on in: the
// same person's last one of this file, begun recently enough, not complete,
// from no earlier than its last request and no further than was sent.
func (d *Delivery) resumable(sessions []PullSession, life time.Duration, now time.Time) *PullSession {
	if d.Offset == 0 {
		return nil
	}
	for _, s := range slices.Backward(sessions) {
		if s.Person != d.caller.Person {
			continue
		}
		if now.Sub(s.Created) < life && s.Written == nil && s.Requests < sessionRequests &&
			d.Offset >= s.Offset && d.Offset <= s.Reached {
			return &s
		}
		return nil
	}
	return nil
}
