package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// NewReader is for adapters: it wraps body, of the announced size in bytes, so that it keeps what [Store.Open] promises.
// Any failure of body is ErrUnavailable with explain's short cause, unless ctx has ended, whose error it is then. It
// refuses, and closes body, when size is negative or over MaxSize (ErrWrongSize).
func NewReader(ctx context.Context, name Name, body io.ReadCloser, size int64, explain func(error) string) (io.ReadCloser, error) {
	if size < 0 || size > MaxSize {
		fault := fmt.Errorf("blob: open %s: %w: %d bytes announced", name, ErrWrongSize, size)
		return nil, errors.Join(fault, body.Close())
	}
	return &reader{ctx: ctx, name: name, body: body, left: size, explain: explain}, nil
}

type reader struct {
	ctx     context.Context // the reader is one operation, which ends with its context
	name    Name
	body    io.ReadCloser
	left    int64
	explain func(error) string
	failed  error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.failed != nil {
		return 0, r.failed
	}
	if err := r.ctx.Err(); err != nil {
		r.failed = fmt.Errorf("blob: read %s: %w", r.name, err)
		return 0, r.failed
	}
	if len(p) == 0 {
		return 0, nil
	}
	if r.left == 0 {
		r.failed = r.end()
		return 0, r.failed
	}
	n, err := r.body.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if err != nil && (r.left > 0 || !errors.Is(err, io.EOF)) {
		r.failed = r.fault(err)
	}
	return n, r.failed
}

// end asks for one byte more than was announced: only its absence is an end of file.
func (r *reader) end() error {
	var surplus [1]byte
	n, err := io.ReadFull(r.body, surplus[:])
	switch {
	case n > 0:
		return fmt.Errorf("blob: read %s: %w: more bytes than announced", r.name, ErrWrongSize)
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		return r.fault(err)
	}
}

func (r *reader) fault(err error) error {
	switch {
	case r.ctx.Err() != nil:
		return fmt.Errorf("blob: read %s: %w", r.name, r.ctx.Err())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("blob: read %s: %w: %w with %d bytes missing", r.name, ErrUnavailable, io.ErrUnexpectedEOF, r.left)
	default:
		return fmt.Errorf("blob: read %s: %w: %s", r.name, ErrUnavailable, r.explain(err))
	}
}

func (r *reader) Close() error {
	if r.failed == nil {
		r.failed = fmt.Errorf("blob: read %s: reader is closed", r.name)
	}
	if err := r.body.Close(); err != nil {
		return fmt.Errorf("blob: close %s: %s", r.name, r.explain(err))
	}
	return nil
}
