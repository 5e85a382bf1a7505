package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"safeconduct/authz"
)

// endingsAtOnce bounds the work of one call of Expire.
const endingsAtOnce = 100

// expired is the result of the entry that says that a time is over.
const expired = "expired"

// Ending is how the log says of one kind of record, once for each, that its
// time is over. X is what the kind needs of a transaction.
type Ending[R any, X Recorder] struct {
	Action authz.Action
	// Due lists what is over at the instant and not said to be, at most so many.
	Due func(X, context.Context, time.Time, int) ([]R, error)
	// End reads the record again, saves it as said to be over, by SYS, and answers
	// with what the entry names. Where it is said already, or not over any more,
	// the error is ErrConflict.
	End func(ctx context.Context, tx X, was R, now time.Time) (authz.Resource, error)
}

// Expire has the log say what is over, each in a transaction of its own, by SYS,
// at most a hundred at a call; what another replica said meanwhile is passed over,
// and one that fails keeps no other from it. It answers with how many it said.
// Nothing waits for it: who judges a term reads the clock.
func Expire[R any, X Recorder](ctx context.Context, o *Office, s Store[X], e Ending[R, X]) (int, error) {
	var due []R
	if err := s.View(ctx, func(tx X) (err error) { due, err = e.Due(tx, ctx, o.Time(), endingsAtOnce); return err }); err != nil {
		return 0, fmt.Errorf("%s: listing what is over: %w", e.Action, err)
	}
	n := 0
	var failed error
	for _, was := range due {
		_, err := s.Update(ctx, func(tx X) error {
			res, err := e.End(ctx, tx, was, o.Time())
			if err != nil {
				return err
			}
			said := o.Entry(authz.System(""), authz.SYS, Change, e.Action, res)
			said.Result = expired
			return tx.Record(ctx, said)
		})
		switch {
		case err == nil:
			n++
		case errors.Is(err, ErrConflict): // somebody else was first
		default:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", e.Action, err))
		}
	}
	return n, failed
}
