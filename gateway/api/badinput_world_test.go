package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/edge"
)

// wire is a world behind the real edge on a real listener, to which requests are written byte by byte.
type wire struct {
	*bench
	addr     string   // of an edge as it is by default
	hasty    string   // of one that waits no longer than pause
	transfer string   // whose file 1 is expected
	sent     string   // whose file 1 lies there for its recipient
	objects  []string // that lie in the store while nothing is half written
}

// pause is how long a body may take, or stand still, where a test waits for its end.
const pause = 300 * time.Millisecond

func newWire(t *testing.T) *wire {
	t.Helper()
	b := newBench(t)
	b.planted = planted
	b.enrol().agree()
	b.consent("CASE-1")
	w := &wire{bench: b}
	w.sent = b.released([]byte("given_name\n" + planted + "\n"))
	w.transfer = b.make(authz.RO, v1+"/transfers", b.order())
	w.addr = w.listen(edge.Default())
	hasty := edge.Default()
	hasty.BodyTimeout, hasty.StallTimeout, hasty.ReadHeaderTimeout = pause, pause, pause
	w.hasty = w.listen(hasty)
	b.url = "http://" + w.addr
	w.objects = w.stored()
	return w
}

// listen serves the world on a listener of its own, and answers with its address.
func (w *wire) listen(config edge.Config) string {
	w.Helper()
	server, _ := w.mount(config)
	must(w, server.Listen(w.Context()))
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	w.Cleanup(func() {
		stop()
		must(w, <-ended)
	})
	return server.Addr().String()
}

// stored names what lies in the store.
func (w *wire) stored() []string {
	w.Helper()
	var all []string
	must(w, filepath.WalkDir(w.blobs, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, path)
		}
		return err
	}))
	return all
}

// line is one connection.
type line struct {
	net.Conn
	in *bufio.Reader
}

func (w *wire) open(addr string) *line {
	w.Helper()
	var d net.Dialer
	conn, err := d.DialContext(w.Context(), "tcp", addr)
	must(w, err)
	must(w, conn.SetDeadline(time.Now().Add(time.Minute)))
	w.Cleanup(func() { _ = conn.Close() }) // closed already, or of no further use
	return &line{conn, bufio.NewReader(conn)}
}

// answer reads one response; ok is false where the server closed the connection instead.
func (l *line) answer(t testing.TB, method string) (got answer, ok bool) {
	t.Helper()
	res, err := http.ReadResponse(l.in, &http.Request{Method: method})
	if err != nil {
		return answer{}, false
	}
	body, err := io.ReadAll(res.Body)
	must(t, errors.Join(err, res.Body.Close()))
	return answer{res, body}, true
}

// closed reports whether nothing more comes.
func (l *line) closed() bool {
	_, err := l.in.ReadByte()
	return err != nil
}

// raw is a request as it is on the wire; lines of its head, then its body.
func raw(body string, head ...string) string { return strings.Join(head, "\r\n") + "\r\n\r\n" + body }

func (w *wire) auth(role authz.Role) string { return "Authorization: Bearer " + w.tokens[role] }

// post is the head of a JSON request by Legal, to be followed by more lines.
func (w *wire) post(path string, more ...string) []string {
	return append([]string{"POST " + v1 + path + " HTTP/1.1", "Host: localhost", w.auth(authz.LEG), "Content-Type: application/json"}, more...)
}

// put is the head of an upload.
func (w *wire) put(more ...string) []string {
	return append([]string{"PUT " + v1 + "/transfers/" + w.transfer + "/files/1 HTTP/1.1", "Host: localhost", w.auth(authz.RO)}, more...)
}

func (w *wire) get(path string, more ...string) []string {
	return append([]string{"GET " + path + " HTTP/1.1", "Host: localhost", w.auth(authz.LEG)}, more...)
}

// unharmed: after bad input the file that was sent to is expected still, and proper requests are served.
func (w *wire) unharmed(t *testing.T) {
	t.Helper()
	got := w.do(authz.RO, http.MethodGet, v1+"/transfers/"+w.transfer, nil)
	if got.StatusCode != http.StatusOK || first(got.object(t), "files")["state"] != "expected" {
		t.Errorf("afterwards the transfer is %d %s", got.StatusCode, got.body)
	}
}

// swept: once the sweeper was there, nothing lies in the store that did not before.
func (w *wire) swept(t *testing.T) {
	t.Helper()
	w.clock.add(2 * time.Hour)
	for n := 1; n > 0; {
		var err error
		n, err = w.services.Transfers.Sweep(t.Context())
		must(t, err)
	}
	if now := w.stored(); !slices.Equal(now, w.objects) {
		t.Errorf("%d objects lie there, %d before", len(now), len(w.objects))
	}
}

// refused: an answer to bad input is a problem of ours, or the bare refusal of net/http; it repeats nothing, and is no
// internal error.
func refused(t *testing.T, got answer, status ...int) {
	t.Helper()
	if !slices.Contains(status, got.StatusCode) {
		t.Errorf("it answers %d %.300s, want %v", got.StatusCode, got.body, status)
	}
	if got.StatusCode < 400 {
		return
	}
	text := strings.ToLower(string(got.body))
	for name, values := range got.Header {
		text += strings.ToLower(name + strings.Join(values, " "))
	}
	if strings.Contains(text, strings.ToLower(planted)) {
		t.Errorf("R55 it repeats what it was sent: %s", text)
	}
	switch got.Header.Get("Content-Type") {
	case edge.ProblemType:
		var p edge.Problem
		if err := json.Unmarshal(got.body, &p); err != nil || p.Status != got.StatusCode || p.Title == "" || p.RequestID == "" {
			t.Errorf("no problem document: %s", got.body)
		}
	case "text/plain; charset=utf-8", "": // what net/http does not understand never reaches the edge
		if !got.Close || got.StatusCode == http.StatusInternalServerError {
			t.Errorf("%d %s, and the connection stays open", got.StatusCode, got.body)
		}
	default:
		t.Errorf("%d of type %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
}
