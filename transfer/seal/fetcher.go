package seal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Ciphertext that is read ahead: 2 MiB in pieces of 64 KiB.
const (
	fetchSize  = segmentSize
	fetchAhead = 32
)

// fetched is a piece of one object, or its end.
type fetched struct {
	b   []byte
	end bool
	// verdict is set with end: nil if the object was the one of the manifest,
	// a *readError if it could not be got or read, else ErrCorrupt.
	verdict error
}

// readError says that an object could not be read, which is not corruption.
type readError struct {
	doing string
	seq   int
	cause error
}

func (e *readError) Error() string { return fmt.Sprintf("%s chunk %d: %v", e.doing, e.seq, e.cause) }
func (e *readError) Unwrap() error { return e.cause }

// fetcher reads the objects one after the other, each no further than its size
// in the manifest and the byte after it, and takes their digests.
type fetcher struct {
	get    GetFunc
	chunks []Chunk
	pieces chan fetched
	free   chan []byte // buffers that are not in use
	made   int         // buffers
	size   int         // of a buffer
}

func newFetcher(get GetFunc, chunks []Chunk) *fetcher {
	f := &fetcher{get: get, chunks: chunks, pieces: make(chan fetched, fetchAhead), free: make(chan []byte, fetchAhead)}
	for _, c := range chunks {
		f.size = max(f.size, int(min(c.Sealed, fetchSize)))
	}
	return f
}

// run fetches from chunk first on, until the last object, the first that is not
// as it must be, or the end of ctx.
func (f *fetcher) run(ctx context.Context, first int) {
	for seq := first; seq < len(f.chunks); seq++ {
		err := f.object(ctx, seq)
		if f.hand(ctx, fetched{end: true, verdict: err}) != nil || err != nil {
			return
		}
	}
}

// object hands over the pieces of one object and returns the verdict on it.
func (f *fetcher) object(ctx context.Context, seq int) (err error) {
	if ctx.Err() != nil {
		return &readError{"opening", seq, context.Cause(ctx)}
	}
	body, err := f.get(ctx, seq)
	if err != nil {
		return &readError{"getting", seq, err}
	}
	defer func() {
		if cerr := body.Close(); cerr != nil && err == nil {
			err = &readError{"closing", seq, cerr}
		}
	}()
	c, hash := f.chunks[seq], sha256.New()
	for left := c.Sealed; left > 0; {
		b, err := f.buffer(ctx)
		if err != nil {
			return &readError{"reading", seq, err}
		}
		n, err := read(ctx, body, b[:min(left, int64(len(b)))])
		_, _ = hash.Write(b[:n]) // never fails
		left -= int64(n)
		if herr := f.hand(ctx, fetched{b: b[:n]}); err == nil {
			err = herr
		}
		if errors.Is(err, errShort) {
			return fmt.Errorf("chunk %d is truncated: %w", seq, ErrCorrupt)
		}
		if err != nil {
			return &readError{"reading", seq, err}
		}
	}
	if [sha256.Size]byte(hash.Sum(nil)) != c.SHA256 {
		return fmt.Errorf("digest of chunk %d differs: %w", seq, ErrCorrupt)
	}
	var extra [1]byte
	switch n, err := read(ctx, body, extra[:]); {
	case n > 0:
		return fmt.Errorf("chunk %d is followed by more: %w", seq, ErrCorrupt)
	case !errors.Is(err, errShort):
		return &readError{"reading the end of", seq, err}
	}
	return nil
}

// errShort says that the object ended. No other error may pass for the end.
var errShort = errors.New("the object ends")

// read fills b.
func read(ctx context.Context, r io.Reader, b []byte) (n int, err error) {
	empty := 0
	for n < len(b) {
		if ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
		k, err := r.Read(b[n:])
		n += k
		if err == io.EOF && n < len(b) { // io.Reader's contract: EOF itself
			return n, errShort
		}
		if err != nil && err != io.EOF {
			return n, err
		}
		if empty++; k > 0 {
			empty = 0
		}
		if empty > maxEmpty {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// maxEmpty is how often in a row a reader may answer nothing.
const maxEmpty = 100

// buffer is one that is free, as soon as there is one.
func (f *fetcher) buffer(ctx context.Context) ([]byte, error) {
	select {
	case b := <-f.free:
		return b[:f.size], nil
	default:
	}
	if f.made < fetchAhead {
		f.made++
		return make([]byte, f.size), nil
	}
	select {
	case b := <-f.free:
		return b[:f.size], nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// recycle gives back what was handed over; nil does nothing.
func (f *fetcher) recycle(b []byte) {
	if b != nil {
		f.free <- b // there is room for all
	}
}

func (f *fetcher) hand(ctx context.Context, p fetched) error {
	select {
	case f.pieces <- p:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
