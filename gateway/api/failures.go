package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"safeconduct/gateway/edge"
	"safeconduct/transfer/seal"
)

// cutOff says that a body ended before its end: its client has gone, or the connection broke.
func cutOff() error { return fmt.Errorf("%w: the body is cut off", edge.ErrMalformed) }

// incoming is a body that remembers why it ended, so that a client that went is not taken for a store that broke.
type incoming struct {
	io.Reader
	size int64 // as its head announces it; negative where it does not
	end  error
}

// Size implements transfer.Sized.
func (b *incoming) Size() int64 { return b.size }

func (b *incoming) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil {
		b.end = err
	}
	return n, err // io.Reader: io.EOF must stay as it is
}

// because answers with err, or with why the body ended where that is the cause.
func (b *incoming) because(err error) error {
	if errors.Is(b.end, io.ErrUnexpectedEOF) {
		return cutOff()
	}
	return err
}

// beyond turns an offset past the end of a file into the answer to a range past it (RFC 9110, 15.5.17).
func beyond(err error) error {
	if !errors.Is(err, seal.ErrOffset) {
		return err
	}
	return &edge.Problem{
		Type: "urn:safeconduct:range-not-satisfiable", Title: http.StatusText(http.StatusRequestedRangeNotSatisfiable),
		Status: http.StatusRequestedRangeNotSatisfiable, Detail: "The file ends before that byte.",
	}
}
