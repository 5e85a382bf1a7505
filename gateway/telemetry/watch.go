package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"safeconduct/gateway/jobs"
	"safeconduct/transfer"
)

// Watch gives each step a span and a duration, and ports that do so for what goes through them. It is safe for
// concurrent use.
type Watch struct {
	tracer trace.Tracer
	meters *Meters
}

var _ transfer.Observer = (*Watch)(nil)

// NewWatch watches with spans of p and the instruments of m.
func NewWatch(p trace.TracerProvider, m *Meters) *Watch {
	return &Watch{tracer: p.Tracer(Scope), meters: m}
}

// Unwatched tells nobody.
func Unwatched() (*Watch, error) {
	m, err := NewMeters(metricnoop.NewMeterProvider())
	if err != nil {
		return nil, err
	}
	return NewWatch(tracenoop.NewTracerProvider(), m), nil
}

// Meters are the instruments that it measures with.
func (w *Watch) Meters() *Meters { return w.meters }

// Begin implements transfer.Observer. Of the error that ends the step only its kind is told.
func (w *Watch) Begin(ctx context.Context, step transfer.Step) (context.Context, func(error)) {
	return w.begin(ctx, step)
}

func (w *Watch) begin(ctx context.Context, step transfer.Step, more ...attribute.KeyValue) (context.Context, func(error)) {
	begun := time.Now()
	ctx, span := w.tracer.Start(ctx, string(step), trace.WithTimestamp(begun))
	return ctx, func(err error) { w.end(ctx, span, step, begun, err, more) }
}

// end ends the span and measures: with the monotonic clock, which is no business of the injected one.
func (w *Watch) end(ctx context.Context, span trace.Span, step transfer.Step, begun time.Time, err error, more []attribute.KeyValue) {
	outcome := Outcome(err)
	attrs := append([]attribute.KeyValue{AttrOutcome.String(outcome)}, more...)
	if span.IsRecording() {
		span.SetAttributes(attrs...)
		if err != nil {
			span.SetStatus(codes.Error, outcome)
		}
	}
	w.meters.steps.Record(ctx, time.Since(begun).Seconds(), with(append(attrs, AttrStep.String(string(step)))...))
	span.End()
}

// Sealed implements transfer.Observer.
func (w *Watch) Sealed(ctx context.Context, bytes int64) { w.meters.sealed.Add(ctx, bytes) }

// Sent implements transfer.Observer.
func (w *Watch) Sent(ctx context.Context, bytes int64) { w.meters.released.Add(ctx, bytes) }

// Jobs watches each job: a step of its own, a count of what it did, and the age of its last success.
func (w *Watch) Jobs(list []jobs.Job) []jobs.Job {
	watched := make([]jobs.Job, 0, len(list))
	for _, j := range list {
		name, run := AttrJob.String(j.Name), j.Run
		w.meters.jobs.Add(context.Background(), 0, with(name))
		w.meters.succeeded.now(name, w.meters.now())
		watched = append(watched, jobs.Job{Name: j.Name, Run: func(ctx context.Context) (int, error) {
			ctx, end := w.begin(ctx, StepJob, name)
			n, err := run(ctx)
			end(err)
			w.meters.jobs.Add(ctx, int64(n), with(name))
			if err == nil {
				w.meters.succeeded.now(name, w.meters.now())
			}
			return n, err
		}})
	}
	return watched
}
