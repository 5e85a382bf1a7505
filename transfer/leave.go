package transfer

import (
	"context"
	"errors"
	"io"
	"time"

	"safeconduct/authz/evidence"
)

const (
	// firstBytes leave while what the release rests on is held still: few
	// enough that any connection takes them at once.
	firstBytes = 1 << 10
	// firstWait bounds how long a recipient who takes nothing can hold up a
	// change of what the release rests on.
	firstWait = 5 * time.Second
)

// leaving is what the payload leaves through. Its first bytes go only while all
// that the release rests on is held still, after the gate was asked once more:
// what was taken back and answered by then stops them, and what is taken back
// later is answered after they are on their way.
type leaving struct {
	ctx   context.Context // of the one delivery
	d     *Delivery
	to    io.Writer
	flush func() // nil where to holds nothing back
	begun bool
}

func (l *leaving) Write(p []byte) (int, error) {
	if l.begun {
		return l.to.Write(p) // io.Writer
	}
	n := 0
	err := l.d.office.holding(l.ctx, l.d, func() (err error) {
		l.begun = true
		n, err = l.to.Write(p[:min(len(p), firstBytes)])
		if err == nil && l.flush != nil {
			l.flush()
		}
		return err
	})
	if err != nil || n == len(p) {
		return n, err
	}
	rest, err := l.to.Write(p[n:])
	return n + rest, err
}

// errHanded ends a transaction that has nothing to commit.
var errHanded = errors.New("the first bytes are on their way")

// holding asks the gate and, if it still says yes, calls hand before anything
// can change. hand is called once at most. Should it take longer than firstWait
// the records are let go, and it goes on: by then its bytes are on their way.
func (o *Office) holding(ctx context.Context, d *Delivery, hand func() error) error {
	ctx, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	handed := false
	var failed error
	_, err := o.Store.Update(ctx, func(tx Tx) error {
		t, s, err := o.locked(ctx, tx, d.caller, d.transfer.ID, false)
		if err != nil {
			return err
		}
		f, err := o.pullFacts(ctx, tx, t, s, d)
		if err != nil {
			return err
		}
		f.Pull.Resumed = true // the session of this very request is counted already
		if !o.decide(ctx, f).Released() {
			return ErrNotAvailable
		}
		handed, failed = true, hand()
		return errHanded
	})
	if handed {
		return failed
	}
	if errors.Is(err, evidence.ErrTampered) {
		err = errors.Join(ErrNotAvailable, err) // the partner is told no more; the store has raised the alarm
	}
	return err
}
