package queue

import (
	"context"
	"strconv"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/rulebook"
)

// policy is the policy data that wait for a data protection officer who did not write them (R37): the rulebook, terms, notices
// and templates. A notice or an agreement template is not rejected: it waits no more once one that was written after it is approved.
func (l *lister) policy(ctx context.Context, tx Tx) error {
	if !l.caller.Holds(authz.DPO) {
		return nil
	}
	if d := l.book.Draft; d != nil {
		l.drafted(d.Author, Item{What: "approve_rules", Link: "/rulebook", Since: l.book.Updated, Details: []string{"edition " + strconv.Itoa(d.Number)}},
			authz.RulesApprove, rulebook.KindRulebook, l.book.ID)
	}
	codes, err := l.terms(ctx, tx)
	if err != nil {
		return err
	}
	notices, err := tx.Notices(ctx, "")
	if err != nil {
		return err
	}
	for _, n := range notices {
		if n.Waits(notices) {
			l.drafted(n.Author, Item{What: "approve_notice", Link: "/notices?purpose=" + n.Purpose, Since: n.Created, Details: []string{codes[n.Purpose], n.Number}},
				authz.NoticeApprove, terms.KindNotice, n.ID)
		}
	}
	return l.templates(ctx, tx)
}

// drafted waits unless the caller wrote it. Until it is approved nothing rests on it; its risk is MODERATE where nothing tells.
func (l *lister) drafted(author string, i Item, action authz.Action, kind, id string) {
	if author == l.caller.Person {
		return
	}
	if i.Risk == "" {
		i.Risk = assessment.Moderate
	}
	l.add(i, action, authz.Resource{Kind: kind, ID: id}, authz.DPO)
}

// terms answers with the codes of the purposes, by id.
func (l *lister) terms(ctx context.Context, tx Tx) (map[string]string, error) {
	purposes, err := tx.Purposes(ctx)
	if err != nil {
		return nil, err
	}
	codes := make(map[string]string, len(purposes))
	for _, p := range purposes {
		codes[p.ID] = p.Code
		amended(l, p.Draft, Item{Link: "/purposes", Since: p.Updated, Details: []string{p.Code}}, terms.KindPurpose, p.ID)
	}
	for _, c := range l.categories {
		risk := sensitivityOf([]string{c.Code}, []terms.Category{c})
		if d := c.Draft; d != nil { // the worse of what it is and what it would be
			will := c
			will.Sensitivity, will.Sensitive, will.ApprovalScope = d.Values.Sensitivity, d.Values.Sensitive, d.Values.ApprovalScope
			if after := sensitivityOf([]string{c.Code}, []terms.Category{will}); rank(after) > rank(risk) {
				risk = after
			}
		}
		amended(l, c.Draft, Item{Link: "/categories", Risk: risk, Since: c.Updated, Details: []string{c.Code}}, terms.KindCategory, c.ID)
	}
	rules, err := tx.RetentionRules(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		amended(l, r.Draft, Item{Link: "/retention-rules", Since: r.Updated, Details: []string{codes[r.Purpose], r.Category}}, terms.KindRetention, r.ID)
	}
	return codes, nil
}

// amended is a term that is new, or amended.
func amended[V any](l *lister, draft *terms.Change[V], i Item, kind, id string) {
	if draft != nil {
		i.What = "approve_term"
		l.drafted(draft.Author, i, authz.TermsApprove, kind, id)
	}
}

func (l *lister) templates(ctx context.Context, tx Tx) error {
	papers, err := tx.AgreementTemplates(ctx)
	if err != nil {
		return err
	}
	for _, t := range papers {
		if t.Waits(papers) {
			l.drafted(t.Author, Item{
				What: "approve_template", Link: "/agreement-templates/" + t.ID, Since: t.Created, Details: []string{t.Name, "version " + strconv.Itoa(t.Number)},
			}, authz.AgreementTemplateApprove, templates.KindTemplate, t.ID)
		}
	}
	forms, err := tx.AssessmentTemplates(ctx)
	if err != nil {
		return err
	}
	for _, e := range forms {
		if e.State == assessment.TemplateDraft {
			l.drafted(e.Author, Item{
				What: "approve_template", Link: "/assessment-templates/" + e.ID, Since: e.Created, Details: []string{"version " + strconv.Itoa(e.Template.Version)},
			}, authz.AssessmentTemplateApprove, assessment.KindTemplate, e.ID)
		}
	}
	return nil
}
