package api_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/authz"
)

func TestDownloadHeaders(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	content := []byte("given_name\nAna\n")
	sum := sha256.Sum256(content)
	id := b.released(content)
	got := b.pull(id, 1)
	for name, want := range map[string]string{
		"Content-Type": "text/csv", "X-Content-Type-Options": "nosniff", "Content-Length": "15", "Accept-Ranges": "bytes",
		"Content-Disposition": `attachment; filename="transfer-` + id + `-1.csv"`, "Cache-Control": "no-store",
		"Repr-Digest": digestField(hex.EncodeToString(sum[:])), "Etag": `"` + hex.EncodeToString(sum[:]) + `"`, "Content-Range": "",
	} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
	if head := b.do(authz.PDL, http.MethodHead, v1+"/transfers/"+id+"/files/1", nil); head.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD answers %d", head.StatusCode)
	}
}

func TestRanges(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	content, sum := payload()
	tag := `"` + sum + `"`
	size := len(content)
	if whole := b.pull(b.released(content), 1); !bytes.Equal(whole.body, content) {
		t.Fatal("the whole file differs")
	}
	for _, c := range []struct {
		name   string
		header []string
		status int
		from   int
	}{
		{"from a byte on", []string{"Range", "bytes=4200000-"}, http.StatusPartialContent, 4200000},
		{"the last byte", []string{"Range", fmt.Sprintf("bytes=%d-", size-1)}, http.StatusPartialContent, size - 1},
		{"If-Range of this file", []string{"Range", "bytes=10-", "If-Range", tag}, http.StatusPartialContent, 10},
		{"beyond the end", []string{"Range", fmt.Sprintf("bytes=%d-", size)}, http.StatusRequestedRangeNotSatisfiable, 0},
		{"If-Range of another", []string{"Range", "bytes=10-", "If-Range", `"00"`}, http.StatusOK, 0},
		{"a closed range is ignored", []string{"Range", "bytes=0-9"}, http.StatusOK, 0},
		{"several are ignored", []string{"Range", "bytes=0-,5-"}, http.StatusOK, 0},
		{"another unit is ignored", []string{"Range", "rows=1-"}, http.StatusOK, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := b.pull(b.released(content), 1, c.header...)
			if got.StatusCode != c.status {
				t.Fatalf("status %d, want %d: %.200s", got.StatusCode, c.status, got.body)
			}
			if c.status == http.StatusRequestedRangeNotSatisfiable {
				return
			}
			if !bytes.Equal(got.body, content[c.from:]) {
				t.Errorf("%d bytes, want those from %d on", len(got.body), c.from)
			}
			if want := fmt.Sprintf("bytes %d-%d/%d", c.from, size-1, size); c.status == http.StatusPartialContent && got.Header.Get("Content-Range") != want {
				t.Errorf("Content-Range %q, want %q", got.Header.Get("Content-Range"), want)
			}
		})
	}
}

func TestEmptyFile(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	id := b.released(nil)
	got := b.pull(id, 1)
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Length") != "0" || len(got.body) != 0 {
		t.Fatalf("%d with %d bytes", got.StatusCode, len(got.body))
	}
}

func TestUploadRefusals(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	content := []byte("given_name\nAna\n")
	sum := sha256.Sum256(content)
	declared := int64(len(content))
	id := b.make(authz.RO, v1+"/transfers", b.order(object{"media_type": "text/csv", "size": declared}, object{"media_type": "text/csv"}))
	for _, c := range []struct {
		name    string
		n       int
		content []byte
		header  []string
		status  int
	}{
		{"no such file", 3, content, nil, http.StatusNotFound},
		{"PAYLOAD_HASH another digest", 1, content, []string{"Content-Digest", digestField(strings.Repeat("00", 32))}, http.StatusForbidden},
		{"malformed digest", 1, content, []string{"Content-Digest", "sha-256=abc"}, http.StatusBadRequest},
		{"Content-Range", 1, content, []string{"Content-Range", "bytes 0-1/2"}, http.StatusBadRequest},
		{"Content-Encoding", 1, content, []string{"Content-Encoding", "gzip"}, http.StatusUnsupportedMediaType},
		{"longer than declared", 1, append([]byte("x"), content...), nil, http.StatusRequestEntityTooLarge},
		{"PAYLOAD_HASH shorter than declared", 1, content[1:], nil, http.StatusForbidden},
		{"over the limit", 2, make([]byte, maxFile+1), nil, http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := b.upload(id, c.n, c.content, c.header...); got.StatusCode != c.status {
				t.Errorf("status %d, want %d: %s", got.StatusCode, c.status, got.body)
			}
		})
	}
	t.Run("and then the right bytes land", func(t *testing.T) {
		got := b.upload(id, 1, content, "Content-Digest", "sha-512=:AA==:, "+digestField(hex.EncodeToString(sum[:])))
		if got.StatusCode != http.StatusCreated || got.object(t)["state"] != "uploading" {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("once", func(t *testing.T) {
		if got := b.upload(id, 1, content); got.StatusCode != http.StatusConflict {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
}

// dial opens a connection of our own, to break or to watch.
func (b *bench) dial() net.Conn {
	b.Helper()
	var d net.Dialer
	conn, err := d.DialContext(b.Context(), "tcp", strings.TrimPrefix(b.url, "http://"))
	must(b, err)
	return conn
}

func (b *bench) head(method, path string, role authz.Role, more ...string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + b.tokens[role] + "\r\n" + strings.Join(more, "\r\n") + "\r\n\r\n"
}

func TestAbortedUploadLeavesNothing(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	id := b.make(authz.RO, v1+"/transfers", b.order())
	path := v1 + "/transfers/" + id + "/files/1"
	for name, head := range map[string]string{
		"of known length": b.head("PUT", path, authz.RO, "Content-Length: 100000") + "given_name\n",
		"chunked":         b.head("PUT", path, authz.RO, "Transfer-Encoding: chunked") + "b\r\ngiven_name\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn := b.dial()
			_, err := io.WriteString(conn, head)
			must(t, err)
			must(t, conn.(*net.TCPConn).CloseWrite())
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err == nil {
				if res.StatusCode < http.StatusBadRequest {
					t.Errorf("a body that was cut off answers %d", res.StatusCode)
				}
				must(t, res.Body.Close())
			}
			must(t, conn.Close())
			v := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/transfers/"+id, nil)
			if file := v["files"].([]any)[0].(object); file["state"] != "expected" {
				t.Errorf("the file is %v", file)
			}
		})
	}
	if got := b.upload(id, 1, []byte("given_name\nAna\n")); got.StatusCode != http.StatusCreated {
		t.Errorf("a second attempt: %d %s", got.StatusCode, got.body)
	}
}

func TestExpectContinueIsRefusedBeforeTheBody(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	const unknown = v1 + "/transfers/0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f/files/1"
	id := b.make(authz.RO, v1+"/transfers", b.order(object{"media_type": "text/csv", "size": 15}, object{"media_type": "text/csv"}))
	file := v1 + "/transfers/" + id + "/files/"
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"unknown transfer":         {b.head("PUT", unknown, authz.RO, "Content-Length: 1000000", "Expect: 100-continue"), http.StatusNotFound},
		"no token":                 {b.head("PUT", unknown, nobody, "Content-Length: 1000000", "Expect: 100-continue"), http.StatusUnauthorized},
		"longer than declared":     {b.head("PUT", file+"1", authz.RO, "Content-Length: 16", "Expect: 100-continue"), http.StatusRequestEntityTooLarge},
		"longer, under a key":      {b.head("PUT", file+"1", authz.RO, "Content-Length: 16", "Expect: 100-continue", "Idempotency-Key: long"), http.StatusRequestEntityTooLarge},
		"longer than a file is":    {b.head("PUT", file+"2", authz.RO, fmt.Sprintf("Content-Length: %d", maxFile+1), "Expect: 100-continue"), http.StatusRequestEntityTooLarge},
		"long, and nobody asked":   {b.head("PUT", file+"1", authz.RO, "Content-Length: 2000000"), http.StatusRequestEntityTooLarge},
		"far too long, unasked":    {b.head("PUT", file+"2", authz.RO, "Content-Length: 9000000000000000000"), http.StatusRequestEntityTooLarge},
		"JSON longer than allowed": {b.head("POST", v1+"/missions", authz.LEG, "Content-Type: application/json", "Content-Length: 2000000", "Expect: 100-continue"), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			conn := b.dial()
			_, err := io.WriteString(conn, c.head)
			must(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			must(t, err)
			if res.StatusCode != c.status || !res.Close {
				t.Errorf("before the body it answers %d, want %d; the connection ends: %t", res.StatusCode, c.status, res.Close)
			}
			must(t, res.Body.Close())
			must(t, conn.Close())
		})
	}
	t.Run("nothing was begun", func(t *testing.T) {
		if begun := b.rows("SELECT id FROM uploads UNION ALL SELECT slot FROM claims"); len(begun) != 0 {
			t.Errorf("%d uploads and claims", len(begun))
		}
	})
	t.Run("what may come is asked for", func(t *testing.T) {
		conn := b.dial()
		_, err := io.WriteString(conn, b.head("PUT", file+"1", authz.RO, "Content-Length: 15", "Expect: 100-continue"))
		must(t, err)
		in := bufio.NewReader(conn)
		for _, status := range []int{http.StatusContinue, http.StatusCreated} {
			res, err := http.ReadResponse(in, nil)
			must(t, err)
			if res.StatusCode != status {
				t.Errorf("it answers %d, want %d", res.StatusCode, status)
			}
			if status == http.StatusContinue {
				_, err := io.WriteString(conn, "given_name\nAna\n")
				must(t, err)
			}
			must(t, res.Body.Close())
		}
		must(t, conn.Close())
	})
}

// A sealed object that is not what was sealed must never look like a complete file.
func TestBrokenObject(t *testing.T) {
	content, _ := payload()
	for name, c := range map[string]struct {
		harm   func([]byte) []byte
		last   bool
		status int
	}{
		"first byte of the first": {func(b []byte) []byte { b[60] ^= 1; return b }, false, http.StatusInternalServerError},
		"the last is cut short":   {func(b []byte) []byte { return b[:len(b)-1] }, true, http.StatusOK},
		"a bit of the last":       {func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, true, http.StatusOK},
	} {
		t.Run("R49 "+name, func(t *testing.T) {
			b := newBench(t).enrol()
			b.agree()
			b.consent("CASE-1")
			id := b.released(content)
			objects := b.objects()
			path := objects[0]
			if c.last {
				path = objects[len(objects)-1]
			}
			sealed, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, c.harm(sealed), 0o600))
			res, err := http.DefaultClient.Do(b.request(authz.PDL, http.MethodGet, v1+"/transfers/"+id+"/files/1", nil))
			must(t, err)
			got, err := io.ReadAll(res.Body)
			if res.StatusCode == http.StatusOK && (err == nil || len(got) >= len(content)) {
				t.Errorf("%d of %d bytes, and the connection ends well", len(got), len(content))
			}
			if res.StatusCode != c.status {
				t.Errorf("status %d, want %d", res.StatusCode, c.status)
			}
			must(t, res.Body.Close())
		})
	}
}

// objects lists the sealed objects in order.
func (b *bench) objects() []string {
	b.Helper()
	var all []string
	must(b, filepath.WalkDir(b.blobs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, path)
		}
		return err
	}))
	if len(all) < 2 {
		b.Fatalf("only %d objects", len(all))
	}
	return all
}
