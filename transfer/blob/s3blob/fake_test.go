package s3blob_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"safeconduct/transfer/blob/s3blob"
)

const (
	bucket    = "sealed"
	accessKey = "ACCESSKEYOFTEST"
	secretKey = "SECRETKEYOFTEST"
)

// fake is an honest little S3 server, until fault says otherwise.
type fake struct {
	t *testing.T

	mu       sync.Mutex
	objects  map[string][]byte
	buckets  map[string]bool
	requests []string
	// fault may answer in place of the server, and then returns true.
	fault func(f *fake, w http.ResponseWriter, r *http.Request) bool
}

func newFake(t *testing.T) *fake {
	t.Helper()
	return &fake{t: t, objects: map[string][]byte{}, buckets: map[string]bool{bucket: true}}
}

func (f *fake) start() string {
	f.t.Helper()
	server := httptest.NewServer(f)
	f.t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func (f *fake) breakWith(fault func(f *fake, w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
	f.requests = nil
}

func (f *fake) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(f.requests), func(m string) bool { return m != method }))
}

func (f *fake) put(key string, content []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[key] = content
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.Method)
	fault := f.fault
	f.mu.Unlock()
	if !strings.Contains(r.Header.Get("Authorization"), accessKey) {
		answer(w, http.StatusForbidden, "AccessDenied", "unsigned")
		return
	}
	if fault != nil && fault(f, w, r) {
		return
	}
	f.serve(w, r)
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case key == "" && r.Method == http.MethodPut:
		f.buckets[name] = true
	case !f.buckets[name]:
		answer(w, http.StatusNotFound, "NoSuchBucket", "no bucket")
	case key == "" && r.URL.Query().Has("versioning"):
		_, _ = io.WriteString(w, `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`)
	case key == "" && r.URL.Query().Has("list-type"):
		f.list(w, r)
	case key == "":
	case r.Method == http.MethodPut:
		f.create(w, r, key, body)
	case r.Method == http.MethodGet:
		f.read(w, key)
	case r.Method == http.MethodDelete:
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(w, http.StatusNotImplemented, "NotImplemented", r.Method)
	}
}

func (f *fake) create(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	sum := sha256.Sum256(body)
	if r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) {
		answer(w, http.StatusBadRequest, "XAmzContentSHA256Mismatch", "sum")
		return
	}
	if _, taken := f.objects[key]; taken && r.Header.Get("If-None-Match") == "*" {
		answer(w, http.StatusPreconditionFailed, "PreconditionFailed", "taken")
		return
	}
	f.objects[key] = body
}

func (f *fake) read(w http.ResponseWriter, key string) {
	content, found := f.objects[key]
	if !found {
		answer(w, http.StatusNotFound, "NoSuchKey", "no key")
		return
	}
	stamp(w, len(content))
	_, _ = w.Write(content)
}

// list answers pages of 100 keys; its continuation token is the last key before them.
func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	after := query.Get("continuation-token")
	page := listing{}
	for _, key := range slices.SortedFunc(maps.Keys(f.objects), cmp.Compare[string]) {
		if !strings.HasPrefix(key, query.Get("prefix")) || key <= after {
			continue
		}
		if len(page.Contents) == 100 {
			page.IsTruncated = true
			page.NextContinuationToken = page.Contents[99].Key
			break
		}
		page.Contents = append(page.Contents, entry{Key: key, Size: len(f.objects[key]), LastModified: "2026-01-02T03:04:05Z"})
	}
	page.write(w)
}

type entry struct {
	Key          string
	Size         int
	LastModified string
}

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	IsTruncated           bool
	NextContinuationToken string
	Contents              []entry
}

func (l listing) write(w http.ResponseWriter) { _ = xml.NewEncoder(w).Encode(l) }

func stamp(w http.ResponseWriter, length int) {
	w.Header().Set("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
	w.Header().Set("Content-Length", fmt.Sprint(length))
}

func answer(w http.ResponseWriter, status int, code, prose string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, prose)
}

// config writes the keys into files and points at endpoint.
func config(t testing.TB, endpoint string) s3blob.Config {
	t.Helper()
	dir := t.TempDir()
	cfg := s3blob.Config{
		Endpoint: endpoint, Bucket: bucket, Insecure: true, Timeout: 10 * time.Second,
		AccessKeyFile: filepath.Join(dir, "access"), SecretKeyFile: filepath.Join(dir, "secret"),
	}
	for file, content := range map[string]string{cfg.AccessKeyFile: accessKey, cfg.SecretKeyFile: secretKey + "\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

func open(t testing.TB, cfg s3blob.Config) *s3blob.Store {
	t.Helper()
	s, err := s3blob.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
