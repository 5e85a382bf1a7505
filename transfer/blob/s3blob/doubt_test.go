package s3blob_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/transfer/blob"
)

// lostAnswer carries out the first put, or what instead does for it, and breaks the connection.
func lostAnswer(instead func(f *fake, r *http.Request)) fault {
	var n atomic.Int32
	return func(f *fake, _ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || n.Add(1) > 1 {
			return false
		}
		instead(f, r)
		panic(http.ErrAbortHandler)
	}
}

func TestCreateWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	store := func(f *fake, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		f.put("a/c", body)
	}
	tests := []struct {
		name    string
		instead func(*fake, *http.Request)
	}{
		{"stored, so it is put over itself", store},
		{"not stored, so the second try stores it", func(*fake, *http.Request) {}},
		// Nobody else knows the name: what is there can only be half of this very put.
		{"stored in part", func(f *fake, _ *http.Request) { f.put("a/c", []byte("min")) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, s := broken(t, 10*time.Second, lostAnswer(test.instead))
			if err := s.Create(t.Context(), "a/c", []byte("mine!"), blob.DigestOf([]byte("mine!"))); err != nil {
				t.Fatalf("create: %v", err)
			}
			if n := f.count(http.MethodGet); n != 0 {
				t.Errorf("%d reads: who puts may not read", n)
			}
			r, err := s.Open(t.Context(), "a/c")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil || string(got) != "mine!" {
				t.Errorf("it holds %q, %v", got, err)
			}
		})
	}
}

func TestCreateInAConflict(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	_, s := broken(t, 10*time.Second, func(f *fake, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || n.Add(1) > 1 {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		f.put("a/c", []byte("the other's"))
		answer(w, http.StatusConflict, "ConditionalRequestConflict", "")
		return true
	})
	if err := s.Create(t.Context(), "a/c", []byte("mine"), blob.DigestOf([]byte("mine"))); !errors.Is(err, blob.ErrExists) {
		t.Errorf("create: %v; want %v", err, blob.ErrExists)
	}
}

func listed(pages ...listing) fault {
	var n atomic.Int32
	return func(_ *fake, w http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("list-type") {
			return false
		}
		pages[min(int(n.Add(1)), len(pages))-1].write(w)
		return true
	}
}

func keys(more bool, names ...string) listing {
	page := listing{IsTruncated: more}
	if more {
		page.NextContinuationToken = "on"
	}
	for _, name := range names {
		page.Contents = append(page.Contents, entry{Key: name, LastModified: "2026-01-02T03:04:05Z"})
	}
	return page
}

func TestHostileListings(t *testing.T) {
	t.Parallel()
	const long, short = 10 * time.Second, 300 * time.Millisecond
	tests := []struct {
		name  string
		fault fault
		want  string
		wait  time.Duration
	}{
		{"out of order", listed(keys(false, "a/2", "a/1")), "out of order", long},
		{"twice the same", listed(keys(false, "a/1", "a/1")), "out of order", long},
		{"a circle of pages", listed(keys(true, "a/1", "a/2")), "out of order", long},
		{"a circle of empty pages", listed(keys(true)), "timed out", short},
		{"outside the prefix", listed(keys(false, "a/1", "b/1")), "not asked for", long},
		{"truncated without a token", listed(listing{IsTruncated: true}), "no sense", long},
		{"garbage", flood(100), "protocol failure", long},
		{"no end", flood(blob.MaxSize), "too long", time.Minute},
		{"500", always(500, "InternalError", ""), "500", long},
		{"silence", hang(0, ""), "timed out", short},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, s := broken(t, test.wait, test.fault)
			var last error
			for _, err := range s.List(t.Context(), "a/") {
				last = err
			}
			if !errors.Is(last, blob.ErrUnavailable) {
				t.Errorf("list: %v; want %v", last, blob.ErrUnavailable)
			}
			if last == nil || !strings.Contains(last.Error(), test.want) {
				t.Errorf("list: %v; want %q", last, test.want)
			}
		})
	}
}

func flood(size int) fault {
	return func(_ *fake, w http.ResponseWriter, _ *http.Request) bool {
		_, _ = io.WriteString(w, "<ListBucketResult><Name>")
		_, _ = io.WriteString(w, strings.Repeat("x", size))
		return true
	}
}

func TestForeignNamesAreNotListedButDestroyed(t *testing.T) {
	t.Parallel()
	f, s := broken(t, 10*time.Second, nil)
	for _, key := range []string{"a/UPPER", "a/..", "a/b/"} {
		f.put(key, []byte("x"))
	}
	for info, err := range s.List(t.Context(), "") {
		if err != nil || info.Name != "a/b" {
			t.Errorf("listed %v, %v", info, err)
		}
	}
	if err := s.Delete(t.Context(), "a/"); err != nil {
		t.Fatal(err)
	}
	if len(f.objects) != 0 {
		t.Errorf("left %v", f.objects)
	}
}

func TestDeleteThatDestroysNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		reply func(http.ResponseWriter)
		want  error
	}{
		{"locked, as MinIO says it", func(w http.ResponseWriter) {
			answer(w, 400, "InvalidRequest", "Object is WORM protected and cannot be overwritten")
		}, blob.ErrLocked},
		{"locked, as AWS says it", func(w http.ResponseWriter) {
			answer(w, 403, "AccessDenied", "Access Denied because object protected by object lock.")
		}, blob.ErrLocked},
		{"the store says done and does nothing", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }, blob.ErrUnavailable},
		{"500", func(w http.ResponseWriter) { answer(w, 500, "InternalError", "") }, blob.ErrUnavailable},
	}
	for _, test := range tests {
		t.Run(""+test.name, func(t *testing.T) {
			t.Parallel()
			_, s := broken(t, 10*time.Second, func(_ *fake, w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodDelete {
					return false
				}
				test.reply(w)
				return true
			})
			if err := s.Delete(t.Context(), "a/"); !errors.Is(err, test.want) {
				t.Errorf("delete: %v; want %v", err, test.want)
			}
		})
	}
}
