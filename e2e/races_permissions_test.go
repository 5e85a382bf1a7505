package e2e

import (
	"strings"
	"time"

	"safeconduct/agreements/clearance"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// cleared has the round send another organisation's data, which that one agreed to.
func cleared(a *arena, r *round) {
	consented(a, r)
	c, err := a.w.Clearances.Record(a.w.Ctx, a.w.As(authz.FP), clearance.Clearance{
		Mission: a.w.Mission.ID, Originator: "Red Cross", Purposes: []string{a.w.Purpose.ID}, Categories: []string{"identity"},
		Recipients: []string{a.w.Partner.ID}, Evidence: strings.Repeat("0a", 32), ValidUntil: a.w.Clock.Now().AddDate(1, 0, 0),
	})
	a.w.Must(err)
	r.origin = gate.Origin{Source: gate.ThirdPartyData, Clearance: c.ID}
}

// withdrawClearance is the originator taking it back.
func withdrawClearance(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	c, err := s.Clearances.Withdraw(a.w.Ctx, r.leg, r.origin.Clearance, "taken back")
	return c.Ref(), err
}

// amended has an amendment of the world's retention rule wait for its approval.
func (a *arena) amended(withdrawn bool) terms.RetentionRule {
	all, err := a.w.Terms.RetentionRules(a.w.Ctx, a.leg)
	a.w.Must(err)
	v := terms.RetentionValues{Trigger: "case closed", Days: 90, Action: "delete", Withdrawn: withdrawn}
	rule, err := a.w.Terms.AmendRetentionRule(a.w.Ctx, a.leg, all[0].ID, v, time.Time{}, "a review")
	a.w.Must(err)
	return rule
}

// ruledOut has the withdrawal of the retention rule wait for its approval.
func ruledOut(a *arena, r *round) {
	consented(a, r)
	r.rule = a.amended(true)
}

// approveTerm brings it into force, until the next round.
func approveTerm(a *arena, r *round, s *app.Services) (evidence.Ref, error) {
	rule, err := s.Terms.ApproveRetentionRule(a.w.Ctx, a.w.As(authz.DPO), r.rule.ID, r.rule.Version)
	if err == nil {
		a.after = append(a.after, func() {
			back := a.amended(false)
			_, err := a.w.Terms.ApproveRetentionRule(a.w.Ctx, a.w.As(authz.DPO), back.ID, back.Version)
			a.w.Must(err)
		})
	}
	return rule.Ref(), err
}

// order is what the round sends.
func (a *arena) order(r *round) transfer.Order {
	o := a.w.Order()
	if r.origin != (gate.Origin{}) {
		o.Origin = r.origin
	}
	return o
}
