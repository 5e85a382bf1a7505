package e2e

import (
	"strings"

	"safeconduct/agreements/clearance"
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

// order is what the round sends.
func (a *arena) order(r *round) transfer.Order {
	o := a.w.Order()
	if r.origin != (gate.Origin{}) {
		o.Origin = r.origin
	}
	return o
}
