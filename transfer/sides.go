package transfer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/gate"
)

// mayApprove is people.ErrSameSide for who sent the transfer, for who certified
// verbal consent in it, and for their deputies, or those whose posts they hold
// (separation of duties 1 and 6).
func (o *Office) mayApprove(ctx context.Context, tx Tx, c authz.Caller, t Transfer, s standing, now time.Time) error {
	own := s.grants[c.Person]
	if people.OneSide(c.Person, t.Sender, t.Created, now, slices.Concat(own, s.grants[t.Sender])) {
		return people.ErrSameSide
	}
	subjects, err := tx.SubjectsOf(ctx, t.ID)
	if err != nil {
		return err
	}
	since := map[string]time.Time{} // of each certifier, the first that they certified
	for _, subject := range subjects {
		for _, r := range subject.Consents {
			by := r.Certifier()
			if at, known := since[by]; by != "" && (!known || r.Certified.At.Before(at)) {
				since[by] = r.Certified.At
			}
		}
	}
	held, err := tx.GrantsOfEach(ctx, slices.Collect(maps.Keys(since)))
	if err != nil {
		return err
	}
	for by, at := range since {
		if people.OneSide(c.Person, by, at, now, slices.Concat(own, held[by])) {
			return people.ErrSameSide
		}
	}
	return nil
}

// refuseSelf records that the approver was refused for what they did before. The
// transfer goes on waiting for another, or stays held.
func (o *Office) refuseSelf(ctx context.Context, c authz.Caller, t Transfer) (Transfer, error) {
	var d gate.Decision
	phase := gate.Commit
	if t.Released != nil {
		phase = gate.Pull
	}
	err := o.Store.View(ctx, func(tx Tx) (err error) { d, err = o.refusal(ctx, tx, t, phase, gate.ApprovalSelf); return err })
	if err != nil {
		return Transfer{}, fmt.Errorf("%w: reading the rules that a denial cites: %w", evidence.ErrUnavailable, err)
	}
	if err := o.Office.DenyUnder(ctx, c, authz.TransferApprove, t.resource(), d.Policy, string(d.Phase), d.Codes()...); err != nil {
		return Transfer{}, err
	}
	return t, &RefusedError{Transfer: t.ID, Decision: d}
}
