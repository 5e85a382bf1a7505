package queue

import (
	"context"
	"slices"
	"strconv"
	"time"

	"safeconduct/agreements"
	"safeconduct/authz"
)

// ending are the agreements whose end has come nearer than the longest notice of the rules: their focal point and Legal renew
// them, or let them end. Each says how many days are left, and the last notice that it has passed.
func (l *lister) ending(ctx context.Context, tx Tx) error {
	if !l.caller.Holds(authz.FP) && !l.caller.Holds(authz.LEG) {
		return nil
	}
	notices := slices.Sorted(slices.Values(l.rules().Agreement.ExpiryNotices))
	if len(notices) == 0 {
		return nil
	}
	longest := notices[len(notices)-1]
	all, err := tx.AgreementsEnding(ctx, l.in, l.now, l.now.AddDate(0, 0, longest), most)
	if err != nil {
		return err
	}
	l.full(len(all))
	known := l.known()
	for _, a := range all {
		end := a.Document.ValidUntil
		passed := notices[slices.IndexFunc(notices, func(days int) bool { return !l.now.Before(end.AddDate(0, 0, -days)) })]
		l.add(Item{
			What: "renew_agreement", Link: "/agreements/" + a.ID, Risk: sensitivityOf(a.Document.Scope.Categories, known),
			Since: end.AddDate(0, 0, -longest), Due: &end, Days: new(int(end.Sub(l.now) / (24 * time.Hour))),
			Details: []string{"notice of " + strconv.Itoa(passed) + " days"},
		}, authz.AgreementDraft, authz.Resource{
			Kind: agreements.KindAgreement, ID: a.ID, Mission: a.Document.Mission, Partner: a.Document.Partner,
		}, authz.FP, authz.LEG)
	}
	return nil
}
