package sequencer_test

import (
	"context"
	"errors"
	"testing"

	"safeconduct/gateway/sequencer"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

// Whatever the tables say: nothing is signed that contradicts what was signed.
func TestNothingIsSignedOverTampering(t *testing.T) {
	for _, c := range []struct {
		name   string
		want   error
		change func(r *ledgertest.Rows)
	}{
		{"hash altered", sequencer.ErrTampered, func(r *ledgertest.Rows) { r.Hashes[6].Hash[0] ^= 1 }},
		{"tail cut", sequencer.ErrTampered, func(r *ledgertest.Rows) { r.Entries = nil }},
		{"checkpoint altered", ledger.ErrSignature, func(r *ledgertest.Rows) {
			r.Checkpoints[0].Note[len(origin)+1]++
		}},
		{"checkpoint cut", ledger.ErrCheckpoint, func(r *ledgertest.Rows) {
			r.Checkpoints[0].Note = r.Checkpoints[0].Note[:40]
		}},
	} {
		t.Run("R52 "+c.name, func(t *testing.T) {
			b := newBench()
			b.insert(t, 4)
			step(t, b.sequencer(t, sequencer.Options{}), 4, 4)
			b.insert(t, 3)
			before := b.keys.Signed()
			b.Alter(c.change)
			for range 2 {
				if _, err := b.sequencer(t, sequencer.Options{}).Step(t.Context()); !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
			}
			if b.keys.Signed() != before || len(b.Rows().Checkpoints) != 1 {
				t.Error("signed all the same")
			}
		})
	}
	t.Run("R52 foreign checkpoint", func(t *testing.T) {
		b := newBench()
		b.insert(t, 4)
		foreign := b.over(t, b.Memory, ledgertest.NewKeys("foreign"), sequencer.Options{})
		step(t, foreign, 4, 4)
		if _, err := b.sequencer(t, sequencer.Options{}).Step(t.Context()); !errors.Is(err, ledger.ErrForeign) {
			t.Errorf("%v", err)
		}
	})
}

func TestAlteredEntryGetsNoPlace(t *testing.T) {
	b := newBench()
	ids := b.insert(t, 3)
	b.Alter(func(r *ledgertest.Rows) {
		for i := range r.Entries {
			if r.Entries[i].ID == ids[1] {
				r.Entries[i].Body = []byte(`{"n":0}`)
			}
		}
	})
	s := b.sequencer(t, sequencer.Options{})
	step(t, s, 2, 2)
	step(t, s, 0, 2)
	report, err := ledger.Verify(t.Context(), b.Rows().Source(), b.keys.Public(), origin, ledger.Options{})
	if err != nil || len(report.Findings) != 1 || report.Findings[0].Row != "id="+ids[1] {
		t.Errorf("%+v %v", report, err)
	}
}

// lostRace is a store over which another sequencer signs just before this one.
type lostRace struct {
	sequencer.Store
	rival *sequencer.Sequencer
	races int
}

func (l *lostRace) AddCheckpoint(ctx context.Context, row ledger.StoredCheckpoint) error {
	if l.races > 0 {
		l.races--
		if _, err := l.rival.Step(ctx); err != nil {
			return err
		}
	}
	return l.Store.AddCheckpoint(ctx, row)
}

func TestLoserTakesTheWinnersCheckpoint(t *testing.T) {
	b := newBench()
	rival := b.sequencer(t, sequencer.Options{})
	s := b.over(t, &lostRace{Store: b.Memory, rival: rival, races: 1}, b.keys, sequencer.Options{})
	b.insert(t, 3)
	step(t, s, 3, 3)
	b.verify(t, 3, 1)
}

// alwaysTaken is a store with a stray row where the next checkpoint belongs.
type alwaysTaken struct{ sequencer.Store }

func (alwaysTaken) AddCheckpoint(context.Context, ledger.StoredCheckpoint) error {
	return sequencer.ErrConflict
}

func TestConflictsAreBounded(t *testing.T) {
	b := newBench()
	b.insert(t, 3)
	s := b.over(t, alwaysTaken{b.Memory}, b.keys, sequencer.Options{})
	if _, err := s.Step(t.Context()); !errors.Is(err, sequencer.ErrConflict) {
		t.Error(err)
	}
}
