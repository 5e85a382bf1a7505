package edge_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"safeconduct/gateway/edge"
	"safeconduct/gateway/telemetry"
)

func ok(c *gin.Context) { c.String(http.StatusOK, "fine") }

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.API().GET("/things", ok)
	for _, path := range []string{"/api/v1/things", "/api/v1/nothing", "/elsewhere"} {
		h := b.do(b.request(t, http.MethodGet, path, nil)).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	named := func(c *edge.Config, _ *edge.Deps) {
		c.Listen, c.AllowedHosts = "0.0.0.0:0", []string{"Gate.example.org"}
	}
	anywhere := func(c *edge.Config, _ *edge.Deps) { c.Listen = "0.0.0.0:0" }
	for _, c := range []struct {
		name    string
		change  change
		host    string
		allowed bool
	}{
		{"loopback", nil, "localhost:8080", true},
		{"loopback address", nil, "127.0.0.1:1", true},
		{"loopback v6", nil, "[::1]:1", true},
		{"loopback, final dot and case", nil, "LocalHost.:1", true},
		{"rebound name", nil, "evil.example:8080", false},
		{"prefix", nil, "localhost.evil.example", false},
		{"none", nil, "", false},
		{"named", named, "gate.example.org:443", true},
		{"not named", named, "localhost", false},
		{"any", anywhere, "whatever.example", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			changes := []change{}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			b := newBench(t, changes...)
			b.API().GET("/things", ok)
			r := b.request(t, http.MethodGet, "/api/v1/things", nil)
			r.Host = c.host
			r.Header.Set("X-Forwarded-Host", "localhost") // never believed
			rec := b.do(r)
			if c.allowed && rec.Code != http.StatusOK {
				t.Errorf("answer %d %s", rec.Code, rec.Body)
			}
			if !c.allowed {
				wantProblem(t, rec, http.StatusMisdirectedRequest, "misdirected")
			}
		})
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.API().POST("/things", ok)
	b.API().GET("/things", ok)
	send := func(method, name, value string) *httptest.ResponseRecorder {
		r := b.request(t, method, "/api/v1/things", nil)
		r.Header.Set(name, value)
		return b.do(r)
	}
	wantProblem(t, send(http.MethodPost, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden, "cross-origin")
	wantProblem(t, send(http.MethodPost, "Origin", "https://evil.example"), http.StatusForbidden, "cross-origin")
	for _, rec := range []*httptest.ResponseRecorder{
		send(http.MethodGet, "Sec-Fetch-Site", "cross-site"), send(http.MethodPost, "Sec-Fetch-Site", "same-origin"), send(http.MethodPost, "Accept", "*/*"),
	} {
		if rec.Code != http.StatusOK {
			t.Errorf("answer %d %s", rec.Code, rec.Body)
		}
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.API().GET("/value", func(*gin.Context) { panic("Amina's file") })
	enter := func(m map[string]int) { m["x"] = 1 }
	b.API().GET("/runtime", func(*gin.Context) { enter(nil) })
	b.API().GET("/late", func(c *gin.Context) {
		c.String(http.StatusOK, "half")
		panic("late")
	})
	wantProblem(t, b.do(b.request(t, http.MethodGet, "/api/v1/value", nil)), http.StatusInternalServerError, "internal")
	wantProblem(t, b.do(b.request(t, http.MethodGet, "/api/v1/runtime", nil)), http.StatusInternalServerError, "internal")
	log := b.log.String()
	if strings.Contains(log, "Amina") || !strings.Contains(log, "panic of type string") || !strings.Contains(log, "nil map") || !strings.Contains(log, "middleware_test.go") {
		t.Errorf("log %s", log)
	}
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // as net/http does
				t.Errorf("recovered %v: a begun answer must break the connection", v)
			}
		}()
		b.do(b.request(t, http.MethodGet, "/api/v1/late", nil))
	}()
	if !strings.Contains(b.log.String(), `"broken":true`) {
		t.Errorf("log %s", b.log)
	}
}

// What a request holds of a person must be in no log line, span or metric.
func TestNothingPersonalIsLoggedOrTraced(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	tel, err := telemetry.Setup(telemetry.Default(), io.Discard, telemetry.WithSpanProcessor(sdktrace.SpanProcessor(spans)))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, providers(tel.Tracer(), tel.Meter()))
	b.API().POST("/things/:id", func(c *gin.Context) {
		if _, err := io.Copy(io.Discard, c.Request.Body); err != nil {
			t.Error(err)
		}
		edge.WriteProblem(c, edge.ErrMalformed)
	})
	planted := []string{b.token, "CASE-4711", "secretquery", "198.51.100.77", "Amina", "PlantedAgent", "planted-id", "0af7651916cd43dd8448eb211c80319c", "X-Planted"}
	for _, path := range []string{"/api/v1/things/CASE-4711?q=secretquery", "/api/v1/CASE-4711?q=secretquery", "/CASE-4711"} {
		r := b.request(t, http.MethodPost, path, strings.NewReader(`{"Amina":"Amina"}`))
		r.RemoteAddr = "198.51.100.77:1234"
		r.Header.Set("User-Agent", "PlantedAgent")
		r.Header.Set("X-Request-Id", "planted-id")
		r.Header.Set("X-Forwarded-For", "198.51.100.77")
		r.Header.Set("X-Planted", "X-Planted")
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		r.Header.Set("Tracestate", "vendor=Amina")
		r.Header.Set("Baggage", "name=Amina")
		b.do(r)
	}
	metrics := httptest.NewRecorder()
	tel.Metrics().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var traced strings.Builder
	for _, s := range spans.Ended() {
		traced.WriteString(s.Name() + " " + s.SpanContext().TraceID().String())
		if len(s.Links()) > 0 || s.Parent().IsValid() || s.SpanContext().TraceState().Len() > 0 {
			t.Errorf("span %s takes something of a trace that a client sent", s.Name())
		}
		for _, a := range s.Attributes() {
			traced.WriteString(" " + string(a.Key) + "=" + a.Value.String())
		}
		traced.WriteString("\n")
	}
	for where, text := range map[string]string{"log": b.log.String(), "spans": traced.String(), "metrics": metrics.Body.String()} {
		for _, p := range planted {
			if strings.Contains(text, p) {
				t.Errorf("%q is in the %s:\n%s", p, where, text)
			}
		}
	}
	if !strings.Contains(traced.String(), "POST /api/v1/things/:id ") || !strings.Contains(traced.String(), "POST unmatched ") {
		t.Errorf("spans %s", traced.String())
	}
	if !strings.Contains(metrics.Body.String(), `http_route="/api/v1/things/:id"`) {
		t.Errorf("metrics %s", metrics.Body)
	}
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.API().GET("/things/:id", ok)
	b.do(b.request(t, http.MethodGet, "/api/v1/things/7", nil))
	b.do(b.request(t, "BREW", "/api/v1/things/7", nil))
	lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("log %q", lines)
	}
	type line struct {
		Msg, Method, Route, Problem string
		RequestID                   string `json:"request_id"`
		Status, Bytes               int
		Duration                    *float64 `json:"duration_seconds"`
	}
	for i, want := range []line{
		{Msg: "request", Method: "GET", Route: "/api/v1/things/:id", Status: 200, Bytes: 4},
		{Msg: "request", Method: "other", Route: "unmatched", Status: 405, Problem: "urn:safeconduct:method-not-allowed"},
	} {
		var got line
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		if got.RequestID == "" || got.Duration == nil {
			t.Errorf("line %s", lines[i])
		}
		got.RequestID, got.Duration = "", nil
		if want.Bytes == 0 {
			want.Bytes = got.Bytes
		}
		if got != want {
			t.Errorf("line %+v, want %+v", got, want)
		}
	}
}
