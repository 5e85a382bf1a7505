package sequencer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Wait returns nil once every entry lies under a signed checkpoint, signed by
// this process or another, and verified here. It returns an error that wraps
// ErrNotSigned after Options.MaxWait or when ctx ends, with the cause; the
// business transaction must have committed before. It wakes the loop.
func (s *Sequencer) Wait(ctx context.Context, entryIDs ...string) error {
	if len(entryIDs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.MaxWait)
	defer cancel()
	s.Wake()
	poll := time.NewTicker(s.opts.Poll)
	defer poll.Stop()
	w := waiter{s: s, entries: slices.Compact(slices.Sorted(slices.Values(entryIDs)))}
	ask := true
	var last error // of the store, for the report
	for {
		changed, signed := s.watch()
		done, failed := w.done(ctx, signed, ask)
		if done {
			return nil
		}
		if failed != nil && ctx.Err() == nil {
			last = failed
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %d log entries: %w: %w", len(entryIDs), ErrNotSigned,
				errors.Join(context.Cause(ctx), last))
		case <-changed:
			ask = false
		case <-poll.C:
			ask = true
		}
	}
}

// waiter follows some entries; need is the size that covers them, 0 until each
// has its place.
type waiter struct {
	s       *Sequencer
	entries []string
	need    int64
}

// done reports whether a checkpoint covers everything. With ask it looks in the
// store for one that another process signed. An error means not yet.
func (w *waiter) done(ctx context.Context, signed int64, ask bool) (bool, error) {
	if w.need == 0 {
		last, placed, err := w.s.store.Position(ctx, w.entries...)
		if err != nil || !placed {
			return false, err
		}
		w.need = last + 1
	}
	if signed >= w.need {
		return true, nil
	}
	if !ask {
		return false, nil
	}
	_, last, err := w.s.head(ctx)
	if err != nil {
		return false, err
	}
	w.s.publish(last.Size)
	return last.Size >= w.need, nil
}

func (s *Sequencer) watch() (changed <-chan struct{}, signed int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed, s.signed
}

func (s *Sequencer) publish(signed int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if signed <= s.signed {
		return
	}
	s.signed = signed
	close(s.changed)
	s.changed = make(chan struct{})
}
