package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
)

// TestBadFrames: bodies that are not as long, or not as framed, as they say, and requests that hide another one. Whatever
// is left on a connection is never taken for a request of its own unless the answer before it said how it ends.
func TestBadFrames(t *testing.T) {
	w := newWire(t)
	good := missionJSON("")
	hidden := raw("", "DELETE "+v1+"/tokens/"+unknown+" HTTP/1.1", "Host: localhost", w.auth(authz.LEG))
	size := func(n int) string { return "Content-Length: " + strconv.Itoa(n) }
	post := func(body string, more ...string) string { return raw(body, w.post("/missions", more...)...) }
	put := func(body string, more ...string) string { return raw(body, w.put(more...)...) }
	const (
		chunked = "Transfer-Encoding: chunked"
		bad     = http.StatusBadRequest
		large   = http.StatusRequestEntityTooLarge
	)
	for _, c := range []struct {
		name   string
		text   string
		status []int
	}{
		{"a JSON body declared too large", post(`{`, size(1<<30)), []int{large}},
		{"a JSON body chunked and too large", post("200000\r\n{\"name\":\""+strings.Repeat("x", 0x200000-9)+"\r\n0\r\n\r\n", chunked), []int{large}},
		{"a length shorter than the body", post(good, size(10)), []int{bad}},
		{"a length of nothing", post(good, size(0)), []int{bad}},
		{"a length longer than the body", post(good, size(len(good)+1)), []int{http.StatusRequestTimeout}},
		{"a file that stops", put("given_name\n"+planted, size(100_000)), []int{http.StatusRequestTimeout}},
		{"a chunked file that stops", put("b\r\ngiven_name\n\r\n", chunked), []int{http.StatusRequestTimeout}},
		{"a negative length", post(good, "Content-Length: -1"), []int{bad}},
		{"a length with a sign", post(good, "Content-Length: +"+strconv.Itoa(len(good))), []int{bad}},
		{"a length in hexadecimal", post(good, "Content-Length: 0x10"), []int{bad}},
		{"a length beyond all bounds", post(good, "Content-Length: 99999999999999999999"), []int{bad}},
		{"a list of lengths", post(good, "Content-Length: 5, 6"), []int{bad}},
		{"two lengths", post(good, size(5), size(len(good))), []int{bad}},
		{"a chunk of no size", post("z\r\nabc\r\n0\r\n\r\n", chunked), []int{bad}},
		{"a chunk of a size beyond all bounds", post("fffffffffffffffff\r\nabc\r\n0\r\n\r\n", chunked), []int{bad}},
		{"a chunk of a negative size", post("-1\r\nabc\r\n0\r\n\r\n", chunked), []int{bad}},
		{"a chunk longer than its size", post("1\r\n{}\r\n0\r\n\r\n", chunked), []int{bad}},
		{"a chunk with an endless extension", post("1;"+strings.Repeat("a", 10_000)+"\r\n{\r\n0\r\n\r\n", chunked), []int{bad}},
		{"a coding of which we know nothing", post(good, "Transfer-Encoding: x"+planted), []int{http.StatusNotImplemented, bad}},
		{"two codings", post(good, "Transfer-Encoding: gzip, chunked"), []int{http.StatusNotImplemented, bad}},
		{"chunked twice", post("0\r\n\r\n", chunked, chunked), []int{http.StatusNotImplemented, bad}},
		{"chunked and the end of it hidden", post("0\r\n\r\n", "Transfer-Encoding:\x0bchunked"), []int{http.StatusNotImplemented, bad}},
		{"smuggling CL.TE", post("0\r\n\r\n"+hidden, size(5+len(hidden)), chunked), []int{bad}},
		{"smuggling TE.CL", post("5c\r\n"+hidden, size(4), chunked), []int{bad}},
		{"smuggling TE.TE", post("0\r\n\r\n"+hidden, chunked, "Transfer-Encoding: cow"), []int{http.StatusNotImplemented, bad}},
		{"smuggling in a header", raw("", w.get(v1+"/missions", "X-A: a\r\n\r\n"+strings.TrimSuffix(hidden, "\r\n\r\n"))...), []int{http.StatusOK}},
		{"smuggling by a lone line feed", post("0\r\n\r\n", "X-A: a\nTransfer-Encoding: chunked"), []int{bad}},
		{"a trailer that would be a token", post("2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\n\r\n", chunked), []int{http.StatusUnprocessableEntity}},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := w.addr
			if slices.Contains(c.status, http.StatusRequestTimeout) {
				addr = w.hasty
			}
			l := w.open(addr)
			_, _ = io.WriteString(l, c.text) // a server that refuses before the end need not read to the end
			got, ok := l.answer(t, http.MethodPost)
			if !ok {
				t.Fatal("the connection ends without an answer")
			}
			refused(t, got, c.status...)
			if got.StatusCode >= 400 && !got.Close && strings.HasPrefix(c.name, "smuggling") {
				w.nothingHidden(t, l)
			}
			w.unharmed(t)
		})
	}
	t.Run("nothing was made", func(t *testing.T) {
		if all := w.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/missions", nil)["items"].([]any); len(all) != 1 {
			t.Errorf("%d missions", len(all))
		}
	})
	w.swept(t)
}

// nothingHidden: after a request that hid another one the connection is closed; a second answer would be to the hidden one.
func (w *wire) nothingHidden(t *testing.T, l *line) {
	t.Helper()
	must(t, l.Conn.(*net.TCPConn).CloseWrite())
	if got, ok := l.answer(t, http.MethodDelete); ok && got.StatusCode != http.StatusBadRequest {
		t.Errorf("the hidden request was answered: %d %s", got.StatusCode, got.body)
	}
}

// A body that comes byte by byte is cut off by its time, as a whole for JSON; a file by each pause.
func TestDrip(t *testing.T) {
	w := newWire(t)
	l := w.open(w.hasty)
	_, err := io.WriteString(l, raw("{", w.post("/missions", "Content-Length: 100000")...))
	must(t, err)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(pause / 10); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
				_, _ = l.Write([]byte(" ")) // refused once the server has closed
			}
		}
	}()
	got, ok := l.answer(t, http.MethodPost)
	close(stop)
	<-stopped
	if !ok || !got.Close {
		t.Fatalf("it answers %t %d, and the connection stays open", ok, statusOf(got))
	}
	refused(t, got, http.StatusRequestTimeout)
	w.unharmed(t)
}

// A head that does not end is cut off, and what answers waits for nobody.
func TestSlowHead(t *testing.T) {
	w := newWire(t)
	l := w.open(w.hasty)
	_, err := io.WriteString(l, "GET "+v1+"/missions HTTP/1.1\r\nHost: localhost\r\nX-")
	must(t, err)
	w.unharmed(t)
	if got, ok := l.answer(t, http.MethodGet); ok && got.StatusCode != http.StatusRequestTimeout && got.StatusCode != http.StatusBadRequest {
		t.Errorf("it answers %d", got.StatusCode)
	}
	if !l.closed() {
		t.Error("the connection stays open")
	}
}

// Clients that go while they send: nothing lands, nothing is left.
func TestGoneMidUpload(t *testing.T) {
	w := newWire(t)
	content, _ := payload() // more than one chunk of the seal
	for name, text := range map[string]string{
		"of known length": raw(string(content[:len(content)-1]), w.put("Content-Length: "+strconv.Itoa(len(content)))...),
		"chunked":         raw(strconv.FormatInt(int64(len(content)), 16)+"\r\n"+string(content)+"\r\n", w.put("Transfer-Encoding: chunked")...),
		"at once":         raw("", w.put("Content-Length: 10")...),
	} {
		t.Run(name, func(t *testing.T) {
			l := w.open(w.addr)
			_, err := io.WriteString(l, text)
			must(t, err)
			must(t, l.Close())
			w.unharmed(t)
		})
	}
	w.settled(t)
	w.swept(t)
	if got := w.upload(w.transfer, 1, []byte("given_name\nAna\n")); got.StatusCode != http.StatusCreated {
		t.Errorf("afterwards: %d %s", got.StatusCode, got.body)
	}
}

// settled waits until no upload is under way: the next attempt is accepted, and refused for its digest.
func (w *wire) settled(t *testing.T) {
	t.Helper()
	got := w.upload(w.transfer, 1, []byte(planted), "Content-Digest", digestField(strings.Repeat("00", 32)))
	refused(t, got, http.StatusForbidden)
}

// A client that goes while it receives breaks off its own pull only; the next one gets every byte.
func TestGoneMidDownload(t *testing.T) {
	w := newWire(t)
	content, sum := payload()
	id := w.released(content)
	for range 3 {
		l := w.open(w.addr)
		_, err := io.WriteString(l, raw("", "GET "+v1+"/transfers/"+id+"/files/1 HTTP/1.1", "Host: localhost", w.auth(authz.PDL)))
		must(t, err)
		_, err = io.CopyN(io.Discard, l.in, 1000)
		must(t, err)
		must(t, l.Close())
	}
	got := w.pull(id, 1)
	whole := sha256.Sum256(got.body)
	if got.StatusCode != http.StatusOK || hex.EncodeToString(whole[:]) != sum {
		t.Errorf("afterwards a pull gets %d and %d bytes", got.StatusCode, len(got.body))
	}
	w.unharmed(t)
}

// Ranges and digests that mean nothing never make a shorter file look whole.
func TestBadDigestsAndRanges(t *testing.T) {
	w := newWire(t)
	for _, field := range []string{
		digestField(strings.Repeat("00", 32)), "sha-256=" + planted, "sha-256=:" + planted + ":", "sha-256=::", "sha-256=:AA==:, sha-256=:AQ==:", strings.Repeat("a=:AA==:,", 5000) + "b",
	} {
		t.Run("Content-Digest "+field[:min(len(field), 30)], func(t *testing.T) {
			refused(t, w.upload(w.transfer, 1, []byte("given_name\n"+planted), "Content-Digest", field), http.StatusForbidden, http.StatusBadRequest)
			w.unharmed(t)
		})
	}
	order := w.order(object{"media_type": "text/csv", "size": 3, "sha256": strings.Repeat("0", 64)})
	declared := w.make(authz.RO, v1+"/transfers", order)
	t.Run("PAYLOAD_HASH a declared sha256", func(t *testing.T) {
		refused(t, w.upload(declared, 1, []byte("abc")), http.StatusForbidden)
	})
	w.swept(t)
	size := len("given_name\n" + planted + "\n")
	for _, field := range []string{
		"bytes=-1", "bytes=0-0", "bytes=5-2", "bytes=0-,0-,0-,0-", "bytes=" + strings.Repeat("0-0,", 5000) + "0-", "bytes=18446744073709551616-", "bytes=0x0-", "bytes=-", "rows=0-", "bytes",
	} {
		t.Run("Range "+field[:min(len(field), 30)], func(t *testing.T) {
			got := w.do(authz.LEG, http.MethodGet, v1+"/transfers/"+w.sent, nil) // the sender's limit of pulls is not ours to use up
			if got.StatusCode != http.StatusOK {
				t.Fatal(got.StatusCode)
			}
			id := w.released([]byte("given_name\n" + planted + "\n"))
			if got := w.pull(id, 1, "Range", field); got.StatusCode != http.StatusOK || len(got.body) != size {
				t.Errorf("%d with %d bytes of %d", got.StatusCode, len(got.body), size)
			}
		})
	}
}
