package approvals

import (
	"context"
	"errors"
	"fmt"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// dueAtOnce bounds the work of one call.
const dueAtOnce = 100

// ExpireDue has the log say which approvals are over, standing ones for a
// pathway too: each in a transaction of its own, by SYS, at most a hundred at a
// call. It answers with how many. The gate does not wait for it: what is over
// covers nothing from that instant on.
func (d *Desk) ExpireDue(ctx context.Context) (int, error) {
	now := d.office.Time()
	var due []DPOApproval
	if err := d.store.View(ctx, func(tx Tx) (err error) { due, err = tx.DPOApprovalsDue(ctx, now, dueAtOnce); return err }); err != nil {
		return 0, fmt.Errorf("listing the approvals that are over: %w", err)
	}
	n := 0
	var failed error
	for _, a := range due {
		switch err := d.expire(ctx, a); {
		case err == nil:
			n++
		case errors.Is(err, evidence.ErrConflict): // somebody else was first
		default:
			failed = errors.Join(failed, err)
		}
	}
	return n, failed
}

func (d *Desk) expire(ctx context.Context, was DPOApproval) error {
	_, err := d.store.Update(ctx, func(tx Tx) error {
		if err := tx.LockMission(ctx, was.Mission); err != nil {
			return err
		}
		a, err := tx.DPOApproval(ctx, was.ID)
		if err != nil {
			return err
		}
		now := d.office.Time()
		if ends := a.Ends(); ends == nil || now.Before(*ends) {
			return evidence.ErrConflict
		}
		system := authz.System("")
		a.Version, a.Ended, a.Actor, a.Updated = a.Version+1, true, system.Person, now
		if err := tx.SaveDPOApproval(ctx, a); err != nil {
			return err
		}
		e := d.office.Entry(system, authz.SYS, evidence.Change, "dpo_approval.expire", authz.Resource{Kind: KindApproval, ID: a.ID, Mission: a.Mission, Partner: a.Partner})
		e.Result = "expired"
		return tx.Record(ctx, e)
	})
	return err
}
