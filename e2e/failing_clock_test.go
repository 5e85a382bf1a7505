package e2e

import (
	"errors"
	"io"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/transfer"
)

// The clock that the gateways read is set forward and back under a running gateway.
func TestFailingClock(t *testing.T) {
	t.Run("R49 what expired stays so when the clock is set back", func(t *testing.T) {
		a := newArena(t, []byte("x"))
		w := a.w
		r := &round{}
		r.callers(a)
		_, secret, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], time.Hour, nil)
		w.Must(err)
		r.transfer = a.landed(r)
		_ = a.landed(r) // which lapses, too
		for _, jump := range []time.Duration{15 * 24 * time.Hour, -20 * 24 * time.Hour} {
			w.Clock.Add(jump)
			if _, err := w.Identity.Authenticate(w.Ctx, secret); !errors.Is(err, identity.ErrUnknown) {
				t.Errorf("the token, %v on: %v", jump, err)
			}
			for _, s := range a.replicas {
				if _, err := s.Transfers.Pull(w.Ctx, r.pdl, r.transfer.ID, 1, 0); !errors.Is(err, transfer.ErrNotAvailable) {
					t.Errorf("the window, %v on: %v", jump, err)
				}
			}
		}
		if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 2 {
			t.Errorf("%d lapsed, %v", n, err)
		}
		w.Verify()
	})
	t.Run("R52 the log goes on, in order, while the clock stands still", func(t *testing.T) {
		a := newArena(t, []byte("x"))
		w := a.w
		r := &round{}
		r.callers(a)
		for _, jump := range []time.Duration{0, -time.Hour, -26 * time.Hour, 3 * time.Hour} {
			w.Clock.Add(jump)
			sent := a.landed(r)
			d, err := a.replicas[1].Transfers.Pull(w.Ctx, r.pdl, sent.ID, 1, 0)
			w.Must(err)
			w.Must(d.Send(w.Ctx, io.Discard))
			if n, err := w.Transfers.Sweep(w.Ctx); err != nil || n != 0 {
				t.Errorf("%d uploads swept, %v", n, err)
			}
		}
		lines := a.log().lines
		for i, line := range lines[1:] {
			if line.Entry.Time.Before(lines[i].Entry.Time.Add(-time.Minute)) {
				t.Errorf("entry %d is earlier than the one before: %v, %v", i+1, line.Entry.Time, lines[i].Entry.Time)
			}
		}
		w.Verify()
	})
	t.Run("R49 an upload under way outlives a jump forward that is short of its lease", func(t *testing.T) {
		a := newArena(t, []byte("x"))
		w := a.w
		r := &round{}
		r.callers(a)
		sent, err := w.Transfers.Request(w.Ctx, r.ro, w.Order())
		w.Must(err)
		in := newGated(9 << 20)
		in.r = io.LimitReader(zeros{}, 12<<20)
		received := make(chan error, 1)
		go func() {
			_, err := a.replicas[0].Transfers.Receive(w.Ctx, r.ro, sent.ID, 1, "", in)
			received <- err
		}()
		<-in.reached
		for _, jump := range []time.Duration{50 * time.Minute, -2 * time.Hour, time.Hour} {
			w.Clock.Add(jump)
			if _, err := a.replicas[1].Transfers.Sweep(w.Ctx); err != nil {
				t.Error(err)
			}
		}
		close(in.goOn)
		if err := <-received; err != nil {
			t.Errorf("the upload: %v", err)
		}
		w.Verify()
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
