package evidence

import (
	"context"
	"fmt"
	"time"

	"safeconduct/authz"
)

// Tally is how often one caller, or the unknown callers of one network, were
// refused at the door in one minute, for one code. A flood is so many lines of
// the log as it has sources and minutes, not as it has requests.
type Tally struct {
	Actor  string    // id of the person; empty for unknown callers
	Source string    // commitment to the network of unknown callers; empty for a person
	Code   string    // why
	Minute time.Time // its start
	Count  int64
}

// TallyTx keeps tallies until they are logged.
type TallyTx interface {
	Recorder
	// AddTallies adds to what is counted already.
	AddTallies(ctx context.Context, all []Tally) error
	// TakeTallies removes the tallies of minutes that began before, oldest
	// first, at most so many. What another transaction took is not taken twice.
	TakeTallies(ctx context.Context, before time.Time, most int) ([]Tally, error)
}

// Tallies logs tallies, those of all replicas together.
type Tallies struct {
	Office *Office
	Store  Store[TallyTx]
}

// ActionEnter is the act of a request before anything of it is looked at.
const ActionEnter authz.Action = "server.enter"

const (
	tallyWait  = time.Minute // for what other replicas still count of a minute
	tallyBatch = 500
)

// Add hands over what one process counted. All or none is added.
func (t *Tallies) Add(ctx context.Context, all []Tally) error {
	if len(all) == 0 {
		return nil
	}
	if _, err := t.Store.Update(ctx, func(tx TallyTx) error { return tx.AddTallies(ctx, all) }); err != nil {
		return fmt.Errorf("keeping what was refused: %w", err)
	}
	return nil
}

// Log records an entry for each tally whose minute every replica has handed
// over, and answers with how many.
func (t *Tallies) Log(ctx context.Context) (int, error) {
	return t.log(ctx, t.Office.Time().Truncate(time.Minute).Add(-tallyWait))
}

// LogAll records an entry for each tally there is: a process that stops leaves
// none behind. The minute that runs may so get a second entry from another.
func (t *Tallies) LogAll(ctx context.Context) (int, error) {
	return t.log(ctx, t.Office.Time().Add(time.Hour))
}

func (t *Tallies) log(ctx context.Context, before time.Time) (int, error) {
	for n := 0; ; {
		var taken []Tally
		_, err := t.Store.Update(ctx, func(tx TallyTx) (err error) {
			if taken, err = tx.TakeTallies(ctx, before, tallyBatch); err != nil {
				return err
			}
			for _, one := range taken {
				if err := tx.Record(ctx, t.entry(one)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, fmt.Errorf("logging what was refused: %w", err)
		}
		if n += len(taken); len(taken) < tallyBatch {
			return n, nil
		}
	}
}

func (t *Tallies) entry(one Tally) Entry {
	e := t.Office.Entry(authz.Caller{Person: one.Actor, Source: one.Source}, "", Denial, ActionEnter, authz.Resource{})
	e.Verdict, e.Codes = Refused, []string{one.Code}
	e.Result = fmt.Sprintf("%d in the minute of %s", one.Count, one.Minute.UTC().Format("2006-01-02T15:04Z"))
	return e
}
