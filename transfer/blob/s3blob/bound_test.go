package s3blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/transfer/blob"
	"safeconduct/transfer/blob/s3blob"
)

// asked counts every request since the store was broken.
func (f *fake) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

// TestASilentStoreIsAskedOnce: Config.Timeout is for all attempts together, so that a time-out leaves none.
func TestASilentStoreIsAskedOnce(t *testing.T) {
	t.Parallel()
	content := []byte("x")
	for name, do := range map[string]func(context.Context, *s3blob.Store) error{
		"create": func(ctx context.Context, s *s3blob.Store) error {
			return s.Create(ctx, "a/c", content, blob.DigestOf(content))
		},
		"repeat": func(ctx context.Context, s *s3blob.Store) error {
			return s.Repeat(ctx, "a/c", content, blob.DigestOf(content))
		},
		"open": func(ctx context.Context, s *s3blob.Store) error {
			_, err := s.Open(ctx, "a/b")
			return err
		},
		"delete": func(ctx context.Context, s *s3blob.Store) error { return s.Delete(ctx, "a/") },
		"list": func(ctx context.Context, s *s3blob.Store) error {
			for _, err := range s.List(ctx, "a/") {
				return err
			}
			return nil
		},
		"check": func(ctx context.Context, s *s3blob.Store) error { return s.Check(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := broken(t, 200*time.Millisecond, hang(0, ""))
			err := do(t.Context(), s)
			if !errors.Is(err, blob.ErrUnavailable) || !errors.Is(err, blob.ErrTimeout) {
				t.Errorf("%v; want a time-out", err)
			}
			if n := f.asked(); n != 1 {
				t.Errorf("%d requests; want 1", n)
			}
		})
	}
}

// TestAttemptsShareTheBound: an attempt that fails at once is repeated, and the repetition gets no time of its own.
func TestAttemptsShareTheBound(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	silence := hang(0, "")
	f, s := broken(t, 500*time.Millisecond, func(f *fake, w http.ResponseWriter, r *http.Request) bool {
		if n.Add(1) > 1 {
			return silence(f, w, r)
		}
		answer(w, http.StatusServiceUnavailable, "SlowDown", "")
		return true
	})
	if err := s.Create(t.Context(), "a/c", nil, blob.DigestOf(nil)); !errors.Is(err, blob.ErrTimeout) {
		t.Errorf("%v; want a time-out", err)
	}
	if n := f.asked(); n != 2 {
		t.Errorf("%d requests; want 2", n)
	}
}

// TestADeadlineOfTheCallerIsNoTimeout: it is the caller's, and said to be.
func TestADeadlineOfTheCallerIsNoTimeout(t *testing.T) {
	t.Parallel()
	_, s := broken(t, time.Minute, hang(0, ""))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Open(ctx, "a/b"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, blob.ErrTimeout) {
		t.Errorf("open: %v", err)
	}
}

// TestReadingOutlastsTheBound: a slow recipient may take longer than the store may.
func TestReadingOutlastsTheBound(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	_, s := broken(t, 300*time.Millisecond, nil)
	r, err := s.Open(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(900*time.Millisecond, func() { close(gate) })
	<-gate
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(got) != "0123456789" {
		t.Errorf("%q %v", got, err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	// Who may not read is refused, whether or not the bucket is there, as MinIO does it.
	denied := func(_ *fake, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || r.URL.Query().Has("list-type") {
			return false
		}
		answer(w, http.StatusForbidden, "AccessDenied", "")
		return true
	}
	tests := []struct {
		name         string
		lists, there bool
		fault        fault
		says, fails  string
	}{
		{"may list", true, true, denied, "object store ready", ""},
		{"may list, no bucket", true, false, denied, "", "does not exist"},
		{"must be allowed to list", true, true, always(403, "AccessDenied", ""), "", "refuses"},
		{"may read", false, true, nil, "object store ready", ""},
		{"may read, no bucket", false, false, nil, "", "does not exist"},
		{"may only put", false, true, denied, "object store answers", ""},
		{"may only put, no bucket", false, false, denied, "object store answers", ""},
		{"unknown keys", false, true, always(403, "InvalidAccessKeyId", ""), "", "refuses"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			f := newFake(t)
			cfg := config(t, f.start())
			cfg.Lists = test.lists
			if !test.there {
				cfg.Bucket = "absent"
			}
			f.breakWith(test.fault)
			s, err := s3blob.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(&log, nil)))
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("open: %v; want %q", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if !strings.Contains(log.String(), test.says) {
				t.Errorf("logged %s; want %q", log.String(), test.says)
			}
			put := s.Create(t.Context(), "a/c", nil, blob.DigestOf(nil))
			if checked := s.Check(t.Context()); (put == nil) != test.there || (checked == nil) != test.there {
				t.Errorf("put: %v, then check: %v", put, checked)
			}
		})
	}
}
