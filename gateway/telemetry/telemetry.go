package telemetry

import (
	"context"
	"crypto/rand"
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
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"
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

// WithSpanProcessor hands every finished span to p, beside what the configuration says.
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
	sent, err := openExport(c, log)
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
	who := identity()
	if err := t.measure(c, sent, who); err != nil {
		return nil, err
	}
	t.trace(c, sent, who, o.processors)
	return t, nil
}

// identity tells replicas apart; nothing of the machine or the environment goes in.
func identity() *resource.Resource {
	return resource.NewSchemaless(
		attribute.String("service.name", Scope), attribute.String("service.instance.id", rand.Text()),
	)
}

func (t *Telemetry) measure(c Config, sent *export, who *resource.Resource) error {
	exporter, err := otelprom.New(otelprom.WithRegisterer(t.registry), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return fmt.Errorf("making the Prometheus exporter: %w", err)
	}
	opts := []sdkmetric.Option{
		sdkmetric.WithResource(who), sdkmetric.WithReader(exporter), sdkmetric.WithCardinalityLimit(maxSeries), sdkmetric.WithView(httpView),
		sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter),
	}
	if sent != nil {
		opts = append(opts, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(sent.metrics,
			sdkmetric.WithInterval(c.OTLPInterval), sdkmetric.WithTimeout(exportTimeout))))
	}
	t.meter = sdkmetric.NewMeterProvider(opts...)
	_, err = t.meter.Meter(Scope).Int64ObservableCounter(MetricLost, metric.WithDescription("exports that the collector did not take"),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			if sent == nil {
				o.Observe(0, with(AttrSignal.String(signalTraces)))
				return nil
			}
			o.Observe(sent.spans.lost.Load(), with(AttrSignal.String(signalTraces)))
			o.Observe(sent.metrics.lost.Load(), with(AttrSignal.String(signalMetrics)))
			return nil
		}))
	if err != nil {
		return fmt.Errorf("making the metric of lost exports: %w", err)
	}
	return nil
}

// trace samples by the id of the trace, which is drawn here: no client decides. Where nobody takes spans none is
// recorded; they still give log lines their ids.
func (t *Telemetry) trace(c Config, sent *export, who *resource.Resource, processors []sdktrace.SpanProcessor) {
	opts := []sdktrace.TracerProviderOption{sdktrace.WithResource(who)}
	if sent != nil {
		processors = append(processors, sdktrace.NewBatchSpanProcessor(sent.spans, sdktrace.WithMaxQueueSize(queueSpans),
			sdktrace.WithMaxExportBatchSize(batchSpans), sdktrace.WithBatchTimeout(batchDelay), sdktrace.WithExportTimeout(exportTimeout)))
	}
	share := sdktrace.NeverSample()
	if len(processors) > 0 {
		share = sdktrace.TraceIDRatioBased(float64(c.OTLPTraces) / 100)
	}
	opts = append(opts, sdktrace.WithSampler(sdktrace.ParentBased(share)))
	for _, p := range processors {
		opts = append(opts, sdktrace.WithSpanProcessor(p))
	}
	t.tracer = sdktrace.NewTracerProvider(opts...)
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
