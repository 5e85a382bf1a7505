package telemetry_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"safeconduct/gateway/telemetry"
	"safeconduct/gateway/telemetry/telemetrytest"
	"safeconduct/transfer"
)

func exporting(endpoint string) telemetry.Config {
	c := telemetry.Default()
	c.OTLPEndpoint = endpoint
	return c
}

func written(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExportOverTLSWithHeaders(t *testing.T) {
	t.Parallel()
	c := &telemetrytest.Collector{}
	server := httptest.NewTLSServer(c)
	t.Cleanup(server.Close)
	config := exporting(server.URL)
	config.OTLPCAFile = written(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	config.OTLPHeadersFile = written(t, "\nX-Collector-Token: hush: hush\n")
	var log bytes.Buffer
	tel, err := telemetry.Setup(config, &log)
	if err != nil {
		t.Fatal(err)
	}
	m, err := telemetry.NewMeters(tel.Meter())
	if err != nil {
		t.Fatal(err)
	}
	_, end := telemetry.NewWatch(tel.Tracer(), m).Begin(t.Context(), transfer.StepSeal)
	end(nil)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	traces, metrics, headers := c.Taken()
	if len(traces) == 0 || !strings.Contains(traces[0], `"seal"`) {
		t.Errorf("traces %v", traces)
	}
	if len(metrics) == 0 || !strings.Contains(metrics[0], telemetry.MetricSteps) || !strings.Contains(metrics[0], "service.instance.id") {
		t.Errorf("metrics %v", metrics)
	}
	if headers[0].Get("X-Collector-Token") != "hush: hush" {
		t.Errorf("headers %v", headers[0])
	}
	if strings.Contains(log.String(), "hush") {
		t.Errorf("the log holds the secret: %s", log.String())
	}
}

func TestExportLosesRatherThanFails(t *testing.T) {
	t.Parallel()
	for name, endpoint := range map[string]func(t *testing.T) string{
		"refusing": func(t *testing.T) string {
			_, s := telemetrytest.Collect(t, http.StatusServiceUnavailable)
			return s.URL
		},
		"absent": func(t *testing.T) string { _, s := telemetrytest.Collect(t, 0); s.Close(); return s.URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			tel, err := telemetry.Setup(exporting(endpoint(t)), &log)
			if err != nil {
				t.Fatal(err)
			}
			tracer := tel.Tracer().Tracer("any")
			for range 20_000 { // many times the queue: what does not fit is dropped
				_, span := tracer.Start(t.Context(), "s")
				span.End()
			}
			if err := tel.Shutdown(t.Context()); err != nil {
				t.Errorf("a lost export is a failure: %v", err)
			}
			if got := log.String(); !strings.Contains(got, "the collector does not take telemetry") || strings.Contains(got, "no room") {
				t.Errorf("log %q", got)
			}
			if lines := strings.Count(log.String(), "\n"); lines > 2 { // one for each signal
				t.Errorf("%d lines:\n%s", lines, log.String())
			}
		})
	}
}

func TestExportScrubs(t *testing.T) {
	t.Parallel()
	const secret = "Xochiquetzal"
	c, server := telemetrytest.Collect(t, 0)
	tel, err := telemetry.Setup(exporting(server.URL), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	m, err := telemetry.NewMeters(tel.Meter())
	if err != nil {
		t.Fatal(err)
	}
	state, err := trace.ParseTraceState("vendor=" + secret)
	if err != nil {
		t.Fatal(err)
	}
	remote := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceState: state, Remote: true})
	watch := telemetry.NewWatch(tel.Tracer(), m)
	ctx, end := watch.Begin(t.Context(), transfer.StepPull)
	inner, span := tel.Tracer().Tracer("library").Start(ctx, "library", trace.WithLinks(trace.Link{SpanContext: remote}))
	span.SetAttributes(attribute.String("http.read_error", secret), attribute.String("http.request.method", "GET"))
	span.RecordError(errors.New(secret))
	span.End()
	watch.Sent(inner, 5)
	end(errors.New(secret))
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	traces, metrics, _ := c.Taken()
	all := strings.Join(append(traces, metrics...), "\n")
	if strings.Contains(all, secret) {
		t.Errorf("it left the process:\n%s", all)
	}
	for _, want := range []string{"http.request.method", `"library"`, `"pull"`, `"error"`} {
		if !strings.Contains(all, want) {
			t.Errorf("%s was not exported", want)
		}
	}
}

func TestExportSampling(t *testing.T) {
	t.Parallel()
	c, server := telemetrytest.Collect(t, 0)
	config := exporting(server.URL)
	config.OTLPTraces = 0
	tel, err := telemetry.Setup(config, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	_, span := tel.Tracer().Tracer("any").Start(t.Context(), "s")
	if !span.SpanContext().IsValid() || span.IsRecording() {
		t.Error("a span that is not sampled has ids, and records nothing")
	}
	span.End()
	if err := tel.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if traces, _, _ := c.Taken(); len(traces) != 0 {
		t.Errorf("traces %v", traces)
	}
}

func TestExportRefusesItsFiles(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*telemetry.Config){
		"no headers file": func(c *telemetry.Config) { c.OTLPHeadersFile = "/nowhere" },
		"empty headers":   func(c *telemetry.Config) { c.OTLPHeadersFile = written(t, "\n") },
		"no header":       func(c *telemetry.Config) { c.OTLPHeadersFile = written(t, "hushhush\n") },
		"too long":        func(c *telemetry.Config) { c.OTLPHeadersFile = written(t, "A: "+strings.Repeat("b", 20<<10)) },
		"no CA file":      func(c *telemetry.Config) { c.OTLPCAFile = "/nowhere" },
		"no certificate":  func(c *telemetry.Config) { c.OTLPCAFile = written(t, "x") },
		"CA over http":    func(c *telemetry.Config) { c.OTLPEndpoint, c.OTLPCAFile = "http://localhost:1", written(t, "x") },
		"no endpoint":     func(c *telemetry.Config) { c.OTLPEndpoint, c.OTLPCAFile = "", written(t, "x") },
		"user in the URL": func(c *telemetry.Config) { c.OTLPEndpoint = "https://user:hushhush@localhost:1" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := exporting("https://localhost:1")
			change(&c)
			_, err := telemetry.Setup(c, io.Discard)
			if err == nil || !strings.Contains(err.Error(), "otlp_") || strings.Contains(err.Error(), "hushhush") {
				t.Errorf("error %v", err)
			}
		})
	}
}
