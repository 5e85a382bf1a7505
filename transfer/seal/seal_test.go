package seal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"pgregory.net/rapid"

	"safeconduct/transfer/seal"
)

func TestRoundTripAtEveryBoundary(t *testing.T) {
	const chunk = 200_000 // three segments and a part
	for _, n := range []int{
		0, 1, 65_479, 65_480, 65_481, 65_480 + 65_520, 65_480 + 65_520 + 1,
		chunk - 1, chunk, chunk + 1, 2*chunk - 1, 2 * chunk, 2*chunk + 1, 5*chunk + 77,
	} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			plain := payload(n)
			o, m := sealed(t, plain, chunk)
			if want := max(1, (n+chunk-1)/chunk); len(m.Chunks) != want || len(o.sealed) != want {
				t.Fatalf("%d chunks, %d objects, want %d", len(m.Chunks), len(o.sealed), want)
			}
			for i, c := range m.Chunks {
				if c.Sealed != int64(len(o.sealed[i])) || c.Sealed != seal.SealedSize(c.Plain) || c.SHA256 != sha256.Sum256(o.sealed[i]) {
					t.Fatalf("chunk %d: %+v", i, c)
				}
			}
			for _, offset := range []int{0, 1, n / 3, n - 1, n} {
				if offset < 0 || offset > n {
					continue
				}
				var out bytes.Buffer
				if err := seal.Open(t.Context(), keyOf(t, 1), here, m, int64(offset), o.get, &out); err != nil {
					t.Fatalf("from %d: %v", offset, err)
				}
				if !bytes.Equal(out.Bytes(), plain[offset:]) {
					t.Fatalf("from %d: other bytes", offset)
				}
			}
			if o.open != 0 {
				t.Fatalf("%d readers left open", o.open)
			}
		})
	}
}

func TestRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "plain")
		o := &objects{}
		m, err := seal.Seal(t.Context(), keyOf(t, 1), here, iotest.OneByteReader(bytes.NewReader(plain)), o.put,
			seal.WithChunkSize(rapid.IntRange(1, 100).Draw(rt, "chunk")))
		if err != nil {
			rt.Fatal(err)
		}
		offset := rapid.IntRange(0, len(plain)).Draw(rt, "offset")
		var out bytes.Buffer
		if err := seal.Open(t.Context(), keyOf(t, 1), here, m, int64(offset), o.get, &out); err != nil || !bytes.Equal(out.Bytes(), plain[offset:]) {
			rt.Fatalf("from %d: %v, or other bytes", offset, err)
		}
	})
}

func TestSealedBytesHideThePlaintext(t *testing.T) {
	plain := []byte(strings.Repeat("family name ", 100))
	a, _ := sealed(t, plain, 400)
	b, _ := sealed(t, plain, 400)
	seen := map[string]bool{}
	for _, object := range append(a.sealed, b.sealed...) {
		if bytes.Contains(object, []byte("family")) {
			t.Fatal("plaintext in an object")
		}
		if salt := string(object[1:40]); seen[salt] {
			t.Fatal("a salt was used twice")
		} else {
			seen[salt] = true
		}
	}
}

func TestOnlyNeededChunksAreRead(t *testing.T) {
	o, m := sealed(t, payload(1000), 100)
	for offset, want := range map[int64]int{0: 10, 99: 10, 100: 9, 899: 2, 900: 1, 999: 1, 1000: 1} {
		o.got = nil
		if err := seal.Open(t.Context(), keyOf(t, 1), here, m, offset, o.get, io.Discard); err != nil || len(o.got) != want {
			t.Errorf("from %d: read %v, %v", offset, o.got, err)
		}
	}
	for _, offset := range []int64{-1, 1001} {
		if err := seal.Open(t.Context(), keyOf(t, 1), here, m, offset, o.get, io.Discard); !errors.Is(err, seal.ErrOffset) {
			t.Errorf("from %d: %v", offset, err)
		}
	}
}

func TestShortChunksOfAResumedUpload(t *testing.T) {
	s, err := seal.NewSealer(keyOf(t, 1), here)
	if err != nil {
		t.Fatal(err)
	}
	parts, o := []string{"first", "x", "the rest"}, &objects{}
	m := seal.Manifest{Size: 14, SHA256: sha256.Sum256([]byte(strings.Join(parts, "")))}
	for i, part := range parts {
		object, chunk, err := s.Chunk([]byte("before"), i, i == len(parts)-1, []byte(part))
		if err != nil || !bytes.HasPrefix(object, []byte("before")) {
			t.Fatal(err)
		}
		o.sealed, m.Chunks = append(o.sealed, object[6:]), append(m.Chunks, chunk)
	}
	var out bytes.Buffer
	if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 3, o.get, &out); err != nil || out.String() != "stxthe rest" {
		t.Fatalf("%q, %v", &out, err)
	}
	for _, c := range []struct {
		seq  int
		last bool
	}{{0, false}, {1, true}, {-1, true}} {
		if _, _, err := s.Chunk(nil, c.seq, c.last, nil); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("empty chunk %+v: %v", c, err)
		}
	}
}

func TestFailedPutIsSealedAfresh(t *testing.T) {
	plain := payload(950)
	var tries [][]byte
	o := &objects{}
	put := func(ctx context.Context, seq int, c seal.Chunk, sealed []byte) error {
		if seq == 4 && len(tries) < 2 {
			// Not cloned: a transport may read the buffer long after the put failed.
			tries = append(tries, sealed)
			return fmt.Errorf("put: %w", seal.ErrUnavailable)
		}
		return o.put(ctx, seq, c, sealed)
	}
	m, err := seal.Seal(t.Context(), keyOf(t, 1), here, bytes.NewReader(plain), put, seal.WithChunkSize(100))
	if err != nil {
		t.Fatal(err)
	}
	tries = append(tries, o.sealed[4])
	for i := range 2 {
		if bytes.Equal(tries[i][1:40], tries[i+1][1:40]) || bytes.Equal(tries[i][40:], tries[i+1][40:]) {
			t.Fatal("a salt was used twice")
		}
		whole := objects{sealed: append([][]byte{}, o.sealed...)}
		whole.sealed[4] = tries[i]
		if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, whole.get, io.Discard); !errors.Is(err, seal.ErrCorrupt) {
			t.Fatalf("the object of a failed put opens: %v", err)
		}
	}
	var out bytes.Buffer
	if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, &out); err != nil || !bytes.Equal(out.Bytes(), plain) {
		t.Fatalf("opening: %v, or other bytes", err)
	}
}

func TestSealEnds(t *testing.T) {
	boom := errors.New("boom")
	fails := func(at int, with error, calls *int) seal.PutFunc {
		return func(_ context.Context, seq int, _ seal.Chunk, _ []byte) error {
			if *calls++; seq == at {
				return with
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		r     io.Reader
		put   error
		want  error
		calls int
		opts  []seal.Option
	}{
		"when put fails":               {bytes.NewReader(payload(900)), boom, boom, 3, nil},
		"when the last put fails":      {bytes.NewReader(payload(250)), boom, boom, 3, nil},
		"when put stays unavailable":   {bytes.NewReader(payload(900)), seal.ErrUnavailable, seal.ErrUnavailable, 5, nil},
		"when the rule says so":        {bytes.NewReader(payload(900)), boom, boom, 7, []seal.Option{seal.WithRetry(func(_ context.Context, n int, _ error) bool { return n < 5 })}},
		"when the reader fails":        {io.MultiReader(bytes.NewReader(payload(150)), iotest.ErrReader(boom)), nil, boom, 1, nil},
		"when the body is cut":         {io.MultiReader(bytes.NewReader(payload(150)), iotest.ErrReader(io.ErrUnexpectedEOF)), nil, io.ErrUnexpectedEOF, 1, nil},
		"when the reader gives naught": {neverReader{}, nil, io.ErrNoProgress, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			_, err := seal.Seal(t.Context(), keyOf(t, 1), here, c.r, fails(2, c.put, &calls), append(c.opts, seal.WithChunkSize(100), seal.WithPuts(1))...)
			if !errors.Is(err, c.want) || calls != c.calls {
				t.Fatalf("%v after %d puts, want %v after %d", err, calls, c.want, c.calls)
			}
		})
	}
	for name, s := range map[string]func() (*seal.Sealer, error){
		"no transfer":  func() (*seal.Sealer, error) { return seal.NewSealer(keyOf(t, 1), seal.Address{File: 1}) },
		"file 0":       func() (*seal.Sealer, error) { return seal.NewSealer(keyOf(t, 1), seal.Address{Transfer: "t"}) },
		"chunk size 0": func() (*seal.Sealer, error) { return seal.NewSealer(keyOf(t, 1), here, seal.WithChunkSize(0)) },
		"chunk too large": func() (*seal.Sealer, error) {
			return seal.NewSealer(keyOf(t, 1), here, seal.WithChunkSize(seal.MaxChunkSize+1))
		},
	} {
		if _, err := s(); !errors.Is(err, seal.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type neverReader struct{}

func (neverReader) Read([]byte) (int, error) { return 0, nil }

func TestSealReadsAheadWhileAPutIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := bytes.NewReader(payload(1000))
		putting, gate := make(chan int), make(chan struct{})
		done := make(chan error)
		go func() {
			_, err := seal.Seal(t.Context(), keyOf(t, 1), here, r, func(_ context.Context, seq int, _ seal.Chunk, _ []byte) error {
				putting <- seq
				<-gate
				return nil
			}, seal.WithChunkSize(100), seal.WithPuts(1))
			done <- err
		}()
		for want := range 10 {
			if got := <-putting; got != want {
				t.Errorf("put %d, want %d", got, want)
			}
			synctest.Wait()
			// The chunk under way, the next one, and the byte after it; no more.
			if read := 1000 - r.Len(); read != min(1000, (want+2)*100+1) {
				t.Errorf("%d bytes read while chunk %d is put", read, want)
			}
			gate <- struct{}{}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestCancelEndsSealAndOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		_, err := seal.Seal(ctx, keyOf(t, 1), here, bytes.NewReader(payload(1000)), func(ctx context.Context, seq int, _ seal.Chunk, _ []byte) error {
			if seq == 3 {
				cancel(gone)
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}, seal.WithChunkSize(100))
		if !errors.Is(err, gone) && !errors.Is(err, context.Canceled) {
			t.Errorf("sealing: %v", err)
		}
		o, m := sealed(t, payload(300), 100)
		if err := seal.Open(ctx, keyOf(t, 1), here, m, 0, o.get, io.Discard); !errors.Is(err, gone) || len(o.got) != 0 {
			t.Errorf("opening: %v", err)
		}
		ctx, cancel = context.WithCancelCause(t.Context())
		var out bytes.Buffer
		err = seal.Open(ctx, keyOf(t, 1), here, m, 0, func(ctx context.Context, seq int) (io.ReadCloser, error) {
			if seq == 1 {
				cancel(gone)
			}
			return o.get(ctx, seq)
		}, &out)
		if !errors.Is(err, gone) || out.Len() >= 200 {
			t.Errorf("opening: %v after %d bytes", err, out.Len())
		}
	})
}

func TestMemoryIsConstant(t *testing.T) {
	// 96 MiB through both; the heap may not hold more than a few chunks.
	const size = 96 << 20
	var mu sync.Mutex
	var peak uint64
	measure := func() {
		mu.Lock()
		defer mu.Unlock()
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		peak = max(peak, s.HeapAlloc)
	}
	measure()
	base := peak
	_, err := seal.Seal(t.Context(), keyOf(t, 1), here, io.LimitReader(zeros{}, size), func(context.Context, int, seal.Chunk, []byte) error {
		measure()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if used := peak - base; used > 5*seal.ChunkSize { // one of plaintext, two on their way, one being made, and change
		t.Fatalf("sealing held %d bytes", used)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
