package rulebook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/lifecycle"
)

// Sentinels that callers branch on.
var (
	// ErrNoDraft says that nothing waits for the DPO.
	ErrNoDraft = errors.New("no draft of the rules waits")
	// ErrOwnDraft says that who wrote the draft wants to decide on it.
	ErrOwnDraft = errors.New("who wrote the draft does not decide on it")
)

// Desk is the service over the rulebook.
type Desk struct {
	office       *evidence.Office
	store        evidence.Store[Tx]
	undertakings []string
}

// NewDesk makes the service. Undertakings are the versions that can be signed:
// under rules that name another one every role would be locked.
func NewDesk(office *evidence.Office, store evidence.Store[Tx], undertakings []string) *Desk {
	return &Desk{office: office, store: store, undertakings: undertakings}
}

func resource() authz.Resource { return authz.Resource{Kind: KindRulebook, ID: ID} }

// Rulebook answers with the book as it is now.
func (d *Desk) Rulebook(ctx context.Context, c authz.Caller) (Book, error) {
	if _, err := d.office.Authorise(ctx, c, authz.RulesRead, resource()); err != nil {
		return Book{}, err
	}
	var b Book
	err := d.store.View(ctx, func(tx Tx) (err error) { b, err = tx.Rulebook(ctx); return err })
	return b.settled(d.office.Time()), err
}

// Draft writes the draft of the next edition, in place of one that waits. A moment that is past means at its approval:
// rules are never effective backwards.
func (d *Desk) Draft(ctx context.Context, c authz.Caller, r Rules, from time.Time, reason string) (Book, error) {
	return d.change(ctx, c, authz.RulesDraft, func(b *Book, now time.Time) error {
		if err := r.Validate(); err != nil {
			return err
		}
		if !slices.Contains(d.undertakings, r.Undertaking.Version) {
			return fmt.Errorf("%w: undertaking.version is one of %s", ErrInvalid, strings.Join(d.undertakings, ", "))
		}
		if reason = strings.TrimSpace(reason); reason == "" {
			return fmt.Errorf("%w: a reason is needed", ErrInvalid)
		}
		sum, err := digest(r)
		if err != nil {
			return err
		}
		b.Draft = &Edition{
			Number: b.last().Number + 1, Rules: r, EffectiveFrom: from.UTC().Truncate(time.Microsecond), Reason: reason, Author: c.Person, Digest: sum,
		}
		return nil
	})
}

// Approve puts the draft in force from its moment, or from now where that is past. It follows every edition that was
// approved before: those that would come into force later are dropped, since they were written without knowledge of it.
// What is approved is what was read: where the book has another version than that, it is a lifecycle.TransitionError.
func (d *Desk) Approve(ctx context.Context, c authz.Caller, read int) (Book, error) {
	return d.change(ctx, c, authz.RulesApprove, func(b *Book, now time.Time) error {
		draft, err := b.waiting(c, read)
		if err != nil {
			return err
		}
		if draft.EffectiveFrom.Before(now) {
			draft.EffectiveFrom = now
		}
		draft.Approver, b.Draft = c.Person, nil
		kept := b.Approved[:0:0]
		for _, e := range b.Approved {
			if e.EffectiveFrom.Before(draft.EffectiveFrom) {
				kept = append(kept, e)
			}
		}
		b.Approved = append(kept, draft)
		return nil
	})
}

// Reject drops the draft, in the version that was read, as Approve approves it.
func (d *Desk) Reject(ctx context.Context, c authz.Caller, read int) (Book, error) {
	return d.change(ctx, c, authz.RulesApprove, func(b *Book, _ time.Time) error {
		_, err := b.waiting(c, read)
		b.Draft = nil
		return err
	})
}

// last is the edition with the highest number.
func (b Book) last() Edition {
	if n := len(b.Approved); n > 0 {
		return b.Approved[n-1]
	}
	return b.Current
}

// waiting is the draft that the caller decides on, having read that version of the book.
func (b Book) waiting(c authz.Caller, read int) (Edition, error) {
	switch {
	case b.Draft == nil:
		return Edition{}, &lifecycle.TransitionError{
			Entity: KindRulebook, State: "no_draft", Event: "decide", Guard: "a draft waits", Mend: "have Legal write one", Cause: ErrNoDraft,
		}
	case b.Draft.Author == c.Person:
		return Edition{}, ErrOwnDraft
	case b.Version != read: // R37
		return Edition{}, &lifecycle.TransitionError{
			Entity: KindRulebook, State: "draft", Event: "decide", Guard: "the draft has changed since you read it", Mend: "read it again",
		}
	}
	return *b.Draft, nil
}

func (d *Desk) change(ctx context.Context, c authz.Caller, action authz.Action, step func(*Book, time.Time) error) (Book, error) {
	role, err := d.office.Authorise(ctx, c, action, resource())
	if err != nil {
		return Book{}, err
	}
	var b Book
	_, err = d.store.Update(ctx, func(tx Tx) error {
		// Nothing is released under the former rules once the approval is answered.
		if action == authz.RulesApprove {
			if err := tx.LockRules(ctx); err != nil {
				return err
			}
		}
		now := d.office.Time()
		if b, err = tx.Rulebook(ctx); err != nil {
			return err
		}
		b = b.settled(now)
		if err := step(&b, now); err != nil {
			return err
		}
		b = b.settled(now)
		if b.Version == 0 {
			b.Created = now
		}
		b.Version, b.Actor, b.Updated = b.Version+1, c.Person, now
		if err := tx.SaveRulebook(ctx, b); err != nil {
			return err
		}
		e := d.office.Entry(c, role, evidence.Change, action, resource())
		e.Subject.Version = b.Version
		return tx.Record(ctx, e)
	})
	if errors.Is(err, ErrOwnDraft) { // R43
		err = errors.Join(err, d.office.Deny(ctx, c, action, resource(), "AUTH_ROLE_DENIED"))
	}
	if err != nil {
		return Book{}, d.office.Ended(ctx, c, action, resource(), err)
	}
	return b, nil
}
