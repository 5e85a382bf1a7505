package edge_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/gateway/edge"
	"safeconduct/gateway/telemetry/telemetrytest"
	"safeconduct/transfer/gate"
)

// desk knows one token.
type desk struct {
	secret string
	caller authz.Caller
	err    error // what it answers instead of reading its register

	mu   sync.Mutex
	seen int
}

func (d *desk) Authenticate(_ context.Context, s identity.Secret) (authz.Caller, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen++
	if d.err != nil {
		return authz.Caller{}, d.err
	}
	if s.Reveal() != d.secret {
		return authz.Caller{}, identity.ErrUnknown
	}
	return d.caller, nil
}

type bench struct {
	*edge.Server
	desk  *desk
	log   *telemetrytest.Log
	token string
}

type change func(*edge.Config, *edge.Deps)

func providers(t trace.TracerProvider, m metric.MeterProvider) change {
	return func(_ *edge.Config, d *edge.Deps) { d.Tracer, d.Meter = t, m }
}

func newBench(t *testing.T, changes ...change) *bench {
	t.Helper()
	secret, err := identity.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mends, err := gate.Mends()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{
		desk: &desk{secret: secret.Reveal(), caller: authz.Caller{Person: "p1", Token: "t1", Assurance: authz.AssuranceMFA}},
		log:  &telemetrytest.Log{}, token: secret.Reveal(),
	}
	c := edge.Default()
	c.Listen = "127.0.0.1:0"
	deps := edge.Deps{
		Identity: b.desk, Mends: mends, Log: slog.New(slog.NewJSONHandler(b.log, nil)), Now: time.Now, Random: rand.Reader,
		Tracer: tracenoop.NewTracerProvider(), Meter: metricnoop.NewMeterProvider(),
	}
	for _, f := range changes {
		f(&c, &deps)
	}
	if b.Server, err = edge.New(c, deps); err != nil {
		t.Fatal(err)
	}
	return b
}

// request is one from this machine, with the token of the bench.
func (b *bench) request(t *testing.T, method, target string, body io.Reader) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, body)
	r.Host = "localhost"
	r.Header.Set("Authorization", "Bearer "+b.token)
	return r
}

func (b *bench) do(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	b.Handler().ServeHTTP(rec, r)
	return rec
}

func problemIn(t *testing.T, rec *httptest.ResponseRecorder) edge.Problem {
	t.Helper()
	var p edge.Problem
	if ct := rec.Header().Get("Content-Type"); ct != edge.ProblemType {
		t.Fatalf("content type %q of %d %s", ct, rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != rec.Code {
		t.Errorf("the problem says %d, the status line %d", p.Status, rec.Code)
	}
	return p
}

// explosive fails the test when it is read.
type explosive struct{ t *testing.T }

func (e explosive) Read([]byte) (int, error) {
	e.t.Error("the body was read")
	return 0, errors.New("read")
}

func wantProblem(t *testing.T, rec *httptest.ResponseRecorder, status int, kind string) edge.Problem {
	t.Helper()
	p := problemIn(t, rec)
	if rec.Code != status || p.Type != "urn:safeconduct:"+kind {
		t.Errorf("answer %d %s, want %d %s", rec.Code, p.Type, status, kind)
	}
	if p.RequestID == "" || p.RequestID != rec.Header().Get("X-Request-Id") || !strings.HasSuffix(p.Instance, p.RequestID) {
		t.Errorf("request id %q, header %q, instance %q", p.RequestID, rec.Header().Get("X-Request-Id"), p.Instance)
	}
	return p
}

func codes(p edge.Problem) string {
	var all []string
	for _, r := range p.Refusals {
		all = append(all, string(r.Code))
	}
	return strings.Join(all, " ")
}
