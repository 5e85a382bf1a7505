package approvals

import (
	"context"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// ExpireDue has the log say which approvals are over, standing ones for a
// pathway too (see evidence.Expire). It answers with how many. What is over
// covers nothing from that instant on.
func (d *Desk) ExpireDue(ctx context.Context) (int, error) {
	return evidence.Expire(ctx, d.office, d.store, evidence.Ending[DPOApproval, Tx]{Action: "dpo_approval.expire", Due: Tx.DPOApprovalsDue, End: end})
}

func end(ctx context.Context, tx Tx, was DPOApproval, now time.Time) (authz.Resource, error) {
	if err := tx.LockMission(ctx, was.Mission); err != nil {
		return authz.Resource{}, err
	}
	a, err := tx.DPOApproval(ctx, was.ID)
	if err != nil {
		return authz.Resource{}, err
	}
	if ends := a.Ends(); ends == nil || now.Before(*ends) {
		return authz.Resource{}, evidence.ErrConflict
	}
	a.Version, a.Ended, a.Actor, a.Updated = a.Version+1, true, string(authz.SYS), now
	return authz.Resource{Kind: KindApproval, ID: a.ID, Mission: a.Mission, Partner: a.Partner}, tx.SaveDPOApproval(ctx, a)
}
