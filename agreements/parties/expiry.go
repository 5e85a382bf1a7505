package parties

import (
	"context"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
)

// Stands is when the partner was vetted, and until when that holds by the rules
// under which it was recorded, where they were. Both are nil where the partner was
// not vetted, or failed, or where the log says that it is over.
func (p Party) Stands() (since, until *time.Time) {
	d := p.DueDiligence
	if d == nil || d.Result != passed || d.Ended {
		return nil, nil
	}
	if d.ValidUntil.IsZero() {
		return &d.Date, nil
	}
	return &d.Date, &d.ValidUntil
}

// ExpireDue has the log say whose vetting is over, by the rules in force or by
// those of its time (see evidence.Expire). It answers with how many. To a partner
// whose vetting is over nothing goes from that instant on, whoever says so.
func (r *Register) ExpireDue(ctx context.Context) (int, error) {
	return evidence.Expire(ctx, r.office, r.store, evidence.Ending[Party, Tx]{Action: "party.expire", Due: due, End: end})
}

func due(tx Tx, ctx context.Context, now time.Time, most int) ([]Party, error) {
	rules, err := vettingRules(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	return tx.PartiesDue(ctx, now.Add(-time.Duration(rules.LifeDays)*day), now, most)
}

func end(ctx context.Context, tx Tx, was Party, now time.Time) (authz.Resource, error) {
	p, err := tx.Party(ctx, was.ID)
	if err != nil {
		return authz.Resource{}, err
	}
	rules, err := vettingRules(ctx, tx, now)
	if err != nil {
		return authz.Resource{}, err
	}
	if since, _ := p.Stands(); since == nil || p.VettedAt(now, rules) {
		return authz.Resource{}, evidence.ErrConflict
	}
	over := *p.DueDiligence
	over.Ended = true
	p.DueDiligence = &over
	p = p.next(lifecycle.Act{Event: "expire", Person: string(authz.SYS), Role: authz.SYS, At: now})
	return p.resource(), tx.SaveParty(ctx, p)
}

func vettingRules(ctx context.Context, tx Tx, now time.Time) (rulebook.Vetting, error) {
	book, err := tx.Rulebook(ctx)
	if err != nil {
		return rulebook.Vetting{}, err
	}
	return book.At(now).Rules.Vetting, nil
}
