package seal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

const defaultAttempts = 3

// PutFunc stores the sealed object of chunk seq. It must not keep or change
// sealed after it returns. It is called for one chunk at a time, in order, but
// again for the same chunk, with another object, when it failed with an error
// that is worth a retry: the object of the call that succeeded counts.
type PutFunc func(ctx context.Context, seq int, sealed []byte) error

// RetryFunc decides whether a chunk is put again after its attempt (from 1)
// failed with err. It may wait, but no longer than ctx lasts.
type RetryFunc func(ctx context.Context, attempt int, err error) bool

// Option changes how a payload is sealed.
type Option func(*Sealer)

// WithChunkSize cuts the payload into chunks of n bytes, 1 to MaxChunkSize,
// instead of ChunkSize.
func WithChunkSize(n int) Option { return func(s *Sealer) { s.chunkSize = n } }

// WithRetry replaces the rule by which a failed put is repeated: up to three
// attempts, at once, while the error is ErrUnavailable.
func WithRetry(again RetryFunc) Option { return func(s *Sealer) { s.retry = again } }

// Sealer seals the payload of one address under one data key.
type Sealer struct {
	address   Address
	aead      *subtle.AESGCMHKDF
	chunkSize int
	retry     RetryFunc
}

// NewSealer returns a Sealer, or ErrInvalid for a key, address or option that
// cannot be used.
func NewSealer(key DataKey, a Address, opts ...Option) (*Sealer, error) {
	s := &Sealer{address: a, chunkSize: ChunkSize, retry: retryUnavailable}
	for _, o := range opts {
		o(s)
	}
	if s.chunkSize < 1 || s.chunkSize > MaxChunkSize {
		return nil, fmt.Errorf("chunk size of %d bytes: %w", s.chunkSize, ErrInvalid)
	}
	if err := a.Validate(); err != nil {
		return nil, err
	}
	var err error
	s.aead, err = newAEAD(key)
	return s, err
}

func retryUnavailable(_ context.Context, attempt int, err error) bool {
	return attempt < defaultAttempts && errors.Is(err, ErrUnavailable)
}

// Seal reads r to its end, seals it chunk by chunk under key and puts each
// object; a chunk is put while the next is read and sealed. It returns the
// manifest once the last object was put. On an error (of r, of put, ErrInvalid,
// or the context's) the objects put so far remain for the caller to delete.
//
// Between reads it heeds ctx; a Read that hangs is for the owner of r to end,
// as closing an HTTP request's body does.
func Seal(ctx context.Context, key DataKey, a Address, r io.Reader, put PutFunc, opts ...Option) (Manifest, error) {
	s, err := NewSealer(key, a, opts...)
	if err != nil {
		return Manifest{}, err
	}
	return s.Seal(ctx, r, put)
}

// Seal is the function Seal, for this key and address.
func (s *Sealer) Seal(ctx context.Context, r io.Reader, put PutFunc) (Manifest, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &putter{sealer: s, put: put, fail: cancel}
	defer func() { releaseSealed(p.spare) }()
	m, err := s.produce(ctx, r, p)
	if err != nil {
		cancel(err)
	}
	// Whatever happened, no put outlives this call.
	if waitErr := p.wait(); waitErr != nil && (err == nil || errors.Is(err, waitErr)) {
		err = waitErr
	}
	if err != nil {
		return Manifest{}, err
	}
	m.Chunks = p.chunks
	return m, nil
}

// produce reads and seals all chunks and hands them to p.
func (s *Sealer) produce(ctx context.Context, r io.Reader, p *putter) (Manifest, error) {
	plain := takePlain(s.chunkSize)
	defer func() { releasePlain(plain) }()
	var m Manifest
	hash := sha256.New()
	held := 0 // bytes of plain that were read ahead
	for seq := 0; ; seq++ {
		n, err := fill(ctx, r, plain, held)
		if err != nil {
			return m, fmt.Errorf("reading the payload: %w", err)
		}
		// Only the byte after a chunk shows that it is not the last.
		last := n <= s.chunkSize
		n = min(n, s.chunkSize)
		m.Size += int64(n)
		_, _ = hash.Write(plain[:n]) // never fails
		object, chunk, err := s.Chunk(p.buffer(), seq, last, plain[:n])
		if err != nil {
			return m, err
		}
		if err := p.start(ctx, job{seq, last, object, chunk}); err != nil {
			return m, err
		}
		if last {
			hash.Sum(m.SHA256[:0])
			return m, nil
		}
		held = copy(plain, plain[n:n+1])
	}
}

// fill reads r into b from position n until b is full or r ends, and returns
// the bytes that b then holds.
func fill(ctx context.Context, r io.Reader, b []byte, n int) (int, error) {
	empty := 0
	for n < len(b) {
		if ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
		k, err := r.Read(b[n:min(len(b), n+segmentSize)])
		n += k
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if empty++; k > 0 {
			empty = 0
		}
		if empty > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// job is one sealed chunk on its way.
type job struct {
	seq    int
	last   bool
	object []byte
	chunk  Chunk
}

// putter puts one chunk at a time, beside the reading of the next.
type putter struct {
	sealer *Sealer
	put    PutFunc
	fail   context.CancelCauseFunc
	job    *job       // under way
	flight chan error // its result
	chunks []Chunk    // put so far
	spare  []byte     // a buffer whose put succeeded
}

// buffer returns an empty buffer for the next sealed chunk.
func (p *putter) buffer() []byte {
	if b := p.spare; b != nil {
		p.spare = nil
		return b[:0]
	}
	return takeSealed(p.sealer.chunkSize)
}

// start waits for the put before and begins that of j.
func (p *putter) start(ctx context.Context, j job) error {
	if err := p.wait(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	flight := make(chan error, 1)
	p.flight, p.job = flight, &j
	go func() {
		err := p.deliver(ctx, &j)
		if err != nil {
			p.fail(err) // the reading stops at once
		}
		flight <- err
	}()
	return nil
}

// wait returns the result of the put under way, if there is one.
func (p *putter) wait() error {
	if p.flight == nil {
		return nil
	}
	err := <-p.flight
	p.flight = nil
	if err == nil {
		p.chunks = append(p.chunks, p.job.chunk)
		p.spare = p.job.object
	}
	return err
}

// deliver puts j, and leaves in it the object that was stored.
func (p *putter) deliver(ctx context.Context, j *job) error {
	for attempt := 1; ; attempt++ {
		err := p.put(ctx, j.seq, j.object)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || !p.sealer.retry(ctx, attempt, err) {
			return fmt.Errorf("putting chunk %d: %w", j.seq, err)
		}
		// The buffer of a failed put may still be read by its transport, so it
		// is neither written again nor reused.
		if j.object, j.chunk, err = p.sealer.afresh(*j); err != nil {
			return err
		}
	}
}

// afresh seals the plaintext of j again, under another salt.
func (s *Sealer) afresh(j job) ([]byte, Chunk, error) {
	plain := takePlain(s.chunkSize)
	defer releasePlain(plain)
	n, err := s.unseal(plain, j)
	if err != nil {
		return nil, Chunk{}, err
	}
	return s.Chunk(takeSealed(s.chunkSize), j.seq, j.last, plain[:n])
}
