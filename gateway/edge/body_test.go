package edge_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"safeconduct/gateway/edge"
)

func reader(c *gin.Context) {
	n, err := io.Copy(io.Discard, c.Request.Body)
	if err != nil {
		edge.WriteProblem(c, err)
		return
	}
	c.String(http.StatusOK, "%d", n)
}

func TestBodyBounds(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.MaxJSONBytes = 10 })
	b.API().POST("/json", reader)
	b.API().POST("/batch", reader)
	b.API().PUT("/files/:n", reader)
	b.Bound(http.MethodPost, "/api/v1/batch", 20)
	b.Bound(http.MethodPut, "/api/v1/files/:n", edge.Unbounded)
	for _, c := range []struct {
		method, path string
		size         int
		fits         bool
	}{
		{http.MethodPost, "/api/v1/json", 10, true},
		{http.MethodPost, "/api/v1/json", 11, false},
		{http.MethodPost, "/api/v1/batch", 20, true},
		{http.MethodPost, "/api/v1/batch", 21, false},
		{http.MethodPut, "/api/v1/files/1", 5000, true},
	} {
		rec := b.do(b.request(t, c.method, c.path, strings.NewReader(strings.Repeat("x", c.size))))
		if c.fits && (rec.Code != http.StatusOK || rec.Body.String() != fmt.Sprint(c.size)) {
			t.Errorf("%s %d: %d %s", c.path, c.size, rec.Code, rec.Body)
		}
		if !c.fits {
			wantProblem(t, rec, http.StatusRequestEntityTooLarge, "too-large")
		}
	}
}

// slow opens a connection, sends a request to the host whose body stops half way, and answers with the status of the
// response.
func slow(t *testing.T, b *bench, url, host, head string) int {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\nhalf", head, host, b.token); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestSlowBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) {
		c.BodyTimeout, c.StallTimeout = 50*time.Millisecond, 50*time.Millisecond
	})
	b.API().POST("/json", reader)
	b.API().PUT("/files", reader)
	b.Bound(http.MethodPut, "/api/v1/files", edge.Unbounded)
	server := httptest.NewServer(b.Handler())
	defer server.Close()
	for _, head := range []string{"POST /api/v1/json", "PUT /api/v1/files"} {
		if status := slow(t, b, server.URL, "localhost", head); status != http.StatusRequestTimeout {
			t.Errorf("%s: %d", head, status)
		}
	}
}

// Who is refused before the body is looked at holds their connection no longer than who is not.
func TestSlowBodiesOfTheRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) {
		c.BodyTimeout, c.AdminListen = 50*time.Millisecond, "127.0.0.1:0"
	})
	b.API().POST("/json", reader)
	stop, ended := start(t, b)
	api := "http://" + b.Addr().String()
	for name, c := range map[string]struct {
		url, host, head string
		want            int
	}{
		"another host":       {api, "other.example", "POST /api/v1/json", http.StatusMisdirectedRequest},
		"another origin":     {api, "localhost", "POST /api/v1/json HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nX-Rest:", http.StatusForbidden},
		"no such route":      {api, "localhost", "POST /nowhere", http.StatusNotFound},
		"the admin listener": {"http://" + b.AdminAddr().String(), "localhost", "GET /healthz", http.StatusOK},
	} {
		if status := slow(t, b, c.url, c.host, c.head); status != c.want {
			t.Errorf("%s: %d, want %d", name, status, c.want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The same where there is no place left.
func TestSlowBodiesWithoutAPlace(t *testing.T) {
	t.Parallel()
	f := newFull(t)
	if n := f.many(100, "/read"); n != 24 {
		t.Errorf("%d reads at once", n)
	}
	server := httptest.NewServer(f.Handler())
	defer server.Close()
	if status := slow(t, f.bench, server.URL, "localhost", "POST /api/v1/read"); status != http.StatusServiceUnavailable {
		t.Error(status)
	}
}

// A body that came in time must not end the handler's context later, when the deadline of the body passes.
func TestBodyDeadlineIsLifted(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.BodyTimeout = 100 * time.Millisecond })
	b.API().POST("/json", func(c *gin.Context) {
		_, _ = io.Copy(io.Discard, c.Request.Body)
		select {
		case <-c.Request.Context().Done():
			edge.WriteProblem(c, errors.New("the context ended"))
		case <-time.After(300 * time.Millisecond):
			ok(c)
		}
	})
	server := httptest.NewServer(b.Handler())
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1/json", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// deaf is a connection that takes what is written, and breaks where that is sent on its way.
type deaf struct{ *httptest.ResponseRecorder }

func (deaf) FlushError() error { return errors.New("broken pipe") }

// What is handed over is taken, or known not to be, whatever lies between the handler and the connection.
func TestHandedToNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var hand, flush error
	b.API().GET("/hand", func(c *gin.Context) {
		_, hand = edge.Hand(c.Writer, []byte("first"), time.Second)
		flush = http.NewResponseController(c.Writer).Flush()
	})
	b.Handler().ServeHTTP(deaf{httptest.NewRecorder()}, b.request(t, http.MethodGet, "/api/v1/hand", nil))
	if hand == nil || flush == nil {
		t.Errorf("handed over: %v; flushed: %v", hand, flush)
	}
}
