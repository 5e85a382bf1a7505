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
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/gate"
)

// Commit releases a sealed transfer to the partner, if the gate still says so:
// the anchors are locked, the facts read again, the release and its entry
// written in one transaction. It answers when the entry is under a signed
// checkpoint. Repeating it after a release answers alike.
func (o *Office) Commit(ctx context.Context, c authz.Caller, id string) (Transfer, error) {
	return observed(ctx, o, StepCommit, func(ctx context.Context) (Transfer, error) { return o.commit(ctx, c, id) })
}

func (o *Office) commit(ctx context.Context, c authz.Caller, id string) (Transfer, error) {
	t, err := o.known(ctx, c, authz.TransferCommit, id)
	if err != nil {
		return Transfer{}, err
	}
	role, denied := o.Office.Enforcer.Check(c, authz.TransferCommit, t.resource())
	if denied != nil && !t.gateTells(c) {
		return Transfer{}, o.deniedCommit(ctx, c, t, denied)
	}
	if t.committed() {
		return t, o.wait(ctx, t.ReleaseEntry)
	}
	asked := t
	entries, err := o.Store.Update(ctx, func(tx Tx) error {
		var s standing
		if t, s, err = o.locked(ctx, tx, c, id, true); err != nil {
			return err
		}
		if denied != nil && !t.undecided() {
			return denied // there is nothing for the gate to say any more
		}
		if t.committed() {
			return nil // released meanwhile: the answer is alike
		}
		if err := o.decideCommit(ctx, tx, c, s, role, authz.TransferCommit, &t); err != nil {
			return err
		}
		if denied != nil && t.Decision.Released() {
			return denied // whatever has changed for them since: that would be a release without authority
		}
		return nil
	})
	if denied != nil && err != nil { // the gate's answer came to nothing, and the policy's stands
		return Transfer{}, o.deniedCommit(ctx, c, asked, denied)
	}
	return o.committed(ctx, t, entries, o.outOfTurn(ctx, c, authz.TransferCommit, asked, err))
}

// gateTells reports whether it is the gate that says why the caller, whom the policy
// denies it, may not commit: their own transfer, which is sealed and not decided.
// Conditions 1 and 2 are judged at COMMIT with all the others, as at REQUEST, and
// what they refuse is destroyed. Not by a token that was made for other acts, since
// that would be to destroy by it; nor without rules that can be believed.
func (t Transfer) gateTells(c authz.Caller) bool {
	return c.Person == t.Sender && t.undecided() && c.In(t.Mission) && c.Reaches(authz.TransferCommit) && !slices.Contains(c.Locks, authz.LockUnruled)
}

// undecided reports whether the gate has yet to decide COMMIT.
func (t Transfer) undecided() bool { return t.State == SealedState || t.State == AwaitingApproval }

// deniedCommit records that the policy denied the commit (R43).
func (o *Office) deniedCommit(ctx context.Context, c authz.Caller, t Transfer, denied error) error {
	return errors.Join(denied, o.Office.Deny(ctx, c, authz.TransferCommit, t.resource(), authz.Codes(denied)...))
}

// Approve records the second person's answer (condition 28). The last approval
// that is needed releases the transfer at once, through the same gate. What a pull
// or the clock holds because a second person is needed since its release is judged
// again as the clock would: it goes on, or stays held, and for good where denied.
func (o *Office) Approve(ctx context.Context, c authz.Caller, id string, granted bool, attestation string) (Transfer, error) {
	return observed(ctx, o, StepCommit, func(ctx context.Context) (Transfer, error) { return o.approve(ctx, c, id, granted, attestation) })
}

func (o *Office) approve(ctx context.Context, c authz.Caller, id string, granted bool, attestation string) (Transfer, error) {
	t, role, err := o.may(ctx, c, authz.TransferApprove, id)
	if err != nil {
		return Transfer{}, err
	}
	if len(attestation) > 4000 {
		return Transfer{}, fmt.Errorf("%w: an attestation has at most 4000 bytes", people.ErrInvalid)
	}
	if c.Person == t.Sender { // separation of duties 1
		return o.refuseSelf(ctx, c, t)
	}
	asked, held := t, false
	entries, err := o.Store.Update(ctx, func(tx Tx) error {
		var s standing
		if t, s, err = o.locked(ctx, tx, c, id, true); err != nil {
			return err
		}
		// The role and the token with which this person approves must still count.
		if !o.allowedNow(s, c, authz.TransferApprove, t.resource(), o.Office.Time()) {
			return authz.ErrDenied
		}
		if held = t.State == Held; !t.AsksApprover() {
			return t.illegal("approve", "the transfer awaits approval", "look at its state; it may not need one, or have it")
		}
		if err := o.necessary(ctx, tx, t, granted, attestation); err != nil {
			return err
		}
		now := o.Office.Time()
		if err := o.mayApprove(ctx, tx, c, t, s, now); err != nil {
			return err
		}
		t.Approvals = append(t.Approvals, Approval{Person: c.Person, Role: role, At: now, Granted: granted, Attestation: attestation})
		if err := o.save(ctx, tx, &t, c.Person, now); err != nil {
			return err
		}
		e := o.Office.Entry(c, role, evidence.Change, authz.TransferApprove, t.resource())
		e.Result = map[bool]string{true: "granted", false: "denied"}[granted]
		if err := tx.Record(ctx, e); err != nil {
			return err
		}
		if held {
			return o.judgeAnew(ctx, tx, &t, s)
		}
		return o.decideCommit(ctx, tx, c, s, role, authz.TransferApprove, &t)
	})
	switch {
	case err == nil && held && t.State != Held:
		return t, o.wait(ctx, append(entries, t.ReleaseEntry)...)
	case errors.Is(err, authz.ErrDenied):
		return Transfer{}, errors.Join(err, o.Office.Deny(ctx, c, authz.TransferApprove, asked.resource(), "AUTH_ROLE_DENIED"))
	case errors.Is(err, people.ErrSameSide):
		return o.refuseSelf(ctx, c, asked)
	}
	return o.committed(ctx, t, entries, o.outOfTurn(ctx, c, authz.TransferApprove, asked, err))
}

// necessary wants of who approves files that nobody can match to the manifest
// that they attest why these are needed: they never see them.
func (o *Office) necessary(ctx context.Context, tx Tx, t Transfer, granted bool, attestation string) error {
	r, err := o.ruled(ctx, tx)
	if err != nil || !granted || stated(attestation) || len(r.opaque(t)) == 0 {
		return err
	}
	return fmt.Errorf("%w: some files cannot be matched to the manifest; state in attestation why these files, and not less, are needed for the purpose", people.ErrInvalid)
}

// locked is the transfer as it is now, with all that the decision rests on
// held still until the end of the transaction, and what its persons hold.
func (o *Office) locked(ctx context.Context, tx Tx, c authz.Caller, id string, releases bool) (Transfer, standing, error) {
	// First the transfer itself, which then says what else there is to lock.
	if err := tx.LockTransfer(ctx, id); err != nil {
		return Transfer{}, standing{}, err
	}
	return o.anchored(ctx, tx, c, id, releases)
}

// anchored locks what the decision on a transfer that is locked rests on, and reads
// it with the standing of those on whose acts it rests.
func (o *Office) anchored(ctx context.Context, tx Tx, c authz.Caller, id string, releases bool) (Transfer, standing, error) {
	t, err := tx.Transfer(ctx, id)
	if err != nil {
		return Transfer{}, standing{}, err
	}
	a := Anchors{
		Persons: []string{t.Sender, c.Person}, Mission: t.Mission, Partner: t.Partner,
		Agreement: t.Agreement, Subjects: id, Downloaders: releases,
	}
	if c.Token != "" {
		a.Tokens = []string{c.Token, c.Root}
	}
	for _, given := range t.Approvals {
		a.Persons = append(a.Persons, given.Person)
	}
	if err := tx.LockAnchors(ctx, a); err != nil {
		return Transfer{}, standing{}, err
	}
	s, err := o.standing(ctx, tx, c, t.Mission, a.Persons)
	return t, s, err
}

func (o *Office) decideCommit(ctx context.Context, tx Tx, c authz.Caller, s standing, role authz.Role, action authz.Action, t *Transfer) error {
	if !t.undecided() {
		return t.illegal("commit", "every file has landed, and nothing is decided yet", "send the missing files; a decided transfer is not decided again")
	}
	sender := c
	if c.Person != t.Sender {
		// The approver's act releases, but it is the sender's standing that
		// counts, with the assurance under which they asked.
		sender = authz.Caller{Person: t.Sender, Assurance: t.SenderAssurance}
	}
	f, err := o.gather(ctx, tx, *t, gate.Commit, o.actor(s, sender, authz.TransferCommit, *t), s)
	if err != nil {
		return err
	}
	now, before := f.Now, t.Decision
	t.Decision = o.decide(ctx, f)
	// What would go on by an approval rests on who gives it, after the last wait too.
	waits := t.Decision.Waits()
	if (t.Decision.Released() || waits) && action == authz.TransferApprove && !o.allowedNow(s, c, action, t.resource(), now) {
		return authz.ErrDenied
	}
	if waits && t.State == AwaitingApproval {
		// It waits: that is the answer, with every code, and not a refusal of the transfer. What
		// stands against it is on it for whoever is to approve it, or to mend that.
		if !slices.Equal(before.Codes(), t.Decision.Codes()) {
			if err := o.save(ctx, tx, t, c.Person, now); err != nil {
				return err
			}
		}
		_, err = o.decided(ctx, tx, c, role, action, *t, f, t.Decision)
		return err
	}
	if waits {
		// That a second person is needed became so after REQUEST: it waits from now on.
		t.State, t.NeedsApproval = AwaitingApproval, true
		return o.release(ctx, tx, c, role, action, t, f, now)
	}
	if t.Decision.Released() {
		ends := now.Add(rules{f.Rules}.window())
		t.State, t.Released, t.WindowEnds, t.PullLimit = Available, &now, &ends, f.Rules.Transfer.PullLimit
		for _, spent := range approvals.Spend(f.DPOApprovals, f.DPOUse(), c.Person) {
			if err := tx.SaveDPOApproval(ctx, spent); err != nil {
				return err
			}
		}
	} else {
		t.State = Refused
		if err := tx.DoomUploads(ctx, t.ID, now); err != nil {
			return err
		}
	}
	opened, err := o.caseOf(ctx, tx, t, f, true) // whose transfer it is was heard at REQUEST
	if err != nil {
		return err
	}
	if err := o.release(ctx, tx, c, role, action, t, f, now); err != nil {
		return err
	}
	return o.open(ctx, tx, c, opened)
}

// release writes the decided transfer and the entry that evidences it.
func (o *Office) release(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, t *Transfer, f gate.Facts, now time.Time) error {
	e := o.Office.Entry(c, role, evidence.Decision, action, t.resource())
	if t.Decision.Released() {
		t.ReleaseEntry = e.ID
	} else {
		e.Verdict = evidence.Refused
	}
	if err := o.save(ctx, tx, t, c.Person, now); err != nil {
		return err
	}
	e.Result = string(t.State)
	if t.State == Available {
		// What ended or was withdrawn in the same moment, and held nobody up, is found
		// by the clock, and what ends next.
		if err := tx.RejudgeAt(ctx, t.ID, now); err != nil {
			return err
		}
	}
	return record(ctx, tx, e, *t, f, t.Decision)
}

func (o *Office) committed(ctx context.Context, t Transfer, entries []string, err error) (Transfer, error) {
	if err != nil {
		return Transfer{}, err
	}
	if !t.Decision.Released() {
		return t, &RefusedError{Transfer: t.ID, Decision: t.Decision}
	}
	return t, o.wait(ctx, append(entries, t.ReleaseEntry)...)
}
