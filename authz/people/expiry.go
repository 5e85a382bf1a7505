package people

import (
	"context"
	"errors"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// ExpireDue has the log say what has ended by the clock: grants with an end,
// training records and undertakings (see evidence.Expire). It answers with how
// many. What has ended counts no more from that instant on.
func (r *Register) ExpireDue(ctx context.Context) (int, error) {
	n, failed := 0, error(nil)
	for _, kind := range []func() (int, error){
		func() (int, error) {
			return evidence.Expire(ctx, r.office, r.store, evidence.Ending[Grant, Tx]{Action: "grant.expire", Due: Tx.GrantsDue, End: r.endGrant})
		},
		func() (int, error) {
			return evidence.Expire(ctx, r.office, r.store, evidence.Ending[TrainingRecord, Tx]{Action: "training.expire", Due: Tx.TrainingsDue, End: r.endTraining})
		},
		func() (int, error) {
			return evidence.Expire(ctx, r.office, r.store, evidence.Ending[Undertaking, Tx]{Action: "undertaking.expire", Due: Tx.UndertakingsDue, End: r.endUndertaking})
		},
	} {
		m, err := kind()
		n, failed = n+m, errors.Join(failed, err)
	}
	return n, failed
}

func (r *Register) endGrant(ctx context.Context, tx Tx, was Grant, now time.Time) (authz.Resource, error) {
	g, err := tx.Grant(ctx, was.ID)
	switch {
	case err != nil:
		return authz.Resource{}, err
	case g.Ended || g.Until == nil || now.Before(*g.Until):
		return authz.Resource{}, evidence.ErrConflict
	}
	g.end(string(authz.SYS), now)
	return authz.Resource{Kind: KindGrant, ID: g.ID, Mission: g.Mission, Partner: g.Partner}, tx.SaveGrant(ctx, g)
}

func (r *Register) endTraining(ctx context.Context, tx Tx, was TrainingRecord, now time.Time) (authz.Resource, error) {
	t, err := tx.Training(ctx, was.ID)
	switch {
	case err != nil:
		return authz.Resource{}, err
	case t.Expired || now.Before(t.Expires):
		return authz.Resource{}, evidence.ErrConflict
	}
	t.Version, t.Expired, t.Actor, t.Updated = t.Version+1, true, string(authz.SYS), now
	res, err := r.ofWhom(ctx, tx, t.Person)
	res.Kind, res.ID = KindTraining, t.ID
	return res, errors.Join(err, tx.SaveTrainings(ctx, []TrainingRecord{t}))
}

func (r *Register) endUndertaking(ctx context.Context, tx Tx, was Undertaking, now time.Time) (authz.Resource, error) {
	u, err := tx.Undertaking(ctx, was.ID)
	switch {
	case err != nil:
		return authz.Resource{}, err
	case u.Expired || now.Before(u.Expires):
		return authz.Resource{}, evidence.ErrConflict
	}
	u.Version, u.Expired, u.Actor, u.Updated = u.Version+1, true, string(authz.SYS), now
	res, err := r.ofWhom(ctx, tx, u.Person)
	res.Kind, res.ID = KindUndertaking, u.ID
	return res, errors.Join(err, tx.SaveUndertaking(ctx, u))
}

// ofWhom is the place of a person, for the entry.
func (r *Register) ofWhom(ctx context.Context, tx Tx, person string) (authz.Resource, error) {
	p, err := tx.Person(ctx, person)
	return authz.Resource{Mission: p.Mission, Partner: p.Partner}, err
}
