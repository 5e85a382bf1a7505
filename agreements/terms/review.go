package terms

import (
	"context"
	"fmt"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people"
)

// OverdueAt reports whether the rule itself should have been reviewed by t
// (R48). It holds on until it is.
func (r RetentionRule) OverdueAt(t time.Time) bool { return !t.Before(r.Review) }

// OverdueRules lists the retention rules in force whose review is overdue, the longest
// overdue first (R48).
func (b *Book) OverdueRules(ctx context.Context, c authz.Caller) ([]RetentionRule, error) {
	all, err := b.RetentionRules(ctx, c)
	now := b.office.Time()
	all = slices.DeleteFunc(InForce(all, now), func(r RetentionRule) bool { return !r.OverdueAt(now) })
	slices.SortStableFunc(all, func(x, y RetentionRule) int { return x.Review.Compare(y.Review) })
	return all, err
}

// ReviewRetentionRule records that Legal has reviewed the rule and leaves it as
// it is until the next review (R48), which must lie ahead: else
// people.ErrInvalid. An unknown rule is evidence.ErrNotFound.
func (b *Book) ReviewRetentionRule(ctx context.Context, c authz.Caller, id string, next time.Time) (RetentionRule, error) {
	var r RetentionRule
	now := b.office.Time()
	next = next.UTC().Truncate(time.Microsecond)
	err := b.write(ctx, c, KindRetention, id, func() error {
		if !next.After(now) {
			return fmt.Errorf("%w: the next review of a retention rule lies ahead", people.ErrInvalid)
		}
		return nil
	}, func(tx Tx) (err error) {
		if r, err = tx.RetentionRule(ctx, id); err != nil {
			return err
		}
		r = r.At(now)
		r.Version, r.Review, r.Actor, r.Updated = r.Version+1, next, c.Person, now
		return tx.SaveRetentionRule(ctx, r)
	})
	return written(r, err)
}
