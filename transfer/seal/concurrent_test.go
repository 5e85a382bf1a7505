package seal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"safeconduct/transfer/seal"
)

func TestPutsAreBoundedAndOverlap(t *testing.T) {
	for _, most := range []int{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			o := &objects{}
			var mu sync.Mutex
			flying, peak := 0, 0
			gate := make(chan struct{})
			done := make(chan error)
			var m seal.Manifest
			go func() {
				var err error
				m, err = seal.Seal(t.Context(), keyOf(t, 1), here, bytes.NewReader(payload(1000)), func(ctx context.Context, seq int, c seal.Chunk, sealed []byte) error {
					mu.Lock()
					flying++
					peak = max(peak, flying)
					mu.Unlock()
					<-gate
					mu.Lock()
					flying--
					mu.Unlock()
					return o.put(ctx, seq, c, sealed)
				}, seal.WithChunkSize(100), seal.WithPuts(most))
				done <- err
			}()
			synctest.Wait()
			if peak != most {
				t.Errorf("%d puts under way, want %d", peak, most)
			}
			close(gate)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if peak > most {
				t.Errorf("%d puts at a time", peak)
			}
			var out bytes.Buffer
			if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, &out); err != nil || !bytes.Equal(out.Bytes(), payload(1000)) {
				t.Errorf("%v, or other bytes", err)
			}
		})
	}
}

func TestFirstFailureEndsAllPuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom, later := errors.New("boom"), errors.New("later")
		var mu sync.Mutex
		begun, failed, after := 0, false, 0
		_, err := seal.Seal(t.Context(), keyOf(t, 1), here, bytes.NewReader(payload(1000)), func(ctx context.Context, seq int, _ seal.Chunk, _ []byte) error {
			mu.Lock()
			begun++
			if failed {
				after++
			}
			mu.Unlock()
			if seq != 1 {
				<-ctx.Done() // as a request that is cut off
				return later
			}
			synctest.Wait() // the others wait
			mu.Lock()
			failed = true
			mu.Unlock()
			return boom
		}, seal.WithChunkSize(100), seal.WithPuts(3))
		if !errors.Is(err, boom) || errors.Is(err, later) {
			t.Errorf("got %v", err)
		}
		if begun != 3 || after != 0 {
			t.Errorf("%d puts begun, %d after the failure", begun, after)
		}
	})
}

// stuck is an object whose reads end with ctx only.
type stuck struct{ ctx context.Context }

func (s stuck) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func (stuck) Close() error { return nil }

func TestNothingIsLeftRunning(t *testing.T) {
	o, m := sealed(t, payload(10_000), 1000)
	boom := errors.New("boom")
	t.Run("the recipient goes", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		pr, pw := io.Pipe()
		if err := pr.CloseWithError(boom); err != nil {
			t.Fatal(err)
		}
		if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, pw); !errors.Is(err, boom) {
			t.Errorf("got %v", err)
		}
		if o.open != 0 {
			t.Errorf("%d readers left open", o.open)
		}
	})
	t.Run("an object is corrupt while the next one is read", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		get := func(ctx context.Context, seq int) (io.ReadCloser, error) {
			if seq == 0 {
				return io.NopCloser(bytes.NewReader(make([]byte, m.Chunks[0].Sealed))), nil
			}
			return stuck{ctx}, nil
		}
		if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, get, io.Discard); !errors.Is(err, seal.ErrCorrupt) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the caller gives up", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		ctx, cancel := context.WithCancelCause(t.Context())
		get := func(ctx context.Context, seq int) (io.ReadCloser, error) {
			if seq == 3 {
				cancel(boom)
				return stuck{ctx}, nil
			}
			return o.get(ctx, seq)
		}
		if err := seal.Open(ctx, keyOf(t, 1), here, m, 0, get, io.Discard); !errors.Is(err, boom) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the sender goes", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := seal.Seal(ctx, keyOf(t, 1), here, bytes.NewReader(payload(1000)), func(ctx context.Context, seq int, _ seal.Chunk, _ []byte) error {
			if seq == 4 {
				cancel(boom)
			}
			<-ctx.Done()
			return ctx.Err()
		}, seal.WithChunkSize(100), seal.WithPuts(5))
		if !errors.Is(err, boom) && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestOpenReadsAheadAndNoFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 12 << 20
		o, m := sealed(t, payload(size), seal.ChunkSize)
		w := &slow{gate: make(chan struct{})}
		done := make(chan error)
		go func() { done <- seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, w) }()
		synctest.Wait() // in the first write
		o.mu.Lock()
		if len(o.got) != 1 || o.got[0] != 0 {
			t.Errorf("chunks %v were got while nothing was written", o.got)
		}
		o.mu.Unlock()
		close(w.gate)
		if err := <-done; err != nil || w.n != size {
			t.Errorf("%v after %d bytes", err, w.n)
		}
	})
}

type slow struct {
	gate chan struct{}
	n    int
}

func (s *slow) Write(p []byte) (int, error) {
	<-s.gate
	s.n += len(p)
	return len(p), nil
}

func TestMemoryOfOpenIsConstant(t *testing.T) {
	o, m := sealed(t, make([]byte, 64<<20), seal.ChunkSize)
	var base, s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&base)
	if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, io.Discard); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&s)
	// All that was ever allocated, not only what is held at a time.
	if used := s.TotalAlloc - base.TotalAlloc; used > 8<<20 {
		t.Fatalf("opening allocated %d bytes", used)
	}
}
