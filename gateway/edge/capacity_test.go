package edge_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/gateway/edge"
)

// crowd knows everybody: the person is the token.
type crowd struct{}

func (crowd) Authenticate(_ context.Context, s identity.Secret) (authz.Caller, error) {
	return authz.Caller{Person: s.Hash()}, nil
}

// full is a server whose handlers stay until they are let go.
type full struct {
	*bench
	t       *testing.T
	entered chan string
	leave   chan struct{}
	running sync.WaitGroup
}

func newFull(t *testing.T) *full {
	f := &full{t: t, entered: make(chan string), leave: make(chan struct{})}
	f.bench = newBench(t, func(c *edge.Config, d *edge.Deps) {
		c.MaxRequests, c.MaxUploads, c.BodyTimeout, d.Identity = 32, 10, 50*time.Millisecond, crowd{}
	})
	for path, class := range map[string]edge.Class{"/act": edge.Release, "/pull": edge.Pull, "/file": edge.Upload, "/read": edge.General} {
		f.Class(http.MethodPost, "/api/v1"+path, class)
		f.API().POST(path, func(c *gin.Context) {
			f.entered <- path
			<-f.leave
			c.String(http.StatusOK, fmt.Sprint(evidence.IsUrgent(c.Request.Context())))
		})
	}
	t.Cleanup(func() {
		close(f.leave)
		f.running.Wait()
	})
	return f
}

// enter sends as somebody of the crowd, and reports how it was answered, 0 where the handler has it.
func (f *full) enter(person int, path string) int {
	answered := make(chan int, 1)
	r := f.request(f.t, http.MethodPost, "/api/v1"+path, nil)
	r.Header.Set("Authorization", "Bearer "+guess(person))
	f.running.Go(func() {
		rec := httptest.NewRecorder()
		f.Handler().ServeHTTP(rec, r)
		if rec.Code == http.StatusServiceUnavailable && rec.Header().Get("Retry-After") == "" {
			f.t.Error("it does not say when to try again")
		}
		answered <- rec.Code
	})
	select {
	case <-f.entered:
		return 0
	case code := <-answered:
		return code
	}
}

// many enter, each person three times, until one is turned away; it answers with how many got in.
func (f *full) many(first int, path string) int {
	for n := range 64 {
		if code := f.enter(first+n/3, path); code != 0 {
			if code != http.StatusServiceUnavailable {
				f.t.Errorf("turned away with %d", code)
			}
			return n
		}
	}
	f.t.Errorf("%s is not bounded", path)
	return 64
}

func TestCapacityIsKeptForReleases(t *testing.T) {
	t.Parallel()
	f := newFull(t)
	if n := f.many(100, "/file"); n != 10 {
		t.Errorf("%d uploads at once", n)
	}
	if n := f.many(200, "/read"); n != 14 {
		t.Errorf("beside them %d reads at once", n)
	}
	if code := f.enter(300, "/file"); code != http.StatusServiceUnavailable {
		t.Errorf("one more upload: %d", code)
	}
	if n := f.many(400, "/pull"); n != 4 {
		t.Errorf("beside them %d pulls at once", n)
	}
	if n := f.many(500, "/act"); n != 4 {
		t.Errorf("beside them %d acts at once", n)
	}
}

func TestPullsLeaveRoomForActs(t *testing.T) {
	t.Parallel()
	f := newFull(t)
	if n := f.many(100, "/pull"); n != 28 {
		t.Errorf("%d pulls at once", n)
	}
	if n := f.many(200, "/act"); n != 4 {
		t.Errorf("beside them %d acts at once", n)
	}
}

func TestOnePersonHasAShare(t *testing.T) {
	t.Parallel()
	f := newFull(t)
	for n := range 5 {
		want := 0
		if n == 4 {
			want = http.StatusServiceUnavailable
		}
		if code := f.enter(1, "/pull"); code != want {
			t.Errorf("pull %d of one person: %d", n+1, code)
		}
	}
	if code := f.enter(1, "/act"); code != 0 {
		t.Errorf("an act of the same person: %d", code)
	}
	if code := f.enter(2, "/pull"); code != 0 {
		t.Errorf("a pull of another: %d", code)
	}
}

func TestPlacesAreGivenBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.MaxRequests, c.MaxUploads = 16, 1 })
	b.Class(http.MethodPost, "/api/v1/release", edge.Release)
	b.API().POST("/release", func(c *gin.Context) { c.String(http.StatusOK, fmt.Sprint(evidence.IsUrgent(c.Request.Context()))) })
	b.API().POST("/panics", func(*gin.Context) { panic("x") })
	for range 100 {
		if rec := b.do(b.request(t, http.MethodPost, "/api/v1/release", nil)); rec.Code != http.StatusOK || rec.Body.String() != "true" {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		wantProblem(t, b.do(b.request(t, http.MethodPost, "/api/v1/panics", nil)), http.StatusInternalServerError, "internal")
		wantProblem(t, b.do(b.request(t, http.MethodGet, "/api/v1/nothing", nil)), http.StatusNotFound, "not-found")
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.MaxConnections = 2 })
	b.API().GET("/things", ok)
	stop, ended := start(t, b)
	dial := func() net.Conn {
		c, err := net.Dial("tcp", b.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET /api/v1/things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+b.token+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	answered := func(c net.Conn, within time.Duration) bool {
		_ = c.SetReadDeadline(time.Now().Add(within))
		_, err := c.Read(make([]byte, 1))
		return err == nil
	}
	first, second := dial(), dial()
	if !answered(first, time.Minute) || !answered(second, time.Minute) {
		t.Fatal("two connections are not answered")
	}
	third := dial()
	if answered(third, 50*time.Millisecond) {
		t.Error("a third one is accepted")
	}
	_ = first.Close()
	if !answered(third, time.Minute) {
		t.Error("it is not accepted when there is a place")
	}
	_, _ = second.Close(), third.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
