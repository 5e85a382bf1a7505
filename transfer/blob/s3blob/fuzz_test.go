package s3blob_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"safeconduct/transfer/blob"
)

type storeSeed struct {
	status int
	length string // Content-Length, where it is another
	body   string
}

func storeSeeds() []storeSeed {
	listing := func(keys string) string {
		return `<?xml version="1.0"?><ListBucketResult><Name>sealed</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>` + keys + `</ListBucketResult>`
	}
	key := func(name, size string) string {
		return `<Contents><Key>` + name + `</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>` + size + `</Size></Contents>`
	}
	return []storeSeed{
		{200, "", "sealed bytes"},
		{200, "5", "more than five"},
		{200, "", listing(key("a/b", "3"))},
		{200, "", listing(key("a/c", "3") + key("a/b", "3"))},
		{200, "", listing(key("z", "3"))},
		{200, "", listing(key("a/../b", "-1"))},
		{200, "", listing(key("a/b", "99999999999999999999"))},
		{200, "", `<ListVersionsResult><Version><Key>a/b</Key><VersionId>v</VersionId></Version><DeleteMarker><Key>a</Key></DeleteMarker></ListVersionsResult>`},
		{200, "", `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`},
		{200, "", `<!DOCTYPE a [<!ENTITY b "cccccccccccccccc">]><ListBucketResult>&b;</ListBucketResult>`},
		{200, "", `<ListBucketResult`},
		{204, "", ``},
		{403, "", `<Error><Code>AccessDenied</Code><Message>the key was SECRETKEYOFTEST</Message></Error>`},
		{404, "", `<Error><Code>NoSuchKey</Code></Error>`},
		{412, "", `<Error><Code>PreconditionFailed</Code></Error>`},
		{400, "", `<Error><Code>` + strings.Repeat("A", 100) + `</Code></Error>`},
		{416, "", `nonsense`},
	}
}

func TestStoreSeeds(t *testing.T) {
	if n := len(storeSeeds()); n != 17 {
		t.Fatalf("%d seeds", n)
	}
}

// standIn answers with what it is given.
type standIn struct{ seed atomic.Pointer[storeSeed] }

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	seed := s.seed.Load()
	if seed == nil { // while the bucket is looked for
		answer(w, http.StatusNotFound, "NoSuchKey", "no key")
		return
	}
	stamp(w, len(seed.body))
	if seed.length != "" {
		w.Header().Set("Content-Length", seed.length)
	}
	w.WriteHeader(seed.status)
	_, _ = io.WriteString(w, seed.body) // longer than it says, or for nobody
}

// FuzzAnswers: whatever stands in the store's place answers, each call ends; what is listed has names of ours, in order
// and under what was asked for; and no error repeats the answer.
func FuzzAnswers(f *testing.F) {
	for i, s := range storeSeeds() {
		f.Add(uint8(i), s.status, s.length, s.body)
	}
	s := &standIn{}
	server := httptest.NewServer(s)
	f.Cleanup(server.Close)
	store := open(f, config(f, server.Listener.Addr().String()))
	f.Fuzz(func(t *testing.T, act uint8, status int, length, body string) {
		if status < 200 || status > 499 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status/100 == 3 {
			status = 200 // what is tried again takes its time
		}
		if strings.Trim(length, "0123456789") != "" || len(length) > 6 || act%3 != 0 { // a listing that is cut is asked for again
			length = ""
		}
		s.seed.Store(&storeSeed{status, length, body})
		told := func(err error) {
			if err != nil && (strings.Contains(err.Error(), secretKey) || len(body) > 40 && strings.Contains(err.Error(), body[:40])) {
				t.Fatalf("an error repeats the answer: %v", err)
			}
		}
		ctx := t.Context()
		switch act % 3 {
		case 0:
			r, err := store.Open(ctx, "a/b")
			told(err)
			if err == nil {
				_, err = io.Copy(io.Discard, r)
				told(err)
				told(r.Close())
			}
		case 1:
			last := blob.Name("")
			for info, err := range store.List(ctx, "a/") {
				told(err)
				if err == nil && (info.Name.Validate() != nil || !info.Name.Under("a/") || info.Name <= last) {
					t.Fatalf("%q is listed after %q", info.Name, last)
				}
				last = info.Name
			}
		default:
			told(store.Delete(ctx, "a/"))
		}
	})
}
