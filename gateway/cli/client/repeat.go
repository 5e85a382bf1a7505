package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"safeconduct/gateway/edge"
)

// repeat does what may be done again, until it is done, or refused, or has
// failed tries times.
func (c *Client) repeat(ctx context.Context, do func() error) error {
	wait := firstPause
	for n := 1; ; n++ {
		err := do()
		if err == nil || n == tries || !transient(err) {
			return err
		}
		var asked *limited
		if errors.As(err, &asked) {
			wait = max(wait, asked.wait)
			if asked.wait > quietWait {
				c.told(wait)
			}
		}
		if paused := c.pause(ctx, wait); paused != nil {
			return errors.Join(err, paused)
		}
		wait = min(2*wait, longestPause)
	}
}

// limited is the answer to a caller who sent too much, or too early again.
type limited struct {
	*edge.Problem
	wait time.Duration // that the gateway asks for
}

func (l *limited) Unwrap() error { return l.Problem }

// running is the type of the answer to a request whose first attempt is still
// at work.
const running = "urn:safeconduct:in-progress"

// transient reports whether trying again may help: no answer came, or one that
// says so.
func transient(err error) bool {
	var p *edge.Problem
	if errors.As(err, &p) {
		switch p.Status {
		case http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusRequestTimeout, http.StatusTooManyRequests:
			return true
		}
		return p.Type == running
	}
	return errors.Is(err, ErrUnreachable)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
