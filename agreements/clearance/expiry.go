package clearance

import (
	"context"
	"slices"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Ends is when the log must say that the clearance is over: nil where it does
// already, or where it was taken back.
func (c Clearance) Ends() *time.Time {
	if c.State != Given {
		return nil
	}
	return &c.ValidUntil
}

// ExpireDue has the log say which clearances are over (see evidence.Expire). It
// answers with how many. What is over covers nothing from that instant on.
func (d *Desk) ExpireDue(ctx context.Context) (int, error) {
	return evidence.Expire(ctx, d.keeper.Office, d.keeper.Store, evidence.Ending[Clearance, Tx]{
		Action: "clearance.expire", Due: Tx.ClearancesDue, End: end,
	})
}

func end(ctx context.Context, tx Tx, was Clearance, now time.Time) (authz.Resource, error) {
	c, err := tx.Clearance(ctx, was.ID)
	if err != nil {
		return authz.Resource{}, err
	}
	if ends := c.Ends(); ends == nil || now.Before(*ends) {
		return authz.Resource{}, evidence.ErrConflict
	}
	act := lifecycle.Act{Event: "expire", Person: string(authz.SYS), Role: authz.SYS, At: now}
	c.State, c.Version, c.Actor, c.Updated = Expired, c.Version+1, act.Person, now
	c.History = append(slices.Clip(c.History), act)
	return c.resource(), tx.SaveClearance(ctx, c)
}
