package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/jobs"
	"safeconduct/gateway/telemetry"
	"safeconduct/transfer"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/blob/blobtest"
	"safeconduct/transfer/blob/dirblob"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/localkeys"
	"safeconduct/transfer/seal/sealtest"
)

// watching is a watch whose spans and metrics can be read.
type watching struct {
	*telemetry.Watch
	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
}

func watch(t testing.TB) watching {
	t.Helper()
	w := watching{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	m, err := telemetry.NewMeters(sdkmetric.NewMeterProvider(sdkmetric.WithReader(w.reader)))
	if err != nil {
		t.Fatal(err)
	}
	w.Watch = telemetry.NewWatch(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(w.spans)), m)
	return w
}

// ended lists spans as "name outcome".
func (w watching) ended() []string {
	var all []string
	for _, s := range w.spans.Ended() {
		outcome := ""
		for _, a := range s.Attributes() {
			if a.Key == telemetry.AttrOutcome {
				outcome = a.Value.AsString()
			}
		}
		all = append(all, s.Name()+" "+outcome)
	}
	return all
}

// counts reads a counter as "labels=value", zeros left out.
func (w watching) counts(t *testing.T, name string) []string {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := w.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if m.Name != name || !ok {
				continue
			}
			for _, p := range sum.DataPoints {
				if p.Value == 0 {
					continue
				}
				var labels []string
				for _, a := range p.Attributes.ToSlice() {
					labels = append(labels, a.Value.AsString())
				}
				found = append(found, fmt.Sprintf("%s=%d", strings.Join(labels, ","), p.Value))
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestWatchedBlobsKeepTheContract(t *testing.T) {
	w := watch(t)
	t.Run("all of it", func(t *testing.T) {
		blobtest.Run(t, func(t *testing.T) blob.Store { // its parts run at once
			s, err := dirblob.Open(filepath.Join(t.TempDir(), "objects"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() }) // the contract is tested elsewhere
			return w.Blobs(s)
		})
	})
	for _, want := range []string{"put ok", "put exists", "get ok", "get not_found", "delete ok"} {
		if !slices.Contains(w.ended(), want) {
			t.Errorf("no span %s", want)
		}
	}
}

func TestWatchedKeysKeepTheContract(t *testing.T) {
	w := watch(t)
	t.Run("all of it", func(t *testing.T) {
		sealtest.Run(t, func(t *testing.T) (seal.KeyWrapper, seal.KeyKeeper) {
			ring, err := localkeys.Open(filepath.Join(t.TempDir(), "keys.json"))
			if err != nil {
				t.Fatal(err)
			}
			return w.Keys(ring), w.Keeper(ring)
		})
	})
	for _, want := range []string{"wrap ok", "unwrap ok", "unwrap unwrap", "key ok"} {
		if !slices.Contains(w.ended(), want) {
			t.Errorf("no span %s", want)
		}
	}
}

// memory is a store of entries that begins a transaction again as often as told.
type memory struct {
	repeat int
	fail   error
	kept   []evidence.Entry
}

func (m *memory) Record(_ context.Context, e evidence.Entry) error {
	m.kept = append(m.kept, e)
	return nil
}

func (m *memory) Update(_ context.Context, fn func(evidence.Recorder) error) ([]string, error) {
	for range m.repeat + 1 {
		m.kept = nil
		if err := fn(m); err != nil {
			return nil, err
		}
	}
	return nil, m.fail
}

func (m *memory) View(_ context.Context, fn func(evidence.Recorder) error) error { return fn(m) }

func TestEntriesAreCountedOnceTheyAreCommitted(t *testing.T) {
	t.Parallel()
	entries := []evidence.Entry{
		{Kind: evidence.Decision, Phase: "REQUEST", Verdict: evidence.Refused, Codes: []string{"AGR_CLAUSE_MISSING:C1", "AGR_CLAUSE_MISSING:C2", "RBA_MISSING"}},
		{Kind: evidence.Denial, Verdict: evidence.Refused, Codes: []string{"AUTH_ROLE_DENIED"}},
		{Kind: evidence.Release, Phase: "PULL", Verdict: evidence.Allowed},
		{Kind: evidence.Delivery, Phase: "PULL", Action: authz.TransferPull},
		{Kind: evidence.Abort, Action: authz.TransferPull},
		{Kind: evidence.Abort, Action: authz.TransferUpload},
		{Kind: evidence.Change},
	}
	record := func(r evidence.Recorder) error {
		for _, e := range entries {
			if err := r.Record(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	}
	for name, tc := range map[string]struct {
		store *memory
		want  map[string][]string
	}{
		"committed at the third time": {&memory{repeat: 2}, map[string][]string{
			telemetry.MetricDecisions:     {"PULL,allowed=1", "REQUEST,refused=1", "none,refused=1"},
			telemetry.MetricRefusals:      {"AGR_CLAUSE_MISSING,REQUEST=1", "AUTH_ROLE_DENIED,none=1", "RBA_MISSING,REQUEST=1"},
			telemetry.MetricPulls:         {"aborted=1", "written=1"},
			telemetry.MetricUploadsBroken: {"=1"},
		}},
		"rolled back": {&memory{fail: evidence.ErrUnavailable}, map[string][]string{
			telemetry.MetricDecisions: nil, telemetry.MetricRefusals: nil, telemetry.MetricPulls: nil, telemetry.MetricUploadsBroken: nil,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watch(t)
			if _, err := w.Denials(tc.store).Update(t.Context(), record); !errors.Is(err, tc.store.fail) {
				t.Error(err)
			}
			for metric, want := range tc.want {
				if got := w.counts(t, metric); !slices.Equal(got, want) {
					t.Errorf("%s: %v, want %v", metric, got, want)
				}
			}
		})
	}
}

func TestJobsAreWatched(t *testing.T) {
	t.Parallel()
	w := watch(t)
	for _, j := range w.Jobs([]jobs.Job{
		{Name: "does three", Run: func(context.Context) (int, error) { return 3, nil }},
		{Name: "fails", Run: func(context.Context) (int, error) { return 0, blob.ErrUnavailable }},
	}) {
		_, err := j.Run(t.Context())
		if (err != nil) != (j.Name == "fails") {
			t.Errorf("%s: %v", j.Name, err)
		}
	}
	if got := w.counts(t, telemetry.MetricJobs); !slices.Equal(got, []string{"does three=3"}) {
		t.Errorf("counts %v", got)
	}
	if got := w.ended(); !slices.Equal(got, []string{"job ok", "job unavailable"}) {
		t.Errorf("spans %v", got)
	}
}

func TestOutcomeTellsTheKindOnly(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"ok":          nil,
		"error":       errors.New("María Fernanda"),
		"not_found":   fmt.Errorf("María Fernanda: %w", evidence.ErrNotFound),
		"refused":     &transfer.RefusedError{},
		"unavailable": errors.Join(errors.New("x"), seal.ErrUnavailable),
		"canceled":    fmt.Errorf("landing: %w", errors.Join(context.Canceled, blob.ErrUnavailable)),
		"gone":        transfer.ErrRecipientGone,
	} {
		if got := telemetry.Outcome(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestProbeAsksSeldom(t *testing.T) {
	t.Parallel()
	now, asked := time.Unix(1000, 0), 0
	p := telemetry.NewProbe("keys", func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded || ctx.Err() != nil {
			t.Error("it is asked without a bound, or with somebody else's haste")
		}
		asked++
		return seal.ErrUnavailable
	}, func() time.Time { return now }, 3*time.Second, time.Second)
	hasty, cancel := context.WithCancel(t.Context())
	cancel()
	for i, step := range []time.Duration{0, time.Second, time.Second, 2 * time.Second} {
		now = now.Add(step)
		if err := p.Run(hasty); !errors.Is(err, seal.ErrUnavailable) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

func BenchmarkStep(b *testing.B) {
	ring, err := localkeys.Open(filepath.Join(b.TempDir(), "keys.json"))
	if err != nil {
		b.Fatal(err)
	}
	const name = "agr-1"
	if err := ring.Ensure(b.Context(), name); err != nil {
		b.Fatal(err)
	}
	tel, err := telemetry.Setup(telemetry.Default(), b.Output())
	if err != nil {
		b.Fatal(err)
	}
	m, err := telemetry.NewMeters(tel.Meter())
	if err != nil {
		b.Fatal(err)
	}
	binding := seal.NewBinding("instrument", "transfer")
	for _, tc := range []struct {
		name string
		keys seal.KeyWrapper
	}{
		{"bare", ring},
		{"watched, not exported", telemetry.NewWatch(tel.Tracer(), m).Keys(ring)},
		{"watched, recording", watch(b).Keys(ring)},
	} {
		b.Run(tc.name, func(b *testing.B) {
			for b.Loop() {
				key, _, err := tc.keys.NewDataKey(b.Context(), name, binding)
				if err != nil {
					b.Fatal(err)
				}
				key.Destroy()
			}
		})
	}
}
