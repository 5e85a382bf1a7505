package s3blob

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// bound is the one limit on what is done about one object: however many attempts that takes, the store has Config.Timeout
// for all of them.
type bound struct {
	context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
}

func (s *Store) bound(ctx context.Context) *bound {
	bounded, cancel := context.WithCancelCause(ctx)
	return &bound{bounded, cancel, time.AfterFunc(s.wait, func() { cancel(errStalled) }), s.wait}
}

// next gives the object that follows the whole time again.
func (b *bound) next() { b.timer.Reset(b.limit) }

// over ends the waiting, and what is done under it.
func (b *bound) over() {
	b.timer.Stop()
	b.cancel(nil)
}

// cause is err, or that the time was up where that is why it failed.
func (b *bound) cause(err error) error {
	if err != nil && errors.Is(context.Cause(b), errStalled) {
		return errStalled
	}
	return err
}

// timedOut tells whether err is of waiting, not of an answer or of a connection that failed at once.
func timedOut(err error) bool {
	var waited net.Error
	return errors.Is(err, errStalled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &waited) && waited.Timeout()
}

// headed is a body whose head came in time: from here on only its own patience counts.
type headed struct {
	io.ReadCloser
	bound *bound
}

// Close lets the request go.
func (h headed) Close() error {
	defer h.bound.over()
	return h.ReadCloser.Close()
}
