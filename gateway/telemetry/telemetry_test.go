package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"safeconduct/gateway/telemetry"
	"safeconduct/transfer"
)

func setup(t *testing.T, c telemetry.Config, w io.Writer, opts ...telemetry.Option) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.Setup(c, w, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tel.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return tel
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if err := telemetry.Default().Validate(); err != nil {
		t.Errorf("default: %v", err)
	}
	bad := telemetry.Config{LogLevel: "loud", LogFormat: "xml", OTLPEndpoint: "http://collector.example.org", OTLPTraces: 101}
	err := bad.Validate()
	for _, want := range []string{`log_level "loud"`, "debug, info, warn or error", `log_format "xml"`, "json or text", "otlp_endpoint", "otlp_traces_percent", "otlp_interval"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
	if _, err := telemetry.Setup(bad, io.Discard); err == nil {
		t.Error("a bad configuration was set up")
	}
}

func TestLogCarriesTrace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tel := setup(t, telemetry.Default(), &out)
	ctx, span := tel.Tracer().Tracer(telemetry.Scope).Start(context.Background(), string(transfer.StepCommit))
	defer span.End()
	tel.Log.With("part", "edge").WithGroup("g").With("a", 1).InfoContext(ctx, "hello", "b", 2)

	var line struct {
		Trace string `json:"trace_id"`
		Span  string `json:"span_id"`
		Part  string
		Msg   string
		G     struct{ A, B int }
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, out.Bytes())
	}
	sc := span.SpanContext()
	if line.Trace != sc.TraceID().String() || line.Span != sc.SpanID().String() || line.Part != "edge" || line.G.A != 1 || line.G.B != 2 {
		t.Errorf("line %s", out.Bytes())
	}

	out.Reset()
	tel.Log.InfoContext(context.Background(), "outside")
	if strings.Contains(out.String(), "trace_id") {
		t.Errorf("a trace where there is none: %s", out.String())
	}
}

func TestLogFormatAndLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tel := setup(t, telemetry.Config{LogLevel: "warn", LogFormat: telemetry.FormatText}, &out)
	tel.Log.Info("quiet")
	tel.Log.Warn("loud", slog.Int("n", 3))
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "level=WARN msg=loud n=3") {
		t.Errorf("log %q", got)
	}
	if tel.Metrics() != nil {
		t.Error("metrics are served though they are turned off")
	}
}

func scrape(t *testing.T, h http.Handler) string {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	tel := setup(t, telemetry.Default(), io.Discard)
	meter := tel.Meter().Meter(telemetry.Scope)
	count, err := meter.Int64Counter(telemetry.MetricDecisions)
	if err != nil {
		t.Fatal(err)
	}
	count.Add(t.Context(), 2, metric.WithAttributes(telemetry.AttrPhase.String("PULL"), telemetry.AttrVerdict.String("refused")))
	for _, want := range []string{
		`safeconduct_gate_decisions_total{safeconduct_phase="PULL",safeconduct_verdict="refused"} 2`, "go_goroutines", "process_start_time_seconds",
	} {
		if got := scrape(t, tel.Metrics()); !strings.Contains(got, want) {
			t.Errorf("metrics lack %s:\n%s", want, got)
		}
	}
}

func TestHTTPMetricsKeepBoundedAttributesOnly(t *testing.T) {
	t.Parallel()
	tel := setup(t, telemetry.Default(), io.Discard)
	h, err := tel.Meter().Meter("any").Float64Histogram("http.server.request.duration", metric.WithUnit("s"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		h.Record(t.Context(), 0.1, metric.WithAttributes(
			attribute.String("server.address", fmt.Sprintf("host-%d", i)), attribute.String("http.request.method", "GET"), telemetry.AttrRoute.String("/x/:id")))
	}
	got := scrape(t, tel.Metrics())
	if strings.Contains(got, "host-") || !strings.Contains(got, `http_server_request_duration_seconds_count{http_request_method="GET",http_route="/x/:id"} 50`) {
		t.Errorf("metrics:\n%s", got)
	}
}

func TestSpansReachTheProcessorAndNoGlobalIsSet(t *testing.T) {
	t.Parallel()
	before := otel.GetTracerProvider()
	spans := tracetest.NewSpanRecorder()
	tel := setup(t, telemetry.Default(), io.Discard, telemetry.WithSpanProcessor(sdktrace.SpanProcessor(spans)))
	_, span := tel.Tracer().Tracer(telemetry.Scope).Start(t.Context(), string(transfer.StepPull))
	span.End()
	if ended := spans.Ended(); len(ended) != 1 || ended[0].Name() != string(transfer.StepPull) {
		t.Errorf("spans %v", ended)
	}
	if otel.GetTracerProvider() != before {
		t.Error("the global tracer provider was set")
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Errorf("second: %v", err)
	}
}
