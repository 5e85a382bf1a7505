package sequencer_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"safeconduct/gateway/sequencer"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

// run starts the loop inside a synctest bubble and ends it with the test.
func run(t *testing.T, s *sequencer.Sequencer) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestWaitIsWokenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		s := b.sequencer(t, sequencer.Options{})
		run(t, s)
		synctest.Wait()
		began := time.Now()
		for range 3 {
			if err := s.Wait(t.Context(), b.insert(t, 4)...); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Wait(t.Context(), "entry-00000001"); err != nil {
			t.Errorf("signed long ago: %v", err)
		}
		if err := s.Wait(t.Context()); err != nil {
			t.Errorf("nothing to wait for: %v", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v, so it polled", took)
		}
	})
}

func TestManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		s := b.sequencer(t, sequencer.Options{MaxBatch: 7})
		run(t, s)
		var group sync.WaitGroup
		for range 50 {
			ids := b.insert(t, 2)
			group.Go(func() {
				if err := s.Wait(t.Context(), ids...); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		b.verify(t, 100, int64(len(b.Rows().Checkpoints)))
	})
}

func TestWaitForAnotherReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		waiting := b.sequencer(t, sequencer.Options{}) // has no Run: not its duty
		run(t, b.sequencer(t, sequencer.Options{}))
		began := time.Now()
		if err := waiting.Wait(t.Context(), b.insert(t, 1)...); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		ids := b.insert(t, 1)
		s := b.sequencer(t, sequencer.Options{MaxWait: 3 * time.Second})
		began := time.Now()
		err := s.Wait(t.Context(), ids...)
		if !errors.Is(err, sequencer.ErrNotSigned) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("no sequencer: %v", err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v", took)
		}

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := s.Wait(ctx, ids...); !errors.Is(err, sequencer.ErrNotSigned) || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}

		b.Fail(errDown)
		if err := s.Wait(t.Context(), ids...); !errors.Is(err, sequencer.ErrNotSigned) || !errors.Is(err, errDown) {
			t.Errorf("store down: %v", err)
		}
	})
}

func TestPlacedIsNotSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.keys.Fail(errDown)
		s := b.sequencer(t, sequencer.Options{})
		run(t, s)
		if err := s.Wait(t.Context(), b.insert(t, 1)...); !errors.Is(err, sequencer.ErrNotSigned) {
			t.Errorf("placed, but no signature: %v", err)
		}
		if b.Rows().Size() != 1 {
			t.Error("was not placed")
		}
	})
}

func TestForeignCheckpointIsNotSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		ids := b.insert(t, 1)
		step(t, b.over(t, b.Memory, ledgertest.NewKeys("foreign"), sequencer.Options{}), 1, 1)
		err := b.sequencer(t, sequencer.Options{}).Wait(t.Context(), ids...)
		if !errors.Is(err, sequencer.ErrNotSigned) || !errors.Is(err, ledger.ErrForeign) {
			t.Errorf("%v", err)
		}
	})
}

func TestRunOutlivesFailures(t *testing.T) {
	for name, fail := range map[string]func(b *bench, err error){
		"signer": func(b *bench, err error) { b.keys.Fail(err) },
		"store":  func(b *bench, err error) { b.Fail(err) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench()
				fail(b, errDown)
				s := b.sequencer(t, sequencer.Options{})
				run(t, s)
				time.Sleep(time.Hour) //nolint:forbidigo // inside a synctest bubble
				ids := b.insert(t, 3)
				fail(b, nil)
				if err := s.Wait(t.Context(), ids...); err != nil {
					t.Errorf("back again: %v", err)
				}
				b.verify(t, 3, 1)
			})
		})
	}
}

// A crash left a head unsigned; nobody wakes the loop of the next process.
func TestRunSignsAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.insert(t, 2)
		b.keys.Fail(errDown)
		if _, err := b.sequencer(t, sequencer.Options{}).Step(t.Context()); !errors.Is(err, errDown) {
			t.Fatal(err)
		}
		b.keys.Fail(nil)
		run(t, b.sequencer(t, sequencer.Options{}))
		synctest.Wait()
		b.verify(t, 2, 1)
	})
}

func TestRunPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		run(t, b.sequencer(t, sequencer.Options{Poll: time.Second}))
		synctest.Wait()
		b.insert(t, 2)                             // and no Wake: another replica's business
		time.Sleep(time.Second + time.Millisecond) //nolint:forbidigo // inside a synctest bubble
		synctest.Wait()
		b.verify(t, 2, 1)
	})
}

// hung is a store that stores no checkpoint before the context ends.
type hung struct{ sequencer.Store }

func (hung) AddCheckpoint(ctx context.Context, _ ledger.StoredCheckpoint) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRunBoundsARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.insert(t, 1)
		run(t, b.over(t, hung{b.Memory}, b.keys, sequencer.Options{MaxRound: time.Minute}))
		time.Sleep(90 * time.Second) //nolint:forbidigo // inside a synctest bubble
		b.insert(t, 1)
		time.Sleep(time.Minute) //nolint:forbidigo // inside a synctest bubble
		if b.Rows().Size() != 2 {
			t.Error("the loop hangs in its first round")
		}
	})
}
