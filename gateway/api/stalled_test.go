package api_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"safeconduct/authz"
)

// stalling is an HTTP/2 client that takes no byte of a body until it opens its window.
type stalling struct {
	t    *testing.T
	conn net.Conn
	f    *http2.Framer
}

// stall connects, and asks for path on stream 1.
func (b *bench) stall(t *testing.T, server *httptest.Server, path string) *stalling {
	t.Helper()
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}} // a certificate of this test
	conn, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	must(t, err)
	s := &stalling{t: t, conn: conn, f: http2.NewFramer(conn, conn)}
	_, err = conn.Write([]byte(http2.ClientPreface))
	must(t, err)
	must(t, s.f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
	var head bytes.Buffer
	e := hpack.NewEncoder(&head)
	for _, h := range [][2]string{
		{":method", http.MethodGet},
		{":scheme", "https"},
		{":authority", "localhost"},
		{":path", path},
		{"authorization", "Bearer " + b.tokens[authz.PDL]},
	} {
		must(t, e.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}))
	}
	must(t, s.f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndStream: true, EndHeaders: true}))
	return s
}

// until reads frames until one satisfies done, and answers with the bytes of the body that came.
func (s *stalling) until(done func(http2.Frame) bool) int {
	s.t.Helper()
	got := 0
	for {
		f, err := s.f.ReadFrame()
		must(s.t, err)
		switch f := f.(type) {
		case *http2.DataFrame:
			got += len(f.Data())
		case *http2.SettingsFrame:
			if !f.IsAck() {
				must(s.t, s.f.WriteSettingsAck())
			}
		}
		if done(f) {
			return got
		}
	}
}

// open lets everything come, and answers with the bytes of the body that do until the stream has ended, however, and the
// server has answered once more.
func (s *stalling) open() int {
	s.t.Helper()
	must(s.t, s.f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20}))
	must(s.t, s.f.WriteWindowUpdate(0, 1<<20))
	got := s.until(func(f http2.Frame) bool {
		_, reset := f.(*http2.RSTStreamFrame)
		d, ok := f.(*http2.DataFrame)
		return reset || ok && d.StreamEnded()
	})
	must(s.t, s.f.WritePing(false, [8]byte{1}))
	return got + s.until(func(f http2.Frame) bool { p, ok := f.(*http2.PingFrame); return ok && p.IsAck() })
}

func TestRecalledWhileTheReaderTakesNothing(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	server := httptest.NewUnstartedServer(b.server.Handler())
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	id := b.released([]byte(strings.Repeat("given_name\n", 10_000)))
	s := b.stall(t, server, v1+"/transfers/"+id+"/files/1")
	defer func() {
		if err := s.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}()
	got := s.until(func(f http2.Frame) bool { h, ok := f.(*http2.HeadersFrame); return ok && h.StreamID == 1 })
	// The first part waits for the window.
	b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/transfers/"+id+"/recall", object{"reason": "by mistake"})
	if got += s.open(); got > 0 {
		t.Errorf("%d bytes left after the recall was answered", got)
	}
}
