package bounded_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"safeconduct/agreements/bounded"
)

func TestReader(t *testing.T) {
	errOver := errors.New("too much")
	for name, c := range map[string]struct {
		most int64
		want error
	}{
		"more than comes": {10, nil}, "as much as comes": {5, nil}, "one less": {4, errOver}, "none": {0, errOver},
	} {
		for how, slow := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with its end": iotest.DataErrReader,
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				got, err := io.ReadAll(bounded.NewReader(slow(strings.NewReader("12345")), c.most, errOver))
				if !errors.Is(err, c.want) || int64(len(got)) > c.most || c.want == nil && string(got) != "12345" {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
	}
	if n, err := bounded.NewReader(iotest.ErrReader(io.ErrUnexpectedEOF), 1, errOver).Read(make([]byte, 2)); n != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %v", n, err)
	}
}
