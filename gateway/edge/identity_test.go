package edge_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"safeconduct/authz"
	"safeconduct/gateway/edge"
)

func TestIdentityComesBeforeEverything(t *testing.T) {
	t.Parallel()
	live := "sct_" + strings.Repeat("A", 43)
	for name, set := range map[string]func(http.Header){
		"no header":     func(http.Header) {},
		"empty":         func(h http.Header) { h.Set("Authorization", "") },
		"nonsense":      func(h http.Header) { h.Set("Authorization", "Bearer nonsense") },
		"no scheme":     func(h http.Header) { h.Set("Authorization", live) },
		"other scheme":  func(h http.Header) { h.Set("Authorization", "Basic "+live) },
		"unknown token": func(h http.Header) { h.Set("Authorization", "Bearer "+live) },
		"two headers":   func(h http.Header) { h["Authorization"] = []string{"Bearer " + live, "Bearer " + live} },
	} {
		t.Run("AUTH_INVALID "+name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.API().POST("/things/:id", func(*gin.Context) { t.Error("the handler ran") })
			var bodies []string
			for _, at := range []struct{ method, path string }{
				{http.MethodPost, "/api/v1/things/7?x=%zz"}, // a route
				{http.MethodPost, "/api/v1/unknown"},        // none
				{http.MethodPut, "/api/v1/things/7"},        // a method that it has not
				{http.MethodPost, "/api/v1"},
			} {
				r := httptest.NewRequestWithContext(t.Context(), at.method, at.path, explosive{t})
				r.Host = "localhost"
				set(r.Header)
				rec := b.do(r)
				p := wantProblem(t, rec, http.StatusUnauthorized, "unauthenticated")
				if rec.Header().Get("WWW-Authenticate") != "Bearer" || codes(p) != "AUTH_INVALID" || p.Refusals[0].Mend == "" {
					t.Errorf("answer %v %s", rec.Header(), rec.Body)
				}
				bodies = append(bodies, strings.ReplaceAll(rec.Body.String(), p.RequestID, "ID"))
			}
			want := `{"type":"urn:safeconduct:unauthenticated","title":"Sign in first","status":401,"detail":"A valid token is needed.","instance":"urn:safeconduct:request:ID","request_id":"ID","refusals":[{"code":"AUTH_INVALID"`
			for _, body := range bodies { // nothing tells the cases apart
				if !strings.HasPrefix(body, want) || body != bodies[0] {
					t.Errorf("body %s", body)
				}
			}
		})
	}
}

func TestIdentityUnreadableRegister(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.desk.err = errors.New("disk on fire")
	b.API().GET("/things", func(*gin.Context) { t.Error("the handler ran") })
	rec := b.do(b.request(t, http.MethodGet, "/api/v1/things", nil))
	wantProblem(t, rec, http.StatusServiceUnavailable, "unavailable")
	if rec.Header().Get("Retry-After") == "" || strings.Contains(rec.Body.String(), "fire") {
		t.Errorf("answer %v %s", rec.Header(), rec.Body)
	}
	if !strings.Contains(b.log.String(), "disk on fire") {
		t.Error("the log does not tell why")
	}
	t.Run("a register that answers nobody", func(t *testing.T) {
		b := newBench(t)
		b.desk.caller = authz.Caller{}
		wantProblem(t, b.do(b.request(t, http.MethodGet, "/api/v1/things", nil)), http.StatusUnauthorized, "unauthenticated")
	})
}

func TestCaller(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var got []authz.Caller
	b.API().GET("/me", func(c *gin.Context) { got = append(got, edge.Caller(c.Request.Context())) })
	for _, address := range []string{"192.0.2.7:1000", "192.0.2.7:2000", "192.0.2.8:1000"} {
		r := b.request(t, http.MethodGet, "/api/v1/me", nil)
		r.RemoteAddr = address
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		r.Header.Set("X-Real-Ip", "203.0.113.9")
		r.Header.Set("X-Request-Id", "chosen-by-client")
		r.Header.Set("Authorization", "bearer "+b.token)
		if rec := b.do(r); rec.Code != http.StatusOK || rec.Header().Get("X-Request-Id") != got[len(got)-1].Request {
			t.Errorf("answer %d %v", rec.Code, rec.Header())
		}
	}
	for _, c := range got {
		if c.Person != "p1" || c.Token != "t1" || c.Assurance != authz.AssuranceMFA || len(c.Request) != 32 || strings.Contains(c.Source, "192.0") {
			t.Errorf("caller %+v", c)
		}
	}
	if got[0].Source != got[1].Source || got[0].Source == got[2].Source || got[0].Request == got[1].Request {
		t.Errorf("commitments %v", got)
	}
	if c := edge.Caller(t.Context()); c.Person != "" || len(c.Grants) != 0 {
		t.Errorf("outside of a request: %+v", c)
	}
}

func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) {
		c.TrustedProxies, c.TLSCertFile, c.TLSKeyFile = []string{"10.0.0.0/24"}, "cert.pem", "key.pem" // not read here
	})
	var source string
	b.API().GET("/me", func(c *gin.Context) { source = edge.Caller(c.Request.Context()).Source })
	from := func(remote, forwarded string) string {
		r := b.request(t, http.MethodGet, "/api/v1/me", nil)
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		b.do(r)
		return source
	}
	client := from("203.0.113.9:1", "")
	if from("10.0.0.7:1", "203.0.113.9") != client {
		t.Error("a trusted proxy is not believed")
	}
	if from("10.0.0.7:1", "198.51.100.1, 203.0.113.9") != client {
		t.Error("what the client itself wrote into the header is believed")
	}
	if from("192.0.2.1:1", "203.0.113.9") == client {
		t.Error("an unknown proxy is believed")
	}
}

func TestKnownCallersSeeNotFoundAndMethod(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.API().GET("/things", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	b.Public().GET("/open", func(c *gin.Context) { c.Status(http.StatusNoContent) })

	wantProblem(t, b.do(b.request(t, http.MethodGet, "/api/v1/nothing", nil)), http.StatusNotFound, "not-found")
	rec := b.do(b.request(t, http.MethodDelete, "/api/v1/things", nil))
	wantProblem(t, rec, http.StatusMethodNotAllowed, "method-not-allowed")
	if rec.Header().Get("Allow") != http.MethodGet {
		t.Errorf("Allow %q", rec.Header().Get("Allow"))
	}
	seen := b.desk.seen
	open := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/open", nil)
	open.Host = "localhost"
	if rec := b.do(open); rec.Code != http.StatusNoContent || b.desk.seen != seen {
		t.Errorf("public route: %d, %d look-ups", rec.Code, b.desk.seen-seen)
	}
	slash := b.request(t, http.MethodGet, "/api/v1/things/", nil)
	wantProblem(t, b.do(slash), http.StatusNotFound, "not-found")
}
