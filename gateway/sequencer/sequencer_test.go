package sequencer_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"safeconduct/gateway/sequencer"
	"safeconduct/gateway/sequencer/sequencertest"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
	"safeconduct/transfer/seal"
)

const origin = "log.example.org/test"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryContract(t *testing.T) {
	sequencertest.Run(t, func(*testing.T) (sequencer.Store, sequencertest.Inserter) {
		m := sequencertest.NewMemory()
		return m, m
	})
}

type bench struct {
	*sequencertest.Memory
	keys *ledgertest.Keys
	next int
}

func newBench() *bench {
	return &bench{Memory: sequencertest.NewMemory(), keys: ledgertest.NewKeys("log"), next: 1}
}

func (b *bench) sequencer(t testing.TB, opts sequencer.Options) *sequencer.Sequencer {
	t.Helper()
	return b.over(t, b.Memory, b.keys, opts)
}

func (b *bench) over(t testing.TB, store sequencer.Store, signer seal.Signer, opts sequencer.Options) *sequencer.Sequencer {
	t.Helper()
	s, err := sequencer.New(store, signer, origin, slog.New(slog.DiscardHandler), opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) insert(t testing.TB, n int) []string {
	t.Helper()
	entries := sequencertest.Entries(t, b.next, n)
	b.next += n
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	if err := b.Insert(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
	return ids
}

func (b *bench) verify(t testing.TB, size, checkpoints int64) {
	t.Helper()
	report, err := ledger.Verify(context.Background(), b.Rows().Source(), b.keys.Public(), origin, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() || report.Size != size || report.Signed != size || report.Waiting != 0 || report.Checkpoints != checkpoints {
		t.Errorf("want size %d under %d checkpoints: %+v", size, checkpoints, report)
	}
}

func step(t testing.TB, s *sequencer.Sequencer, placed int, signed int64) {
	t.Helper()
	round, err := s.Step(context.Background())
	if err != nil || round != (sequencer.Round{Placed: placed, Signed: signed}) {
		t.Fatalf("%+v, %v; want %d placed and %d signed", round, err, placed, signed)
	}
}

func TestStep(t *testing.T) {
	b := newBench()
	s := b.sequencer(t, sequencer.Options{MaxBatch: 5})
	step(t, s, 0, 0)
	b.insert(t, 7)
	step(t, s, 5, 5)
	step(t, s, 2, 7)
	step(t, s, 0, 7)
	if b.keys.Signed() != 2 {
		t.Errorf("%d signatures for 2 batches", b.keys.Signed())
	}
	b.verify(t, 7, 2)
}

func TestKeyRotation(t *testing.T) {
	b := newBench()
	s := b.sequencer(t, sequencer.Options{})
	for i := range 3 {
		b.insert(t, 4)
		step(t, s, 4, int64(4*i+4))
		b.keys.Rotate()
	}
	b.verify(t, 12, 3)
	step(t, b.sequencer(t, sequencer.Options{}), 0, 12) // a process that starts after the rotations
}

func TestCrashBetweenPlacingAndSigning(t *testing.T) {
	b := newBench()
	step(t, b.sequencer(t, sequencer.Options{}), 0, 0)
	b.insert(t, 3)
	down := errors.New("down")
	b.keys.Fail(down)
	s := b.sequencer(t, sequencer.Options{})
	if round, err := s.Step(t.Context()); !errors.Is(err, down) || round.Placed != 3 {
		t.Fatalf("%+v %v", round, err)
	}
	b.insert(t, 2)
	if round, err := s.Step(t.Context()); !errors.Is(err, down) || round.Placed != 2 {
		t.Fatalf("%+v %v", round, err)
	}
	b.keys.Fail(nil)
	step(t, b.sequencer(t, sequencer.Options{}), 0, 5)
	b.verify(t, 5, 1)
}

func TestTenThousand(t *testing.T) {
	b := newBench()
	s := b.sequencer(t, sequencer.Options{})
	b.insert(t, 10_000)
	for signed := int64(0); signed < 10_000; {
		round, err := s.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		signed = round.Signed
	}
	b.verify(t, 10_000, 10)
}

func TestTwoSequencersRace(t *testing.T) {
	b := newBench()
	b.insert(t, 1000)
	var group sync.WaitGroup
	for range 2 {
		s := b.sequencer(t, sequencer.Options{MaxBatch: 17})
		group.Go(func() {
			for {
				round, err := s.Step(t.Context())
				if err != nil && !errors.Is(err, sequencer.ErrConflict) {
					t.Error(err)
					return
				}
				if round.Signed == 1000 {
					return
				}
			}
		})
	}
	group.Wait()
	b.verify(t, 1000, int64(len(b.Rows().Checkpoints)))
}

// Inserts, batches, failures and two sequencers in any order: what is signed
// always verifies, and everything is signed in the end.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench()
		size := rapid.IntRange(1, 9).Draw(rt, "batch")
		two := []*sequencer.Sequencer{
			b.sequencer(t, sequencer.Options{MaxBatch: size}), b.sequencer(t, sequencer.Options{MaxBatch: size}),
		}
		rt.Repeat(map[string]func(*rapid.T){
			"insert": func(rt *rapid.T) { b.insert(t, rapid.IntRange(1, 12).Draw(rt, "n")) },
			"step": func(rt *rapid.T) {
				if _, err := two[rapid.IntRange(0, 1).Draw(rt, "who")].Step(t.Context()); err != nil && !errors.Is(err, errDown) {
					rt.Fatal(err)
				}
			},
			"signer down": func(*rapid.T) { b.keys.Fail(errDown) },
			"signer up":   func(*rapid.T) { b.keys.Fail(nil) },
			"store down":  func(*rapid.T) { b.Fail(errDown) },
			"store up":    func(*rapid.T) { b.Fail(nil) },
			"rotate":      func(*rapid.T) { b.keys.Rotate() },
		})
		b.keys.Fail(nil)
		b.Fail(nil)
		want := int64(b.next - 1)
		for signed := int64(-1); signed < want; {
			round, err := two[0].Step(t.Context())
			if err != nil {
				rt.Fatal(err)
			}
			signed = round.Signed
		}
		b.verify(t, want, int64(len(b.Rows().Checkpoints)))
	})
}

var errDown = errors.New("down")

func TestNewRefuses(t *testing.T) {
	if _, err := sequencer.New(nil, nil, "not an origin", nil, sequencer.Options{}); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Error(err)
	}
}

func BenchmarkStep(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(map[int]string{1: "1 entry", 100: "100 entries"}[n], func(b *testing.B) {
			x := newBench()
			s := x.sequencer(b, sequencer.Options{})
			for b.Loop() {
				x.insert(b, n)
				if _, err := s.Step(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
