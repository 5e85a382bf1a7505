package evidence

import (
	"context"
	"fmt"
	"regexp"
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

// The codes of tallies.
const (
	TallyUnknown = "AUTH_INVALID" // the caller showed no valid token
	TallyLimited = "RATE_LIMITED" // nobody looked at the request, since there were too many
)

// tallyAhead is how far ahead the clock of another replica may be.
const tallyAhead = time.Minute

var (
	persons = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$`)
	sources = regexp.MustCompile(`^([0-9a-f]{32})?$`)
)

// Check reports whether the tally is one that a door could have counted by now.
// It lets through no text of anybody's choice, for it becomes an entry (R55).
func (t Tally) Check(now time.Time) bool {
	return persons.MatchString(t.Actor) && sources.MatchString(t.Source) && (t.Code == TallyUnknown || t.Code == TallyLimited) &&
		t.Count > 0 && t.Minute.Equal(t.Minute.Truncate(time.Minute)) && !t.Minute.After(now.Add(tallyAhead))
}

// TallyTx keeps tallies until they are logged.
type TallyTx interface {
	Recorder
	// AddTallies adds to what is counted already, and authenticates it.
	AddTallies(ctx context.Context, all []Tally) error
	// TakeTallies removes what was added to the tallies of minutes that began
	// before, oldest first, at most so many additions, and answers with the sums;
	// more says that there may be others. What another transaction took is not
	// taken twice. What this system did not add, or what fails Check, is removed,
	// raises the alarm and is in no sum.
	TakeTallies(ctx context.Context, before time.Time, most int) (all []Tally, more bool, err error)
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
		var more bool
		_, err := t.Store.Update(ctx, func(tx TallyTx) (err error) {
			if taken, more, err = tx.TakeTallies(ctx, before, tallyBatch); err != nil {
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
		if n += len(taken); !more {
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
