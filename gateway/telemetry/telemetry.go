package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// maxSeries bounds the attribute sets of one metric: what comes after shares one overflow series.
const maxSeries = 1000

// Telemetry is what the process tells of itself.
type Telemetry struct {
	// Log is the operations log. It is no evidence, and holds no personal data.
	Log *slog.Logger

	tracer   *sdktrace.TracerProvider
	meter    *sdkmetric.MeterProvider
	registry *prometheus.Registry
	served   bool
	closing  sync.Once
	closed   error
}

// Option changes what Setup makes.
type Option func(*options)

type options struct{ processors []sdktrace.SpanProcessor }

// WithSpanProcessor hands every finished span to p, which an exporter stands behind. Without one, spans only give log
// lines their ids.
func WithSpanProcessor(p sdktrace.SpanProcessor) Option {
	return func(o *options) { o.processors = append(o.processors, p) }
}

// Setup makes providers that are nobody's globals; the log goes to w. The caller calls Shutdown.
func Setup(c Config, w io.Writer, opts ...Option) (*Telemetry, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	log, err := newLogger(c, w)
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	t := &Telemetry{Log: log, registry: prometheus.NewRegistry(), served: c.Metrics}
	if err := errors.Join(
		t.registry.Register(collectors.NewGoCollector()),
		t.registry.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})),
	); err != nil {
		return nil, fmt.Errorf("registering process metrics: %w", err)
	}
	exporter, err := otelprom.New(otelprom.WithRegisterer(t.registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("making the Prometheus exporter: %w", err)
	}
	t.meter = sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(exporter),
		sdkmetric.WithCardinalityLimit(maxSeries),
		sdkmetric.WithView(httpView),
	)
	traceOpts := make([]sdktrace.TracerProviderOption, 0, len(o.processors))
	for _, p := range o.processors {
		traceOpts = append(traceOpts, sdktrace.WithSpanProcessor(p))
	}
	t.tracer = sdktrace.NewTracerProvider(traceOpts...)
	return t, nil
}

// httpView keeps of the HTTP metrics only what is bounded. Host names, protocols and addresses are the client's choice.
func httpView(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
	if !strings.HasPrefix(i.Name, "http.server.") {
		return sdkmetric.Stream{}, false
	}
	return sdkmetric.Stream{
		Name: i.Name, Description: i.Description, Unit: i.Unit,
		AttributeFilter: attribute.NewAllowKeysFilter("http.request.method", "http.response.status_code", AttrRoute),
	}, true
}

// Tracer is the provider of tracers.
func (t *Telemetry) Tracer() trace.TracerProvider { return t.tracer }

// Meter is the provider of meters.
func (t *Telemetry) Meter() metric.MeterProvider { return t.meter }

// Metrics serves the metrics in a form that Prometheus reads; nil where they are turned off.
func (t *Telemetry) Metrics() http.Handler {
	if !t.served {
		return nil
	}
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry, MaxRequestsInFlight: 4})
}

// Shutdown flushes what is pending until ctx ends. Calls after the first return what the first returned.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	t.closing.Do(func() {
		if err := errors.Join(t.tracer.Shutdown(ctx), t.meter.Shutdown(ctx)); err != nil {
			t.closed = fmt.Errorf("shutting down telemetry: %w", err)
		}
	})
	return t.closed
}
