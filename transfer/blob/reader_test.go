package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"safeconduct/transfer/blob"
)

func TestReader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body io.Reader
		size int64
		want error
	}{
		{"exact", strings.NewReader("12345"), 5, nil},
		{"exact, byte by byte", iotest.OneByteReader(strings.NewReader("12345")), 5, nil},
		{"exact, end with data", iotest.DataErrReader(strings.NewReader("12345")), 5, nil},
		{"empty", strings.NewReader(""), 0, nil},
		{"cut", strings.NewReader("1234"), 5, blob.ErrUnavailable},
		{"cut to nothing", strings.NewReader(""), 5, io.ErrUnexpectedEOF},
		{"longer than announced", strings.NewReader("123456"), 5, blob.ErrWrongSize},
		{"not empty as announced", strings.NewReader("1"), 0, blob.ErrWrongSize},
		{"broken", iotest.ErrReader(errors.New("secret detail")), 5, blob.ErrUnavailable},
		{"broken instead of the end", io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(errors.New("x"))), 5, blob.ErrUnavailable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, err := blob.NewReader(t.Context(), "n", io.NopCloser(test.body), test.size, func(error) string { return "cause" })
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if !errors.Is(err, test.want) {
				t.Fatalf("read %q, error %v; want %v", got, err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Fatalf("error tells too much: %v", err)
			}
			if _, again := r.Read(make([]byte, 1)); test.want != nil && !errors.Is(again, test.want) {
				t.Fatalf("second error %v; want it to stay %v", again, test.want)
			}
		})
	}
}

func TestReaderRefusesImpossibleSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{-1, blob.MaxSize + 1, 1 << 62} {
		body := &closing{Reader: strings.NewReader("")}
		_, err := blob.NewReader(t.Context(), "n", body, size, error.Error)
		if !errors.Is(err, blob.ErrWrongSize) || !body.closed {
			t.Errorf("size %d: error %v, closed %v", size, err, body.closed)
		}
	}
}

func TestReaderStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := blob.NewReader(ctx, "n", io.NopCloser(bytes.NewReader(make([]byte, 10))), 10, error.Error)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Fatalf("after cancel: %v", err)
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}
