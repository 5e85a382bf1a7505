package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/gate"
)

// Meters are the instruments of the system. They are safe for concurrent use.
type Meters struct {
	meter metric.Meter
	now   func() time.Time

	decisions, refusals, entries, tampered, limited metric.Int64Counter
	sealed, released, broken, pulls, jobs           metric.Int64Counter
	steps                                           metric.Float64Histogram
	sound                                           metric.Int64Gauge
	verified                                        atomic.Int64 // Unix microseconds
	succeeded                                       successes
}

// MetersOption changes what NewMeters makes.
type MetersOption func(*Meters)

// WithClock tells the time by now; without it that is the machine's.
func WithClock(now func() time.Time) MetersOption { return func(m *Meters) { m.now = now } }

// NewMeters makes the instruments on p. Counters of a fixed set of attributes begin at zero, so that a rate is known from
// the first event on.
func NewMeters(p metric.MeterProvider, opts ...MetersOption) (*Meters, error) {
	m := &Meters{meter: p.Meter(Scope), now: time.Now}
	for _, opt := range opts {
		opt(m)
	}
	m.verified.Store(m.now().UnixMicro())
	err := errors.Join(
		m.counter(&m.decisions, MetricDecisions, "", "decisions of the gate, and denials outside it"),
		m.counter(&m.refusals, MetricRefusals, "", "codes of refusals, each once per decision"),
		m.counter(&m.entries, MetricEntries, "", "entries of the evidence log that this process placed"),
		m.counter(&m.tampered, MetricTampered, "", "rows of authority whose tag is wrong"),
		m.counter(&m.limited, MetricLimited, "", ""), // gateway/edge counts it; it begins here, and must be described alike
		m.counter(&m.sealed, MetricSealedBytes, "By", "plaintext sealed"),
		m.counter(&m.released, MetricReleasedBytes, "By", "plaintext written to partners"),
		m.counter(&m.broken, MetricUploadsBroken, "", "uploads that broke off"),
		m.counter(&m.pulls, MetricPulls, "", "deliveries that ended"),
		m.counter(&m.jobs, MetricJobs, "", "things that jobs of the clock did"),
		m.gauges(),
	)
	if err != nil {
		return nil, fmt.Errorf("making the metrics: %w", err)
	}
	m.zero()
	return m, nil
}

func (m *Meters) counter(into *metric.Int64Counter, name, unit, about string) (err error) {
	*into, err = m.meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(about))
	return err
}

// gauges makes what is no counter. The buckets reach from a microsecond's work to a delivery of an hour.
func (m *Meters) gauges() (err error) {
	var failed error
	m.steps, err = m.meter.Float64Histogram(MetricSteps, metric.WithUnit("s"), metric.WithDescription("how long steps took"),
		metric.WithExplicitBucketBoundaries(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120, 600, 3600))
	failed = errors.Join(failed, err)
	m.sound, err = m.meter.Int64Gauge(MetricLogSound, metric.WithDescription("whether the last verification found the log sound"))
	failed = errors.Join(failed, err)
	_, err = m.meter.Float64ObservableGauge(MetricVerified, metric.WithUnit("s"), metric.WithDescription("since the last verification of the log, or the start"),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			o.Observe(m.now().Sub(time.UnixMicro(m.verified.Load())).Seconds())
			return nil
		}))
	failed = errors.Join(failed, err)
	_, err = m.meter.Float64ObservableGauge(MetricJobAge, metric.WithUnit("s"), metric.WithDescription("since a job last succeeded in this process, or the start"),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			m.succeeded.each(func(job attribute.KeyValue, last time.Time) {
				o.Observe(m.now().Sub(last).Seconds(), metric.WithAttributes(job))
			})
			return nil
		}))
	return errors.Join(failed, err)
}

// successes are when each job of the clock last succeeded here. Zero is empty.
type successes struct {
	mu   sync.Mutex
	last map[attribute.KeyValue]time.Time
}

func (s *successes) now(job attribute.KeyValue, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last = map[attribute.KeyValue]time.Time{}
	}
	s.last[job] = at
}

func (s *successes) each(tell func(job attribute.KeyValue, last time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for job, last := range s.last {
		tell(job, last)
	}
}

func (m *Meters) zero() {
	ctx := context.Background()
	for _, p := range []gate.Phase{gate.Request, gate.Commit, gate.Pull} {
		for _, v := range []evidence.Verdict{evidence.Allowed, evidence.Refused} {
			m.decisions.Add(ctx, 0, with(AttrPhase.String(string(p)), AttrVerdict.String(string(v))))
		}
	}
	for _, outcome := range []string{pullWritten, pullAborted} {
		m.pulls.Add(ctx, 0, with(AttrOutcome.String(outcome)))
	}
	for _, c := range []metric.Int64Counter{m.entries, m.sealed, m.released, m.broken, m.refusals, m.tampered, m.limited, m.jobs} {
		c.Add(ctx, 0)
	}
}

func with(attrs ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attrs...))
}

// How a delivery ended.
const (
	pullWritten = "written"
	pullAborted = "aborted"
)

// noPhase stands for a denial that was made outside the gate.
const noPhase = "none"

// Entry counts one entry of the evidence log that was committed. What is logged is what is counted.
func (m *Meters) Entry(ctx context.Context, e evidence.Entry) {
	switch e.Kind {
	case evidence.Decision, evidence.Release, evidence.Denial:
		m.decided(ctx, e)
	case evidence.Delivery:
		m.pulls.Add(ctx, 1, with(AttrOutcome.String(pullWritten)))
	case evidence.Abort:
		if e.Action == authz.TransferPull {
			m.pulls.Add(ctx, 1, with(AttrOutcome.String(pullAborted)))
		} else {
			m.broken.Add(ctx, 1)
		}
	case evidence.Change, evidence.Receipt, evidence.Access:
	default:
	}
}

func (m *Meters) decided(ctx context.Context, e evidence.Entry) {
	phase := AttrPhase.String(e.Phase)
	if e.Phase == "" {
		phase = AttrPhase.String(noPhase)
	}
	m.decisions.Add(ctx, 1, with(phase, AttrVerdict.String(string(e.Verdict))))
	if e.Verdict != evidence.Refused {
		return
	}
	seen := map[string]bool{}
	for _, code := range e.Codes {
		code, _, _ = strings.Cut(code, ":")
		if !seen[code] {
			m.refusals.Add(ctx, 1, with(phase, AttrCode.String(code)))
		}
		seen[code] = true
	}
}

// Tampered counts a row of authority of a kind (a constant of the program) whose tag is wrong.
func (m *Meters) Tampered(ctx context.Context, kind string) {
	m.tampered.Add(ctx, 1, with(AttrKind.String(kind)))
}

// VerifiedLog notes that the log was verified just now, and whether it was sound.
func (m *Meters) VerifiedLog(ctx context.Context, sound bool) {
	m.verified.Store(m.now().UnixMicro())
	m.sound.Record(ctx, map[bool]int64{true: 1}[sound])
}
