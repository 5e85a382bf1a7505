package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// source reads one sealed object from the fetcher, and remembers why reading
// failed: a connection that broke is not corruption.
type source struct {
	ctx     context.Context // lives for one call of Open
	in      *fetcher
	rest    []byte // of the piece in hand
	piece   []byte
	ended   bool
	verdict error // of the fetcher, once ended
}

// Read is io.Reader. It ends (io.EOF) only where the object does.
func (s *source) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if err := s.advance(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// advance takes the next piece in hand.
func (s *source) advance() error {
	if s.ended {
		var read *readError
		if errors.As(s.verdict, &read) {
			// Not wrapped: Tink would take io.ErrUnexpectedEOF for the end.
			return &hidden{s.verdict}
		}
		return io.EOF
	}
	s.in.recycle(s.piece)
	s.piece = nil
	select {
	case got := <-s.in.pieces:
		s.piece, s.rest, s.ended, s.verdict = got.b, got.b, got.end, got.verdict
		return nil
	case <-s.ctx.Done():
		return &hidden{context.Cause(s.ctx)}
	}
}

// explain says why chunk seq did not open.
func (s *source) explain(seq int, err error) error {
	var read *readError
	switch {
	case s.ctx.Err() != nil:
		return fmt.Errorf("opening chunk %d: %w", seq, context.Cause(s.ctx))
	case errors.As(s.verdict, &read):
		return read
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("chunk %d is truncated: %w", seq, ErrCorrupt)
	default:
		return fmt.Errorf("chunk %d does not authenticate: %w", seq, ErrCorrupt)
	}
}

// finish checks that the object was the one of the manifest, and ended there.
func (s *source) finish(seq int, c Chunk, plain int64) error {
	switch {
	case !s.ended:
		return fmt.Errorf("chunk %d is followed by more: %w", seq, ErrCorrupt)
	case s.verdict != nil:
		return s.verdict
	case plain != c.Plain:
		return fmt.Errorf("chunk %d is truncated: %w", seq, ErrCorrupt)
	}
	return nil
}

// hidden hides the identity of its error from Tink.
type hidden struct{ cause error }

func (e *hidden) Error() string { return e.cause.Error() }

// unseal opens the object of j, which this Sealer made, into dst.
func (s *Sealer) unseal(dst []byte, j job) (int, error) {
	r, err := s.aead.NewDecryptingReader(bytes.NewReader(j.object), s.address.associated(j.seq, j.last))
	if err != nil {
		return 0, fmt.Errorf("opening chunk %d to seal it afresh: %w", j.seq, err)
	}
	n, err := io.ReadFull(r, dst)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || n != j.plain {
		return 0, fmt.Errorf("opening chunk %d to seal it afresh: %w", j.seq, ErrCorrupt)
	}
	return n, nil
}
