package seal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"safeconduct/transfer/seal"
)

// opening is a sealed payload of three chunks that a test spoils.
type opening struct {
	*objects
	m   seal.Manifest
	key seal.DataKey
	at  seal.Address
}

func (o *opening) swap(i, j int) {
	o.sealed[i], o.sealed[j] = o.sealed[j], o.sealed[i]
	o.m.Chunks[i], o.m.Chunks[j] = o.m.Chunks[j], o.m.Chunks[i]
}

// foreign replaces chunk i, in store and manifest, by that of another payload.
func (o *opening) foreign(t *testing.T, i int, key seal.DataKey, at seal.Address, seq int, last bool) {
	t.Helper()
	s, err := seal.NewSealer(key, at)
	if err != nil {
		t.Fatal(err)
	}
	o.sealed[i], o.m.Chunks[i], err = s.Chunk(nil, seq, last, bytes.Repeat([]byte{'x'}, int(o.m.Chunks[i].Plain)))
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesWhatIsNotWhole(t *testing.T) {
	const size, chunk = 350_000, 150_000
	plain := payload(size)
	for name, spoil := range map[string]func(*testing.T, *opening){
		"R49 truncated: the last chunk is cut off":        func(_ *testing.T, o *opening) { o.sealed, o.m.Chunks, o.m.Size = o.sealed[:2], o.m.Chunks[:2], 2*chunk },
		"R49 truncated: the manifest is cut short":        func(_ *testing.T, o *opening) { o.m.Chunks = o.m.Chunks[:2] },
		"R49 truncated: an object lacks its last byte":    func(_ *testing.T, o *opening) { o.sealed[1] = o.sealed[1][:len(o.sealed[1])-1] },
		"R49 truncated: an object lacks its last segment": func(_ *testing.T, o *opening) { o.sealed[1] = o.sealed[1][:2*65536] },
		"R49 truncated: an object is empty":               func(_ *testing.T, o *opening) { o.sealed[2] = []byte{} },
		"R49 truncated: an object is a part of a header":  func(_ *testing.T, o *opening) { o.sealed[0] = o.sealed[0][:20] },
		"R49 longer: an object is followed by a byte":     func(_ *testing.T, o *opening) { o.sealed[2] = append(o.sealed[2], 0) },
		"R49 reordered, in the store":                     func(_ *testing.T, o *opening) { o.sealed[0], o.sealed[1] = o.sealed[1], o.sealed[0] },
		"R49 reordered, in store and manifest":            func(_ *testing.T, o *opening) { o.swap(0, 1) },
		"R49 reordered, the last among them":              func(_ *testing.T, o *opening) { o.swap(1, 2) },
		"R49 replayed: a chunk stands for another":        func(_ *testing.T, o *opening) { o.sealed[1], o.m.Chunks[1] = o.sealed[0], o.m.Chunks[0] },
		"R49 swapped: a chunk of another sealing of this address": func(t *testing.T, o *opening) {
			other, _ := sealed(t, plain, chunk)
			o.sealed[1] = other.sealed[1]
		},
		"R49 swapped: a chunk of other content, in store and manifest": func(t *testing.T, o *opening) { o.foreign(t, 1, o.key, o.at, 1, false) },
		"R49 swapped: a chunk of another transfer": func(t *testing.T, o *opening) {
			o.foreign(t, 1, o.key, seal.Address{Transfer: "trf-2", File: 1}, 1, false)
		},
		"R49 swapped: a chunk of another file": func(t *testing.T, o *opening) {
			o.foreign(t, 1, o.key, seal.Address{Transfer: "trf-1", File: 2}, 1, false)
		},
		"R49 swapped: a last chunk in the middle": func(t *testing.T, o *opening) { o.foreign(t, 1, o.key, o.at, 1, true) },
		"R49 swapped: no last chunk at the end":   func(t *testing.T, o *opening) { o.foreign(t, 2, o.key, o.at, 2, false) },
		"R49 swapped: a chunk under another key":  func(t *testing.T, o *opening) { o.foreign(t, 1, keyOf(t, 2), o.at, 1, false) },
		"R49 wrong transfer":                      func(_ *testing.T, o *opening) { o.at.Transfer = "trf-2" },
		"R49 wrong file":                          func(_ *testing.T, o *opening) { o.at.File = 2 },
		"R49 wrong key":                           func(t *testing.T, o *opening) { o.key = keyOf(t, 2) },
		"R49 another digest of an object":         func(_ *testing.T, o *opening) { o.m.Chunks[2].SHA256[0] ^= 1 },
		"R49 another digest of the plaintext":     func(_ *testing.T, o *opening) { o.m.SHA256[31] ^= 1 },
		"R49 another size":                        func(_ *testing.T, o *opening) { o.m.Size++ },
		"R49 sizes moved between chunks": func(_ *testing.T, o *opening) {
			o.m.Chunks[0].Plain--
			o.m.Chunks[0].Sealed--
			o.m.Chunks[1].Plain++
			o.m.Chunks[1].Sealed++
		},
		"R49 no chunk":              func(_ *testing.T, o *opening) { o.m = seal.Manifest{} },
		"R49 an empty chunk at end": func(_ *testing.T, o *opening) { o.m.Chunks = append(o.m.Chunks, seal.Chunk{Sealed: 56}) },
		"R49 negative size":         func(_ *testing.T, o *opening) { o.m.Chunks[0].Plain = -1 },
		"R49 size beyond bounds":    func(_ *testing.T, o *opening) { o.m.Chunks[0].Plain, o.m.Size = math.MaxInt64, math.MaxInt64 },
	} {
		t.Run(name, func(t *testing.T) {
			o := &opening{key: keyOf(t, 1), at: here}
			o.objects, o.m = sealed(t, plain, chunk)
			spoil(t, o)
			var out bytes.Buffer
			err := seal.Open(t.Context(), o.key, o.at, o.m, 0, o.get, &out)
			if !errors.Is(err, seal.ErrCorrupt) {
				t.Fatalf("got %v", err)
			}
			if out.Len() >= size || int64(out.Len()) >= max(o.m.Size, 1) {
				t.Fatalf("%d bytes were handed over, as many as announced", out.Len())
			}
			if o.open != 0 {
				t.Fatal("a reader was left open")
			}
		})
	}
}

func TestOpenRefusesEveryFlippedBit(t *testing.T) {
	plain := payload(40)
	o, m := sealed(t, plain, 16)
	for i := range o.sealed {
		for bit := range 8 * len(o.sealed[i]) {
			o.sealed[i][bit/8] ^= 1 << (bit % 8)
			var out bytes.Buffer
			if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, &out); !errors.Is(err, seal.ErrCorrupt) || out.Len() >= len(plain) {
				t.Fatalf("object %d, bit %d: %v, %d bytes", i, bit, err, out.Len())
			}
			o.sealed[i][bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestOpenTellsABrokenConnectionFromCorruption(t *testing.T) {
	o, m := sealed(t, payload(300_000), 150_000)
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		get  seal.GetFunc
		want error
	}{
		"an object is missing": {func(context.Context, int) (io.ReadCloser, error) { return nil, errMissing }, errMissing},
		"a read fails":         {broken(o, boom), boom},
		"a body is cut":        {broken(o, io.ErrUnexpectedEOF), io.ErrUnexpectedEOF},
		"a close fails": {func(ctx context.Context, seq int) (io.ReadCloser, error) {
			r, err := o.get(ctx, seq)
			return closer{r, boom}, err
		}, boom},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, c.get, &out)
			if !errors.Is(err, c.want) || errors.Is(err, seal.ErrCorrupt) || out.Len() >= 300_000 {
				t.Fatalf("got %v after %d bytes, want %v", err, out.Len(), c.want)
			}
		})
	}
	t.Run("a write fails", func(t *testing.T) {
		pr, pw := io.Pipe()
		if err := pr.CloseWithError(boom); err != nil {
			t.Fatal(err)
		}
		if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, o.get, pw); !errors.Is(err, boom) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("small reads, data with the end", func(t *testing.T) {
		get := func(ctx context.Context, seq int) (io.ReadCloser, error) {
			r, err := o.get(ctx, seq)
			return closer{io.NopCloser(iotest.DataErrReader(iotest.HalfReader(r))), nil}, err
		}
		if err := seal.Open(t.Context(), keyOf(t, 1), here, m, 0, get, io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}

// broken reads half of each object, then fails.
func broken(o *objects, err error) seal.GetFunc {
	return func(_ context.Context, seq int) (io.ReadCloser, error) {
		half := o.sealed[seq][:len(o.sealed[seq])/2]
		return io.NopCloser(io.MultiReader(bytes.NewReader(half), iotest.ErrReader(err))), nil
	}
}

type closer struct {
	io.ReadCloser
	err error
}

func (c closer) Close() error { return c.err }

func TestManifestDigestAndJSON(t *testing.T) {
	_, m := sealed(t, payload(300), 100)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back seal.Manifest
	if err := json.Unmarshal(b, &back); err != nil || back.Digest() != m.Digest() {
		t.Fatalf("reading back %s: %v", b, err)
	}
	for name, change := range map[string]func(*seal.Manifest){
		"size":          func(m *seal.Manifest) { m.Size++ },
		"digest":        func(m *seal.Manifest) { m.SHA256[0]++ },
		"chunk removed": func(m *seal.Manifest) { m.Chunks = m.Chunks[:2] },
		"chunk added":   func(m *seal.Manifest) { m.Chunks = append(m.Chunks, seal.Chunk{}) },
		"order":         func(m *seal.Manifest) { m.Chunks[0], m.Chunks[1] = m.Chunks[1], m.Chunks[0] },
		"plain":         func(m *seal.Manifest) { m.Chunks[1].Plain++ },
		"sealed":        func(m *seal.Manifest) { m.Chunks[1].Sealed++ },
		"chunk digest":  func(m *seal.Manifest) { m.Chunks[2].SHA256[31]++ },
	} {
		other := m
		other.Chunks = slices.Clone(m.Chunks)
		change(&other)
		if other.Digest() == m.Digest() {
			t.Errorf("%s: the digest is the same", name)
		}
	}
	for _, bad := range []string{`{"sha256":"00"}`, `{"sha256":"` + strings.Repeat("zz", 32) + `"}`, `{"chunks":[{"sha256":"0"}]}`, `{"size":1.5}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
