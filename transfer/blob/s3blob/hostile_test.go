package s3blob_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/transfer/blob"
	"safeconduct/transfer/blob/s3blob"
)

type fault = func(*fake, http.ResponseWriter, *http.Request) bool

// broken opens a store on a fake that behaves until the bucket was checked, and then has the fault.
func broken(t *testing.T, timeout time.Duration, f fault) (*fake, *s3blob.Store) {
	t.Helper()
	server := newFake(t)
	server.put("a/b", []byte("0123456789"))
	cfg := config(t, server.start())
	cfg.Timeout = timeout
	s := open(t, cfg)
	server.breakWith(f)
	return server, s
}

func always(status int, code, prose string) fault {
	return func(_ *fake, w http.ResponseWriter, _ *http.Request) bool {
		answer(w, status, code, prose)
		return true
	}
}

// cut announces length bytes, sends content and breaks the connection.
func cut(length int, content string) fault {
	return func(_ *fake, w http.ResponseWriter, _ *http.Request) bool {
		stamp(w, length)
		_, _ = io.WriteString(w, content)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// hang sends content of an announced length and then nothing, until the client goes.
func hang(length int, content string) fault {
	return func(_ *fake, w http.ResponseWriter, r *http.Request) bool {
		if content != "" {
			stamp(w, length)
			_, _ = io.WriteString(w, content)
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		return true
	}
}

func withoutLength(_ *fake, w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
	for range 2 {
		_, _ = io.WriteString(w, "01234")
		_ = http.NewResponseController(w).Flush()
	}
	return true
}

func TestHostileReads(t *testing.T) {
	t.Parallel()
	const long, short = 10 * time.Second, 100 * time.Millisecond
	tests := []struct {
		name    string
		timeout time.Duration
		fault   fault
		want    []error
	}{
		{"cut in the middle", long, cut(10, "01234"), []error{blob.ErrUnavailable, io.ErrUnexpectedEOF}},
		{"cut at the start", long, cut(10, ""), []error{blob.ErrUnavailable, io.ErrUnexpectedEOF}},
		{"no length", long, withoutLength, []error{blob.ErrWrongSize}},
		{"a length over the bound", long, cut(blob.MaxSize+1, "0"), []error{blob.ErrWrongSize}},
		{"500", long, always(500, "InternalError", ""), []error{blob.ErrUnavailable}},
		{"503", long, always(503, "SlowDown", ""), []error{blob.ErrUnavailable}},
		{"507", long, always(507, "XMinioStorageFull", ""), []error{blob.ErrUnavailable}},
		{"429", long, always(429, "TooManyRequests", ""), []error{blob.ErrUnavailable}},
		{"the bucket is gone", long, always(404, "NoSuchBucket", ""), []error{blob.ErrUnavailable}},
		{"no key", long, always(404, "NoSuchKey", ""), []error{blob.ErrNotFound}},
		{"a 404 of something else", long, always(404, "NoSuchUpload", ""), nil},
		{"no answer", short, hang(0, ""), []error{blob.ErrUnavailable}},
		{"half an answer", short, hang(10, "01234"), []error{blob.ErrUnavailable}},
		{"not even HTTP", long, notHTTP, []error{blob.ErrUnavailable}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, s := broken(t, test.timeout, test.fault)
			r, err := s.Open(t.Context(), "a/b")
			if err == nil {
				_, err = io.ReadAll(r)
				if closeErr := r.Close(); closeErr != nil {
					t.Errorf("close: %v", closeErr)
				}
			}
			if err == nil {
				t.Fatal("it looked complete")
			}
			for _, want := range test.want {
				if !errors.Is(err, want) {
					t.Errorf("%v; want %v", err, want)
				}
			}
			if len(test.want) == 0 && (errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrUnavailable)) {
				t.Errorf("%v; want neither a missing object nor a passing trouble", err)
			}
		})
	}
}

func notHTTP(_ *fake, w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, "220 mail.example.org ESMTP\r\n")
	_ = conn.Close()
	return true
}

func TestSurplusBehindTheAnnouncedLengthIsNotRead(t *testing.T) {
	t.Parallel()
	_, s := broken(t, 10*time.Second, func(_ *fake, w http.ResponseWriter, _ *http.Request) bool {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nLast-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n"+
			"Content-Length: 5\r\n\r\n0123456789HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		_ = conn.Close()
		return true
	})
	for range 2 {
		r, err := s.Open(t.Context(), "a/b")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || string(got) != "01234" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

func TestPassingTroublesAreTriedAgain(t *testing.T) {
	t.Parallel()
	twice := func() fault {
		var n atomic.Int32
		return func(_ *fake, w http.ResponseWriter, r *http.Request) bool {
			if n.Add(1) > 2 {
				return false
			}
			_, _ = io.Copy(io.Discard, r.Body)
			answer(w, http.StatusServiceUnavailable, "SlowDown", "")
			return true
		}
	}
	_, s := broken(t, 10*time.Second, twice())
	if r, err := s.Open(t.Context(), "a/b"); err != nil {
		t.Errorf("open: %v", err)
	} else if err := r.Close(); err != nil {
		t.Error(err)
	}
	_, s = broken(t, 10*time.Second, twice())
	if err := s.Create(t.Context(), "a/c", []byte("x"), blob.DigestOf([]byte("x"))); err != nil {
		t.Errorf("create: %v", err)
	}
	server, s := broken(t, 10*time.Second, always(500, "InternalError", ""))
	if err := s.Create(t.Context(), "a/c", []byte("x"), blob.DigestOf([]byte("x"))); !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("create: %v; want %v", err, blob.ErrUnavailable)
	}
	if n := server.count(http.MethodPut); n != 3 {
		t.Errorf("%d puts; want 3", n)
	}
}

func TestProseOfTheStoreIsNotRepeated(t *testing.T) {
	t.Parallel()
	_, s := broken(t, 10*time.Second, func(_ *fake, w http.ResponseWriter, r *http.Request) bool {
		answer(w, http.StatusForbidden, "Evil\nCode", "you sent "+r.Header.Get("Authorization"))
		return true
	})
	err := s.Create(t.Context(), "a/c", []byte("x"), blob.DigestOf([]byte("x")))
	if err == nil || errors.Is(err, blob.ErrUnavailable) {
		t.Fatalf("create: %v; want a refusal for good", err)
	}
	if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, accessKey) || strings.ContainsAny(text, "\n") {
		t.Errorf("the error repeats it: %s", text)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var visits atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 307, 308} {
		_, s := broken(t, 10*time.Second, func(_ *fake, w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
			return true
		})
		if _, err := s.Open(t.Context(), "a/b"); !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("%d: open: %v", status, err)
		}
		if err := s.Create(t.Context(), "a/c", []byte("x"), blob.DigestOf([]byte("x"))); !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("%d: create: %v", status, err)
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}
