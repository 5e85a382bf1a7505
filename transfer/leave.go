package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"safeconduct/authz/evidence"
)

const (
	// firstBytes leave while what the release rests on is held still: few
	// enough that any connection takes them at once.
	firstBytes = 1 << 10
	// firstWait bounds how long a recipient who takes nothing can hold up a
	// change of what the release rests on: then they are gone.
	firstWait = time.Second
	// letGo ends the hold under a writer that heeds no bound. It is later, so
	// that one that does is cut off before anything can change.
	letGo = 2 * firstWait
	// lockWait bounds the wait for the records, which others may be changing.
	lockWait = 5 * time.Second
)

// Handing is a writer that can bound how long its recipient takes.
type Handing interface {
	// Hand writes p and sends it on its way, with all that was written before.
	// Where it fails, or takes longer than within, it answers an error, and
	// whatever of p the connection has not taken by then never leaves.
	Hand(p []byte, within time.Duration) (int, error)
}

// leaving is what the payload leaves through. Its first bytes go only while all
// that the release rests on is held still, after the gate was asked once more:
// what was taken back and answered by then stops them, and what is taken back
// later is answered after they are on their way.
type leaving struct {
	ctx   context.Context // of the one delivery
	d     *Delivery
	to    *counting
	begun bool
	ended error // of the first part: nothing follows it
}

func (l *leaving) Write(p []byte) (int, error) {
	if l.ended != nil {
		return 0, l.ended
	}
	if l.begun {
		return l.to.Write(p) // io.Writer
	}
	n := 0
	l.ended = l.d.office.holding(l.ctx, l.d, func() (err error) {
		l.begun = true
		n, err = l.to.Hand(p[:min(len(p), firstBytes)], firstWait)
		return err
	})
	if l.ended != nil || n == len(p) {
		return n, l.ended
	}
	rest, err := l.to.Write(p[n:])
	return n + rest, err
}

// counting counts what was handed on.
type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) { return c.count(c.w.Write(p)) }

// Hand is Write where the writer cannot bound it.
func (c *counting) Hand(p []byte, within time.Duration) (int, error) {
	if w, ok := c.w.(Handing); ok {
		return c.count(w.Hand(p, within))
	}
	return c.Write(p)
}

func (c *counting) count(n int, err error) (int, error) {
	c.n += int64(n)
	if err != nil {
		return n, ErrRecipientGone // what the network says holds addresses (R55)
	}
	return n, nil
}

// errHanded ends a transaction that has nothing to commit.
var errHanded = errors.New("the first bytes are on their way")

// holding asks the gate and, if it still says yes, calls hand before anything
// can change. hand is called once at most. Where the records were let go before
// it returned, however that came, the recipient is gone: nothing may follow.
func (o *Office) holding(ctx context.Context, d *Delivery, hand func() error) error {
	place, err := o.hands.enter(ctx, d.transfer.Partner)
	if err != nil {
		return err
	}
	defer place.leave()
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	locks := time.AfterFunc(lockWait, cancel)
	defer locks.Stop()
	handed := false
	var failed error
	_, err = o.Store.Update(bounded, func(tx Tx) error {
		t, s, err := o.locked(bounded, tx, d.caller, d.transfer.ID, false)
		if err != nil {
			return err
		}
		f, err := o.pullFacts(bounded, tx, t, s, d)
		if err != nil {
			return err
		}
		f.Pull.Resumed = true // the session of this very request is counted already
		if said, err := d.decide(bounded, f); err != nil || !said.Released() {
			return cmp.Or(err, ErrNotAvailable)
		}
		if !locks.Stop() {
			return bounded.Err()
		}
		place.began = time.Now()
		late := time.AfterFunc(letGo, func() {
			cancel()
			place.leave() // a writer that never returns keeps no place
		})
		defer late.Stop()
		handed, failed = true, hand()
		place.leave() // it rests for what the recipient took, not for what follows
		if failed == nil {
			failed = d.stillHeld(bounded, tx)
		}
		return errHanded // and nothing else: hand is never called again
	})
	switch {
	case handed:
		return failed
	case errors.Is(err, evidence.ErrTampered):
		return errors.Join(ErrNotAvailable, err) // the partner is told no more; the store has raised the alarm
	case bounded.Err() != nil && ctx.Err() == nil:
		return fmt.Errorf("%w: waiting for the records: %w", ErrBusy, err)
	default:
		return err
	}
}

// stillHeld asks the transaction for anything: one that has ended, with its
// locks, cannot answer.
func (d *Delivery) stillHeld(ctx context.Context, tx Tx) error {
	if _, err := tx.PullSession(ctx, d.Session); err != nil {
		return fmt.Errorf("%w: they took the first bytes after the records were let go", ErrRecipientGone)
	}
	return nil
}
