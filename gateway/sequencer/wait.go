package sequencer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"safeconduct/transfer/ledger"
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

// waiter follows some entries; placed is empty until each has its place, and
// need is the size that covers them.
type waiter struct {
	s       *Sequencer
	entries []string
	placed  []ledger.Entry
	need    int64
}

// done reports whether a checkpoint covers everything. With ask it looks in the
// store for one that another process signed. An error means not yet.
func (w *waiter) done(ctx context.Context, signed ledger.Checkpoint, ask bool) (bool, error) {
	if len(w.placed) == 0 {
		placed, err := w.s.store.Placed(ctx, w.entries...)
		if err != nil || len(placed) != len(w.entries) {
			return false, err
		}
		for _, e := range placed {
			w.need = max(w.need, e.Seq+1)
		}
		w.placed = placed
	}
	if signed.Size < w.need {
		if !ask {
			return false, nil
		}
		_, last, err := w.s.head(ctx)
		if err != nil {
			return false, err
		}
		w.s.publish(last)
		if signed = last; signed.Size < w.need {
			return false, nil
		}
	}
	return w.proven(ctx, signed)
}

// proven proves that each entry is in the tree that was signed: that a row says
// which place it has is worth nothing, since a row can be written by hand.
func (w *waiter) proven(ctx context.Context, signed ledger.Checkpoint) (bool, error) {
	hashes := w.s.store.Hashes(ctx)
	for _, e := range w.placed {
		proof, err := ledger.Inclusion(signed.Size, e.Seq, hashes)
		if err != nil {
			return false, err
		}
		if err := ledger.CheckInclusion(proof, signed, e); err != nil {
			w.placed, w.need = nil, 0
			w.s.log.ErrorContext(ctx, "a log entry is not in the tree at the place that its row says", "entry", e, "error", err)
			return false, fmt.Errorf("%w: %w", ErrTampered, err)
		}
	}
	return true, nil
}

func (s *Sequencer) watch() (changed <-chan struct{}, signed ledger.Checkpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed, s.signed
}

func (s *Sequencer) publish(signed ledger.Checkpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if signed.Size <= s.signed.Size {
		return
	}
	s.signed = signed
	close(s.changed)
	s.changed = make(chan struct{})
}
