package seal

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

const (
	defaultAttempts = 3
	// defaultPuts is how many chunks are put at a time: one more than keeps a
	// store busy that answers late, and no more memory than that.
	defaultPuts = 2
	maxPuts     = 16
)

// PutFunc stores the sealed object of chunk seq, which c describes. It must not
// keep or change sealed after it returns. Chunks come in order, but several may be under way
// at a time (WithPuts), each in a goroutine of its own. None begins after one
// has failed for good. It is called again for the same chunk, with another
// object, when it failed with an error that is worth a retry: the object of the
// call that succeeded counts.
type PutFunc func(ctx context.Context, seq int, c Chunk, sealed []byte) error

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

// WithPuts has up to n chunks, 1 to 16, be put at a time instead of two. Each
// holds one sealed chunk in memory.
func WithPuts(n int) Option { return func(s *Sealer) { s.puts = n } }

// Sealer seals the payload of one address under one data key.
type Sealer struct {
	address   Address
	aead      *subtle.AESGCMHKDF
	chunkSize int
	puts      int
	retry     RetryFunc
}

// NewSealer returns a Sealer, or ErrInvalid for a key, address or option that
// cannot be used.
func NewSealer(key DataKey, a Address, opts ...Option) (*Sealer, error) {
	s := &Sealer{address: a, chunkSize: ChunkSize, puts: defaultPuts, retry: retryUnavailable}
	for _, o := range opts {
		o(s)
	}
	if s.chunkSize < 1 || s.chunkSize > MaxChunkSize {
		return nil, fmt.Errorf("chunk size of %d bytes: %w", s.chunkSize, ErrInvalid)
	}
	if s.puts < 1 || s.puts > maxPuts {
		return nil, fmt.Errorf("%d puts at a time: %w", s.puts, ErrInvalid)
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
// object; chunks are put, and digests taken, while the next is read and sealed.
// It returns the manifest once the last object was put. On an error (the first
// of r, of put, ErrInvalid, or the context's) the objects put so far remain for
// the caller to delete. Whatever happened, no put outlives the call.
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
