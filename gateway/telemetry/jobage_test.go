package telemetry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"safeconduct/gateway/jobs"
	"safeconduct/gateway/telemetry"
)

// The age of the last success of a job begins with the process, and only a success ends it.
func TestJobAge(t *testing.T) {
	t.Parallel()
	now, fail := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), errors.New("broken")
	reader := sdkmetric.NewManualReader()
	m, err := telemetry.NewMeters(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), telemetry.WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	job := telemetry.NewWatch(tracenoop.NewTracerProvider(), m).Jobs([]jobs.Job{{Name: "expires", Run: func(context.Context) (int, error) { return 0, fail }}})[0]
	age := func() float64 {
		t.Helper()
		var all metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		for _, scope := range all.ScopeMetrics {
			for _, one := range scope.Metrics {
				gauge, ok := one.Data.(metricdata.Gauge[float64])
				if one.Name != telemetry.MetricJobAge || !ok {
					continue
				}
				if len(gauge.DataPoints) != 1 {
					t.Fatalf("%d jobs", len(gauge.DataPoints))
				}
				if name, _ := gauge.DataPoints[0].Attributes.Value(telemetry.AttrJob); name.AsString() != "expires" {
					t.Errorf("of %q", name.AsString())
				}
				return gauge.DataPoints[0].Value
			}
		}
		t.Fatal("there is no age")
		return 0
	}
	for _, step := range []struct {
		fails bool
		want  float64
	}{{true, 60}, {true, 120}, {false, 0}, {true, 60}} {
		now = now.Add(time.Minute)
		if fail = nil; step.fails {
			fail = errors.New("broken")
		}
		if _, err := job.Run(t.Context()); (err != nil) != step.fails {
			t.Fatal(err)
		}
		if got := age(); got != step.want {
			t.Errorf("%g seconds, want %g", got, step.want)
		}
	}
}
