package people

import (
	"context"
	"errors"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// ExpireDue has the log say what has ended by the clock: grants with an end,
// training records and undertakings, each in a transaction of its own, by SYS,
// at most a hundred of each kind at a call. It answers with how many. Nothing
// waits for it: what has ended counts no more from that instant on.
func (r *Register) ExpireDue(ctx context.Context) (int, error) {
	now := r.office.Time()
	n, failed := expire(ctx, r, now, KindGrant, "grant.expire", Tx.GrantsDue, Tx.Grant,
		func(tx Tx, g Grant) (authz.Resource, error) {
			g.end(string(authz.SYS), now)
			return authz.Resource{ID: g.ID, Mission: g.Mission, Partner: g.Partner}, tx.SaveGrant(ctx, g)
		}, func(g Grant) (string, bool) { return g.ID, !g.Ended && g.Until != nil && !now.Before(*g.Until) })
	for _, kind := range []func() (int, error){
		func() (int, error) { return r.expireTrainings(ctx, now) },
		func() (int, error) { return r.expireUndertakings(ctx, now) },
	} {
		m, err := kind()
		n, failed = n+m, errors.Join(failed, err)
	}
	return n, failed
}

func (r *Register) expireTrainings(ctx context.Context, now time.Time) (int, error) {
	return expire(ctx, r, now, KindTraining, "training.expire", Tx.TrainingsDue, Tx.Training,
		func(tx Tx, t TrainingRecord) (authz.Resource, error) {
			t.Version, t.Expired, t.Actor, t.Updated = t.Version+1, true, string(authz.SYS), now
			res, err := r.ofWhom(ctx, tx, t.Person)
			res.ID = t.ID
			return res, errors.Join(err, tx.SaveTrainings(ctx, []TrainingRecord{t}))
		}, func(t TrainingRecord) (string, bool) { return t.ID, !t.Expired && !now.Before(t.Expires) })
}

func (r *Register) expireUndertakings(ctx context.Context, now time.Time) (int, error) {
	return expire(ctx, r, now, KindUndertaking, "undertaking.expire", Tx.UndertakingsDue, Tx.Undertaking,
		func(tx Tx, u Undertaking) (authz.Resource, error) {
			u.Version, u.Expired, u.Actor, u.Updated = u.Version+1, true, string(authz.SYS), now
			res, err := r.ofWhom(ctx, tx, u.Person)
			res.ID = u.ID
			return res, errors.Join(err, tx.SaveUndertaking(ctx, u))
		}, func(u Undertaking) (string, bool) { return u.ID, !u.Expired && !now.Before(u.Expires) })
}

// ofWhom is the place of a person, for the entry.
func (r *Register) ofWhom(ctx context.Context, tx Tx, person string) (authz.Resource, error) {
	p, err := tx.Person(ctx, person)
	return authz.Resource{Mission: p.Mission, Partner: p.Partner}, err
}

func expire[T any](
	ctx context.Context, r *Register, now time.Time, kind string, action authz.Action,
	due func(Tx, context.Context, time.Time, int) ([]T, error), load func(Tx, context.Context, string) (T, error),
	end func(Tx, T) (authz.Resource, error), isDue func(T) (id string, due bool),
) (int, error) {
	var all []T
	if err := r.store.View(ctx, func(tx Tx) (err error) { all, err = due(tx, ctx, now, dueAtOnce); return err }); err != nil {
		return 0, err
	}
	n := 0
	var failed error
	for _, v := range all {
		id, _ := isDue(v)
		_, err := r.store.Update(ctx, func(tx Tx) error {
			v, err := load(tx, ctx, id)
			if err != nil {
				return err
			}
			if _, still := isDue(v); !still {
				return evidence.ErrConflict
			}
			res, err := end(tx, v)
			if err != nil {
				return err
			}
			res.Kind = kind
			e := r.office.Entry(authz.System(""), authz.SYS, evidence.Change, action, res)
			e.Result = "expired"
			return tx.Record(ctx, e)
		})
		switch {
		case err == nil:
			n++
		case errors.Is(err, evidence.ErrConflict): // somebody else was first
		default:
			failed = errors.Join(failed, err)
		}
	}
	return n, failed
}
