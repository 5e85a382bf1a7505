package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
)

// source reads one sealed object, no further than its size in the manifest, and
// remembers why reading failed: a connection that broke is not corruption.
type source struct {
	ctx  context.Context // lives for one call of Open
	r    io.Reader
	left int64
	hash hash.Hash
	err  error
}

// Read is io.Reader. It ends (io.EOF) only where the object does.
func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.ctx.Err() != nil {
		s.err = context.Cause(s.ctx)
		return 0, s.err
	}
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	_, _ = s.hash.Write(p[:n])       // never fails
	if err != nil && err != io.EOF { // io.Reader's contract: EOF itself
		// Not wrapped: Tink would take io.ErrUnexpectedEOF for the end.
		s.err = &readError{err}
		return n, s.err
	}
	return n, err
}

// readError hides the identity of its error from Tink, not from callers.
type readError struct{ cause error }

func (e *readError) Error() string { return e.cause.Error() }

// explain says why chunk seq did not open.
func (s *source) explain(seq int, err error) error {
	var read *readError
	switch {
	case s.ctx.Err() != nil:
		return fmt.Errorf("opening chunk %d: %w", seq, context.Cause(s.ctx))
	case errors.As(s.err, &read):
		return fmt.Errorf("reading chunk %d: %w", seq, read.cause)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("chunk %d is truncated: %w", seq, ErrCorrupt)
	default:
		return fmt.Errorf("chunk %d does not authenticate: %w", seq, ErrCorrupt)
	}
}

// finish checks that the object was the one of the manifest, and ended there.
func (s *source) finish(seq int, c Chunk, plain int64) error {
	if s.left != 0 || plain != c.Plain {
		return fmt.Errorf("chunk %d is truncated: %w", seq, ErrCorrupt)
	}
	if !bytes.Equal(s.hash.Sum(nil), c.SHA256[:]) {
		return fmt.Errorf("digest of chunk %d differs: %w", seq, ErrCorrupt)
	}
	var extra [1]byte
	for range 100 {
		n, err := s.r.Read(extra[:])
		switch {
		case n > 0:
			return fmt.Errorf("chunk %d is followed by more: %w", seq, ErrCorrupt)
		case err == io.EOF: // io.Reader's contract: EOF itself
			return nil
		case err != nil:
			return fmt.Errorf("reading the end of chunk %d: %w", seq, err)
		}
	}
	return fmt.Errorf("reading the end of chunk %d: %w", seq, io.ErrNoProgress)
}

// unseal opens the object of j, which this Sealer made, into dst.
func (s *Sealer) unseal(dst []byte, j job) (int, error) {
	r, err := s.aead.NewDecryptingReader(bytes.NewReader(j.object), s.address.associated(j.seq, j.last))
	if err != nil {
		return 0, fmt.Errorf("opening chunk %d to seal it afresh: %w", j.seq, err)
	}
	n, err := io.ReadFull(r, dst)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || int64(n) != j.chunk.Plain {
		return 0, fmt.Errorf("opening chunk %d to seal it afresh: %w", j.seq, ErrCorrupt)
	}
	return n, nil
}
