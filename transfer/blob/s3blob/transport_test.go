package s3blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// drip is a store whose answer comes after first, and then a byte every pause.
type drip struct {
	first, pause time.Duration
	bytes        int
}

func (d drip) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := pass(req.Context(), d.first); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: &dripping{drip: d, ctx: req.Context()}}, nil
}

type dripping struct {
	drip
	ctx context.Context // as in net/http, the body belongs to its request
}

func (d *dripping) Read(p []byte) (int, error) {
	if d.bytes == 0 {
		return 0, io.EOF
	}
	if err := pass(d.ctx, d.pause); err != nil {
		return 0, err
	}
	d.bytes--
	p[0] = 'x'
	return 1, nil
}

func (d *dripping) Close() error { return nil }

func pass(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	const limit = 30 * time.Second
	tests := []struct {
		name   string
		store  drip
		reader time.Duration // what the caller does between two reads
		took   time.Duration
		want   error
	}{
		{"prompt", drip{time.Second, time.Second, 10}, 0, 11 * time.Second, nil},
		{"a slow caller is not the store's fault", drip{time.Second, time.Second, 10}, time.Hour, 10*time.Hour + 11*time.Second, nil},
		{"no answer", drip{time.Hour, 0, 1}, 0, limit, errStalled},
		{"dripping", drip{time.Second, 10 * time.Second, 10}, 0, limit, errStalled},
		{"dripping to a slow caller", drip{time.Second, 10 * time.Second, 10}, time.Hour, 2*time.Hour + limit, errStalled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				err := fetch(t.Context(), &patience{base: test.store, limit: limit}, test.reader)
				if took := time.Since(begun); !errors.Is(err, test.want) || took != test.took {
					t.Errorf("%v after %v; want %v after %v", err, took, test.want, test.took)
				}
			})
		})
	}
}

// fetch reads an answer to its end, doing something else for pause after each read.
func fetch(ctx context.Context, transport http.RoundTripper, pause time.Duration) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://store.example.org", nil)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	for {
		_, err := resp.Body.Read(make([]byte, 100))
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(err, resp.Body.Close())
		}
		time.Sleep(pause) //nolint:forbidigo // inside a synctest bubble
	}
}

func TestSecretsRedactThemselves(t *testing.T) {
	t.Parallel()
	s := secret("open sesame")
	text, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	told := fmt.Sprintf("%s %v %+v %#v %q %s", s, s, s, s, s, text)
	if strings.Contains(told, "sesame") || strings.Count(told, "redacted") != 6 {
		t.Errorf("told %q", told)
	}
}

// A store that answers a put with 202 has promised nothing.
func TestStrangeSuccess(t *testing.T) {
	for _, tc := range []struct {
		method string
		status int
		want   bool
	}{
		{http.MethodPut, 200, false},
		{http.MethodPut, 202, true},
		{http.MethodPut, 204, true},
		{http.MethodPut, 206, true},
		{http.MethodGet, 200, false},
		{http.MethodGet, 202, true},
		{http.MethodGet, 204, true},
		{http.MethodGet, 206, false},
		{http.MethodDelete, 200, false},
		{http.MethodDelete, 204, false},
		{http.MethodDelete, 202, true},
		{http.MethodGet, 404, false},
		{http.MethodPut, 503, false},
		{http.MethodGet, 301, false},
	} {
		if got := strange(tc.method, tc.status); got != tc.want {
			t.Errorf("%s answered with %d: strange %v", tc.method, tc.status, got)
		}
	}
}
