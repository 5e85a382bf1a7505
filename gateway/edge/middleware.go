package edge

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// apiPath is the root of what needs an identity.
const apiPath = "/api/v1"

// unmatched stands in logs and traces for every path that no route has.
const unmatched = "unmatched"

// begin tells the scope which route was found.
func (s *Server) begin(c *gin.Context) {
	sc, ok := scopeOf(c.Request.Context())
	if !ok {
		c.AbortWithStatus(http.StatusInternalServerError) // the engine was mounted without its edge: nothing may pass
		return
	}
	sc.route = unmatched
	if template := c.FullPath(); template != "" {
		sc.route = template
	}
	c.Header("X-Request-Id", sc.id)
}

// record writes one line per request that passed the door: the template of the route, never the path, the query or the
// address.
func (s *Server) record(c *gin.Context) {
	start := s.deps.Now()
	ended := false
	defer func() {
		sc, _ := scopeOf(c.Request.Context())
		if sc.counted {
			return
		}
		attrs := []slog.Attr{
			slog.String("request_id", sc.id), slog.String("method", method(c.Request.Method)), slog.String("route", sc.route),
			slog.Int("status", c.Writer.Status()), slog.Int("bytes", max(0, c.Writer.Size())),
			slog.Float64("duration_seconds", s.deps.Now().Sub(start).Seconds()),
		}
		if sc.problem != "" {
			attrs = append(attrs, slog.String("problem", sc.problem))
		}
		if !ended { // a panic goes by: the connection breaks
			attrs = append(attrs, slog.Bool("broken", true))
		}
		s.deps.Log.LogAttrs(c.Request.Context(), slog.LevelInfo, "request", attrs...)
	}()
	c.Next()
	ended = true
}

// method names the methods that exist; a client may send any word.
func method(m string) string {
	known := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace, http.MethodConnect,
	}
	if slices.Contains(known, m) {
		return m
	}
	return "other"
}

// rescue turns a panic into an internal problem. The log gets the stack and the panic's type; its text only where it is
// the runtime's own, since another may hold a value.
func (s *Server) rescue(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, and v is no error by type
			panic(v)
		}
		cause := fmt.Sprintf("panic of type %T", v)
		if r, ok := v.(runtime.Error); ok {
			cause = r.Error()
		}
		sc, _ := scopeOf(c.Request.Context())
		s.deps.Log.LogAttrs(c.Request.Context(), slog.LevelError, "panic",
			slog.String("request_id", sc.id), slog.String("route", sc.route), slog.String("cause", cause),
			slog.String("stack", string(debug.Stack())))
		WriteProblem(c, errPanic)
	}()
	c.Next()
}

// secure sets what every answer carries; pages may set a content policy of their own.
func (s *Server) secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if underAPI(c.Request.URL.Path) || c.FullPath() == "" {
		h.Set("Cache-Control", "no-store")
	}
	if s.config.TLSCertFile != "" {
		h.Set("Strict-Transport-Security", fmt.Sprintf("max-age=%d", int((365*24*time.Hour).Seconds())))
	}
}

// host refuses names that are not ours: a page of another site whose name was made to point here (DNS rebinding).
func (s *Server) host(c *gin.Context) {
	if len(s.hosts) > 0 && !slices.Contains(s.hosts, canonicalHost(c.Request.Host)) {
		WriteProblem(c, errHost)
	}
}

// crossOrigin refuses unsafe requests that a browser sends on behalf of another site.
func (s *Server) crossOrigin(c *gin.Context) {
	if err := s.origins.Check(c.Request); err != nil {
		WriteProblem(c, errCrossOrigin)
	}
}

// unrouted answers where there is no route; under the API only to whoever is known.
func (s *Server) unrouted(err error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if underAPI(c.Request.URL.Path) && !s.known(c) {
			return
		}
		WriteProblem(c, err)
	}
}

func underAPI(path string) bool {
	return path == apiPath || strings.HasPrefix(path, apiPath+"/")
}

// canonicalHost is a Host header without port, brackets and final dot, in lower case.
func canonicalHost(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// hostsFor is what the Host header may name; empty means any.
func hostsFor(c Config) []string {
	if len(c.AllowedHosts) == 0 && Loopback(c.Listen) {
		return LoopbackHosts()
	}
	hosts := make([]string, 0, len(c.AllowedHosts))
	for _, h := range c.AllowedHosts {
		hosts = append(hosts, canonicalHost(h))
	}
	return hosts
}

// LoopbackHosts are the names of this machine to itself.
func LoopbackHosts() []string { return []string{"localhost", "127.0.0.1", "::1"} }
