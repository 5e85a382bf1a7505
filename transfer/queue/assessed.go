package queue

import (
	"context"
	"slices"
	"strconv"

	"safeconduct/agreements/assessment"
	"safeconduct/authz"
)

// returned are the assessments that their authors have to revise.
func (l *lister) returned(ctx context.Context, tx Tx) error {
	if len(l.in.Missions) == 0 {
		return nil // headquarters writes none
	}
	all, err := tx.AssessmentsReturned(ctx, l.in.Missions, most)
	l.full(len(all))
	for _, a := range all {
		if l.caller.Person == a.Author || slices.Contains(a.Editors, l.caller.Person) {
			i, res := assessed(a, "revise_assessment")
			i.Since = a.SubmittedAt
			l.add(i, authz.AssessmentCreate, res, authz.RO, authz.FP)
		}
	}
	return err
}

// conditions wait for their owner, a person or a post: one item for each assessment, due when the first of theirs is. One that is
// overdue is HIGH at least, since nothing is released under the assessment until it is closed (RBA_CONDITION_OPEN).
func (l *lister) conditions(ctx context.Context, tx Tx) error {
	all, err := tx.ConditionsWaiting(ctx, l.in, most)
	l.full(len(all))
	for _, a := range all {
		i, res := assessed(a, "close_condition")
		var roles []authz.Role
		for _, c := range a.OpenConditions(l.now) {
			under := []authz.Role{c.Post}
			if c.Owner != "" && c.Owner == l.caller.Person {
				under = []authz.Role{authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO}
			}
			k := slices.IndexFunc(under, func(r authz.Role) bool { return r != "" && l.may(r, authz.AssessmentClose, res) })
			if k < 0 {
				continue
			}
			roles, i.Details = append(roles, under[k]), append(i.Details, "condition "+strconv.Itoa(c.Number))
			if i.Due == nil || c.Due.Before(*i.Due) {
				i.Due = new(c.Due)
			}
			if c.OverdueAt(l.now) && rank(i.Risk) < rank(assessment.High) {
				i.Risk = assessment.High
			}
		}
		l.add(i, authz.AssessmentClose, res, roles...)
	}
	return err
}

func assessed(a assessment.Assessment, what string) (Item, authz.Resource) {
	return Item{What: what, Link: "/assessments/" + a.ID, Risk: a.Result.Band, Since: a.CreatedAt},
		authz.Resource{Kind: assessment.KindAssessment, ID: a.ID, Mission: a.Mission, Owner: a.Author}
}
