package terms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// kind is what the acts need to know of one of the three terms.
type kind[T, V any] struct {
	name   string
	load   func(Tx, context.Context, string) (T, error)
	save   func(Tx, context.Context, T) error
	at     func(T, time.Time) T
	with   func(T, V) T
	check  func(T) error
	course func(*T) *Course[V]
	marks  func(*T) marks
	// raised tells what was assessed of the term what comes in force of it; nil where nothing is assessed of it.
	raised func(ctx context.Context, tx Tx, before T, v V, r Raise) error
}

// marks are what tells one version of a record from another.
type marks struct {
	version          *int
	actor            *string
	created, updated *time.Time
}

// next is another version of the record, by the person.
func (m marks) next(person string, now time.Time) {
	*m.version, *m.actor, *m.updated = *m.version+1, person, now
}

// since are the marks of what is in force, whose course is given: nothing that
// was drafted since moves them, and nobody of the organisation is named.
func (m marks) since(in *Decided) {
	*m.version, *m.actor, *m.updated = 1, "", *m.created
	if in != nil {
		*m.version, *m.updated = in.Version, in.EffectiveFrom
	}
}

func aPurpose() kind[Purpose, PurposeValues] {
	return kind[Purpose, PurposeValues]{
		KindPurpose, Tx.Purpose, Tx.SavePurpose, Purpose.At, Purpose.with, Purpose.check,
		func(p *Purpose) *Course[PurposeValues] { return &p.Course },
		func(p *Purpose) marks { return marks{&p.Version, &p.Actor, &p.Created, &p.Updated} }, nil,
	}
}

func aCategory() kind[Category, CategoryValues] {
	return kind[Category, CategoryValues]{
		KindCategory, Tx.Category, Tx.SaveCategory, Category.At, Category.with, Category.check,
		func(c *Category) *Course[CategoryValues] { return &c.Course },
		func(c *Category) marks { return marks{&c.Version, &c.Actor, &c.Created, &c.Updated} }, raised,
	}
}

func aRetentionRule() kind[RetentionRule, RetentionValues] {
	return kind[RetentionRule, RetentionValues]{
		KindRetention, Tx.RetentionRule, Tx.SaveRetentionRule, RetentionRule.At, RetentionRule.with, RetentionRule.check,
		func(r *RetentionRule) *Course[RetentionValues] { return &r.Course },
		func(r *RetentionRule) marks { return marks{&r.Version, &r.Actor, &r.Created, &r.Updated} }, nil,
	}
}

// told are the terms as they are at now, for the caller. To a partner a term
// tells nothing of what is drafted, not even that something is.
func told[T, V any](k kind[T, V], c authz.Caller, all []T, now time.Time) []T {
	own := ours(c)
	tell := make([]T, 0, len(all))
	for _, v := range all {
		v = k.at(v, now)
		if course := k.course(&v); !own {
			if course.Proposed {
				continue
			}
			k.marks(&v).since(course.Since)
			*course = Course[V]{}
		}
		tell = append(tell, v)
	}
	return tell
}

// AmendPurpose drafts new values of a purpose, in place of what waits. They
// count once a data protection officer has approved them, from then or from the
// moment where that is later. The code stays as it is, and once anything of it was
// approved the text too: another meaning is another purpose, and another text is
// refused by a lifecycle.TransitionError. An empty text leaves the one there is.
// By Legal; people.ErrInvalid says what is wrong.
func (b *Book) AmendPurpose(ctx context.Context, c authz.Caller, id string, v PurposeValues, text string, from time.Time, reason string) (Purpose, error) {
	return amend(ctx, b, aPurpose(), c, id, v, func(p *Purpose) bool {
		other := text != "" && text != p.Text
		if other {
			p.Text = text
		}
		return other
	}, from, reason)
}

// AmendCategory drafts new values of a category, as AmendPurpose does: the fields
// stay as its text does. None leave those that there are.
func (b *Book) AmendCategory(ctx context.Context, c authz.Caller, id string, v CategoryValues, fields []string, from time.Time, reason string) (Category, error) {
	return amend(ctx, b, aCategory(), c, id, v, func(k *Category) bool {
		other := len(fields) > 0 && !slices.Equal(fields, k.Fields)
		if other {
			k.Fields = fields
		}
		return other
	}, from, reason)
}

// AmendRetentionRule drafts new values of a retention rule, as AmendPurpose does.
func (b *Book) AmendRetentionRule(ctx context.Context, c authz.Caller, id string, v RetentionValues, from time.Time, reason string) (RetentionRule, error) {
	return amend(ctx, b, aRetentionRule(), c, id, v, func(*RetentionRule) bool { return false }, from, reason)
}

// ApprovePurpose puts in force what waits of a purpose, whether it is amended or
// new, where the record has still the version that was read: what is approved is
// what was read. By a data protection officer who did not write it: else, where
// nothing waits and where the version is another, a lifecycle.TransitionError.
// Nothing is released under the former values once it has answered.
func (b *Book) ApprovePurpose(ctx context.Context, c authz.Caller, id string, read int) (Purpose, error) {
	return decide(ctx, b, aPurpose(), c, id, read, true)
}

// ApproveCategory puts in force what waits of a category, as ApprovePurpose does.
// Where that makes it more sensitive, what was assessed of it before is stale from
// its moment on (R40).
func (b *Book) ApproveCategory(ctx context.Context, c authz.Caller, id string, read int) (Category, error) {
	return decide(ctx, b, aCategory(), c, id, read, true)
}

// ApproveRetentionRule puts in force what waits of a rule, as ApprovePurpose does.
func (b *Book) ApproveRetentionRule(ctx context.Context, c authz.Caller, id string, read int) (RetentionRule, error) {
	return decide(ctx, b, aRetentionRule(), c, id, read, true)
}

// RejectPurpose drops what waits of a purpose, in the version that was read. By
// who may approve it, and refused as its approval is.
func (b *Book) RejectPurpose(ctx context.Context, c authz.Caller, id string, read int) (Purpose, error) {
	return decide(ctx, b, aPurpose(), c, id, read, false)
}

// RejectCategory drops what waits of a category, as RejectPurpose does.
func (b *Book) RejectCategory(ctx context.Context, c authz.Caller, id string, read int) (Category, error) {
	return decide(ctx, b, aCategory(), c, id, read, false)
}

// RejectRetentionRule drops what waits of a rule, as RejectPurpose does.
func (b *Book) RejectRetentionRule(ctx context.Context, c authz.Caller, id string, read int) (RetentionRule, error) {
	return decide(ctx, b, aRetentionRule(), c, id, read, false)
}

// longestReason bounds the reason of an amendment, in bytes.
const longestReason = 4000

// amend drafts values; reword changes what is fixed once it is approved, and
// reports whether it did.
func amend[T, V any](ctx context.Context, b *Book, k kind[T, V], c authz.Caller, id string, v V, reword func(*T) bool, from time.Time, reason string) (T, error) {
	var term T
	err := b.write(ctx, c, k.name, id, func() error {
		if reason = strings.TrimSpace(reason); reason == "" || len(reason) > longestReason {
			return fmt.Errorf("%w: an amendment needs a reason of at most %d bytes", people.ErrInvalid, longestReason)
		}
		return nil
	}, func(tx Tx) (err error) {
		if term, err = k.load(tx, ctx, id); err != nil {
			return err
		}
		now := b.office.Time()
		term = k.at(term, now)
		course := k.course(&term)
		if reword(&term) && course.WasApproved() {
			return &lifecycle.TransitionError{
				Entity: k.name, State: "approved", Event: "reword", Guard: "nothing of it was approved yet",
				Mend: "propose another one under another code: people consented to this one, and parties signed it",
			}
		}
		if err := k.check(k.with(term, v)); err != nil {
			return err
		}
		*course = course.drafted(v, Decided{EffectiveFrom: from.UTC().Truncate(time.Microsecond), Reason: reason, Author: c.Person})
		if !course.WasApproved() { // what is proposed is what the record tells
			term = k.with(term, v)
		}
		k.marks(&term).next(c.Person, now)
		return k.save(tx, ctx, term)
	})
	return written(term, b.office.Ended(ctx, c, authz.TermsWrite, authz.Resource{Kind: k.name, ID: id}, err)) // R43
}

func decide[T interface{ Ref() evidence.Ref }, V any](ctx context.Context, b *Book, k kind[T, V], c authz.Caller, id string, read int, granted bool) (T, error) {
	var term T
	res := authz.Resource{Kind: k.name, ID: id}
	role, err := b.office.Authorise(ctx, c, authz.TermsApprove, res)
	if err != nil {
		return term, err
	}
	_, err = b.store.Update(ctx, func(tx Tx) (err error) {
		if granted && k.raised != nil { // before the turn of the rules, as decisions do; what is rejected raises nothing
			if err := tx.LockCauses(ctx); err != nil {
				return err
			}
		}
		// Nothing is released under the former values once the approval is answered.
		if err := tx.LockRules(ctx); err != nil {
			return err
		}
		if term, err = k.load(tx, ctx, id); err != nil {
			return err
		}
		now := b.office.Time()
		term = k.at(term, now)
		before, course, of := term, k.course(&term), reading{c.Person, term.Ref(), read}
		draft := course.Draft
		e := b.office.Entry(c, role, evidence.Change, authz.TermsApprove, res)
		if granted {
			e.Result = "approved"
			*course, err = course.approved(of, now)
		} else {
			e.Result = authz.Rejected
			*course, err = course.rejected(of)
		}
		if err != nil {
			return err
		}
		if granted { // it may have been drafted when less was asked of it
			if err := k.check(k.with(before, draft.Values)); err != nil {
				return fmt.Errorf("reject it, and have it written anew: %w", err)
			}
		}
		term = k.at(term, now)
		k.marks(&term).next(c.Person, now)
		if err := k.save(tx, ctx, term); err != nil {
			return err
		}
		if granted && k.raised != nil {
			r := Raise{ID: b.office.NewID(), Person: c.Person, Now: now, At: draft.from(now)}
			if err := k.raised(ctx, tx, before, draft.Values, r); err != nil {
				return err
			}
		}
		return tx.Record(ctx, e)
	})
	if errors.Is(err, lifecycle.ErrIllegal) {
		err = errors.Join(err, b.office.Deny(ctx, c, authz.TermsApprove, res, lifecycle.Code))
	}
	return written(term, err)
}
