package sequencer_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/gateway/sequencer"
	"safeconduct/transfer/ledger"
)

// misplaced says of every entry that it has the first place.
type misplaced struct{ sequencer.Store }

func (m misplaced) Placed(ctx context.Context, ids ...string) ([]ledger.Entry, error) {
	all, err := m.Store.Placed(ctx, ids...)
	for i := range all {
		all[i].Seq = 0
	}
	return all, err
}

// unplaced says so of entries that have none.
type unplaced struct {
	sequencer.Store
	entry ledger.Entry
}

func (u unplaced) Placed(context.Context, ...string) ([]ledger.Entry, error) {
	return []ledger.Entry{u.entry}, nil
}

// A row that says that its entry has a place is not believed: the tree is asked.
func TestAPlaceIsProved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		ids := b.insert(t, 3)
		step(t, b.sequencer(t, sequencer.Options{}), 3, 3)
		s := b.over(t, misplaced{b.Memory}, b.keys, sequencer.Options{MaxWait: time.Second})
		if err := s.Wait(t.Context(), ids[0]); err != nil {
			t.Errorf("R52 the one that is there: %v", err)
		}
		if err := s.Wait(t.Context(), ids[2]); !errors.Is(err, sequencer.ErrNotSigned) || !errors.Is(err, sequencer.ErrTampered) {
			t.Errorf("R52 another's place: %v", err)
		}
		waits := b.insert(t, 1)
		late, err := b.Placed(t.Context(), waits...)
		if err != nil || len(late) != 0 {
			t.Fatal(late, err)
		}
		forged := unplaced{b.Memory, ledger.Entry{ID: waits[0], Seq: 0, Version: 1, Kind: "release", Commitment: make([]byte, ledger.CommitmentSize)}}
		if err := b.over(t, forged, b.keys, sequencer.Options{MaxWait: time.Second}).Wait(t.Context(), waits...); !errors.Is(err, sequencer.ErrTampered) {
			t.Errorf("R52 a place that nobody gave: %v", err)
		}
	})
}

// swapped is the store that it points at.
type swapped struct{ at *atomic.Pointer[bench] }

func (s swapped) Sequence(ctx context.Context, signed int64, limit int, fn sequencer.Integrate) (int, error) {
	return s.at.Load().Sequence(ctx, signed, limit, fn)
}
func (s swapped) Head(ctx context.Context) (sequencer.Head, error) { return s.at.Load().Head(ctx) }
func (s swapped) AddCheckpoint(ctx context.Context, row ledger.StoredCheckpoint) error {
	return s.at.Load().AddCheckpoint(ctx, row)
}

func (s swapped) Placed(ctx context.Context, ids ...string) ([]ledger.Entry, error) {
	return s.at.Load().Placed(ctx, ids...)
}

func (s swapped) Hashes(ctx context.Context) tlog.HashReader { return s.at.Load().Hashes(ctx) }

// TestALogThatWentBack: a process that has verified a checkpoint goes on with no
// log that does not continue it, however well that one is signed.
func TestALogThatWentBack(t *testing.T) {
	for name, other := range map[string]struct{ entries, signed int }{
		"cut":                      {3, 3},
		"cut, and grown since":     {3, 9},
		"another of the same size": {0, 5},
	} {
		t.Run("R52 "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now, back := newBench(), newBench()
				back.keys = now.keys
				now.insert(t, 3)
				step(t, now.sequencer(t, sequencer.Options{}), 3, 3)
				if other.entries > 0 {
					back.insert(t, 3)
					step(t, back.sequencer(t, sequencer.Options{}), 3, 3)
				}
				now.insert(t, 2)
				back.next = 100
				at := &atomic.Pointer[bench]{}
				at.Store(now)
				s := now.over(t, swapped{at}, now.keys, sequencer.Options{MaxWait: time.Second})
				step(t, s, 2, 5)
				if more := other.signed - other.entries; more > 0 {
					back.insert(t, more)
					step(t, back.sequencer(t, sequencer.Options{}), more, int64(other.signed))
				}
				at.Store(back)
				ids := back.insert(t, 1)
				if _, err := s.Step(t.Context()); !errors.Is(err, sequencer.ErrTampered) && !errors.Is(err, sequencer.ErrConflict) {
					t.Errorf("it went on: %v", err)
				}
				if err := s.Wait(t.Context(), ids...); !errors.Is(err, sequencer.ErrNotSigned) {
					t.Errorf("it waited for it: %v", err)
				}
				if n := len(back.Rows().Checkpoints); n > 2 {
					t.Errorf("it signed: %d checkpoints", n)
				}
			})
		})
	}
}
