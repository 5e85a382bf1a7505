package queue

import (
	"context"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
)

// terms that are new, or amended, wait for a data protection officer who did not write them.
func (l *lister) terms(ctx context.Context, tx Tx) error {
	if !l.caller.Holds(authz.DPO) {
		return nil
	}
	purposes, err := tx.Purposes(ctx)
	if err != nil {
		return err
	}
	codes := make(map[string]string, len(purposes))
	for _, p := range purposes {
		codes[p.ID] = p.Code
		waits(l, p.Draft, authz.Resource{Kind: terms.KindPurpose, ID: p.ID}, "/purposes", assessment.Moderate, p.Updated, p.Code)
	}
	categories, err := tx.Categories(ctx)
	if err != nil {
		return err
	}
	for _, c := range categories {
		risk := sensitivityOf([]string{c.Code}, []terms.Category{c})
		if d := c.Draft; d != nil { // the worse of what it is and what it would be
			will := c
			will.Sensitivity, will.Sensitive, will.ApprovalScope = d.Values.Sensitivity, d.Values.Sensitive, d.Values.ApprovalScope
			if after := sensitivityOf([]string{c.Code}, []terms.Category{will}); rank(after) > rank(risk) {
				risk = after
			}
		}
		waits(l, c.Draft, authz.Resource{Kind: terms.KindCategory, ID: c.ID}, "/categories", risk, c.Updated, c.Code)
	}
	rules, err := tx.RetentionRules(ctx, "")
	if err != nil {
		return err
	}
	for _, r := range rules {
		waits(l, r.Draft, authz.Resource{Kind: terms.KindRetention, ID: r.ID}, "/retention-rules", assessment.Moderate, r.Updated, codes[r.Purpose], r.Category)
	}
	return nil
}

func waits[V any](l *lister, draft *terms.Change[V], res authz.Resource, link string, risk assessment.Band, since time.Time, codes ...string) {
	if draft == nil || draft.Author == l.caller.Person {
		return
	}
	l.add(Item{What: "approve_term", Link: link, Risk: risk, Since: since, Details: codes}, authz.TermsApprove, res, authz.DPO)
}
