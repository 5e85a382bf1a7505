package anonymous

import (
	"context"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Ends is when the log must say that the assessment is over: nil where it does
// already, and for one that counts for nothing anyway, a draft or withdrawn.
func (a DisclosureAssessment) Ends() *time.Time {
	if a.State() != "signed" {
		return nil
	}
	return &a.ValidUntil
}

// ExpireDue has the log say which assessments are over (see evidence.Expire). It
// answers with how many. What is over shows nothing from that instant on.
func (d *Desk) ExpireDue(ctx context.Context) (int, error) {
	return evidence.Expire(ctx, d.office, d.store, evidence.Ending[DisclosureAssessment, Tx]{
		Action: "disclosure.expire", Due: Tx.DisclosuresDue, End: end,
	})
}

func end(ctx context.Context, tx Tx, was DisclosureAssessment, now time.Time) (authz.Resource, error) {
	a, err := tx.Disclosure(ctx, was.ID)
	if err != nil {
		return authz.Resource{}, err
	}
	if ends := a.Ends(); ends == nil || now.Before(*ends) {
		return authz.Resource{}, evidence.ErrConflict
	}
	a.Version, a.Ended, a.Actor, a.Updated = a.Version+1, true, string(authz.SYS), now
	return authz.Resource{Kind: KindDisclosure, ID: a.ID, Mission: a.Mission}, tx.SaveDisclosure(ctx, a)
}
