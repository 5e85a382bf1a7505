package telemetry

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Bounds of what is sent. Spans that find the queue full are dropped, never waited for.
const (
	exportTimeout = 5 * time.Second
	batchDelay    = 2 * time.Second
	batchSpans    = 512
	queueSpans    = 4096
	maxHeaders    = 16 << 10
)

// Signals, as values of AttrSignal.
const (
	signalTraces  = "traces"
	signalMetrics = "metrics"
)

// export is what goes to the collector; nil where nothing does.
type export struct {
	spans   *spanExport
	metrics *metricExport
}

// openExport prepares to send. Nothing is sent yet, and an absent collector is no error.
func openExport(c Config, log *slog.Logger) (*export, error) {
	if c.OTLPEndpoint == "" {
		return nil, nil
	}
	headers, err := readHeaders(c.OTLPHeadersFile)
	if err != nil {
		return nil, err
	}
	client, err := collector(c)
	if err != nil {
		return nil, err
	}
	ctx := context.Background() // opening does no input or output
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.signalURL("v1/traces")), otlptracehttp.WithHeaders(headers),
		otlptracehttp.WithHTTPClient(client), otlptracehttp.WithTimeout(exportTimeout),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("preparing to send traces: %w", err)
	}
	metrics, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(c.signalURL("v1/metrics")), otlpmetrichttp.WithHeaders(headers),
		otlpmetrichttp.WithHTTPClient(client), otlpmetrichttp.WithTimeout(exportTimeout),
		otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}))
	if err != nil {
		return nil, fmt.Errorf("preparing to send metrics: %w", err)
	}
	return &export{
		spans:   &spanExport{SpanExporter: spans, losses: losses{log: log, signal: signalTraces}},
		metrics: &metricExport{Exporter: metrics, losses: losses{log: log, signal: signalMetrics}},
	}, nil
}

// collector makes a client that heeds no proxy of the environment and follows nobody elsewhere with the headers.
func collector(c Config) (*http.Client, error) {
	var roots *x509.CertPool // the system's, to package tls
	if c.OTLPCAFile != "" {
		pem, err := os.ReadFile(c.OTLPCAFile)
		if err != nil {
			return nil, fmt.Errorf("otlp_ca_file: %w", err)
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(pem) {
			return nil, errors.New("otlp_ca_file holds no certificate: give certificates in PEM form")
		}
	}
	return &http.Client{
		Timeout: exportTimeout,
		Transport: &http.Transport{
			DialContext: dialer().DialContext, TLSHandshakeTimeout: exportTimeout, IdleConnTimeout: 90 * time.Second,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// readHeaders reads 'Name: value' lines. Errors repeat no line: it may be a secret.
func readHeaders(file string) (map[string]string, error) {
	headers := map[string]string{}
	if file == "" {
		return headers, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("otlp_headers_file: %w", err)
	}
	defer f.Close() //nolint:errcheck // opened for reading
	content, err := io.ReadAll(io.LimitReader(f, maxHeaders+1))
	if err != nil {
		return nil, fmt.Errorf("otlp_headers_file: %w", err)
	}
	if len(content) > maxHeaders {
		return nil, fmt.Errorf("otlp_headers_file is larger than %d bytes", maxHeaders)
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("otlp_headers_file, line %d is no header: write 'Name: value'", n)
		}
		headers[name] = value
	}
	if len(headers) == 0 {
		return nil, errors.New("otlp_headers_file holds no header: write 'Name: value', or remove the key")
	}
	return headers, lines.Err()
}

// losses counts exports that failed, and tells of the first and of the recovery. The SDK would tell a global.
type losses struct {
	log    *slog.Logger
	signal string
	lost   atomic.Int64
	down   atomic.Bool
}

// note takes the error: that telemetry is lost must not look like a failure of what is measured.
func (l *losses) note(ctx context.Context, err error) {
	if err == nil {
		if l.down.CompareAndSwap(true, false) {
			l.log.InfoContext(ctx, "the collector takes telemetry again", "signal", l.signal)
		}
		return
	}
	l.lost.Add(1)
	if l.down.CompareAndSwap(false, true) {
		l.log.WarnContext(ctx, "the collector does not take telemetry", "signal", l.signal, "cause", cause(err))
	}
}

// cause says why without the collector's prose.
func cause(err error) string {
	var untrusted *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.As(err, &untrusted):
		return untrusted.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "too slow"
	case errors.As(err, &op):
		return op.Error()
	default:
		return "it answers with an error"
	}
}

type spanExport struct {
	sdktrace.SpanExporter
	losses
}

func (e *spanExport) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	clean := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		clean[i] = scrubbed{s}
	}
	e.note(ctx, e.SpanExporter.ExportSpans(ctx, clean))
	return nil // noted
}

type metricExport struct {
	sdkmetric.Exporter
	losses
}

func (e *metricExport) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	e.note(ctx, e.Exporter.Export(ctx, m))
	return nil // noted
}
