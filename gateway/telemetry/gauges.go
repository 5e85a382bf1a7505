package telemetry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
)

// Backlog is how far behind the log and the sweeper are.
type Backlog struct {
	Unsequenced int64
	// Unsigned is how long the oldest entry waits for a checkpoint; zero where none does.
	Unsigned time.Duration
	// Checkpoint is the age of the newest entry under a checkpoint.
	Checkpoint time.Duration
	// Uploads counts announced uploads that are open or doomed, by state.
	Uploads map[string]int64
}

// Sources are what the gauges read. Dependencies and Backlog are asked when metrics are read; a Backlog that fails is not
// told, and the dependency that is down is.
type Sources struct {
	Dependencies []*Probe
	Backlog      func(context.Context) (Backlog, error)
	// Certificate is when the certificate that is served now ends; nil without one.
	Certificate func() (time.Time, error)
	// Logins tell, by duty, when the secret id of its login to the key service ends; zero where it never does.
	Logins map[string]func(context.Context) (time.Time, error)
}

// How long a backlog and the end of a login are believed, and how long reading either may take.
const (
	backlogKeep = 5 * time.Second
	loginKeep   = 10 * time.Minute
	readBound   = 2 * time.Second
)

// Observe begins to tell of s. It is called once.
func (m *Meters) Observe(s Sources) error {
	up, err := m.gauge(MetricDependency, "", "whether a dependency answers")
	if err != nil {
		return err
	}
	expiry, err := m.gauge(MetricCertificate, "s", "until the certificate of the server ends")
	if err != nil {
		return err
	}
	if err := m.observeBacklog(&kept[Backlog]{read: s.Backlog, now: m.now, keep: backlogKeep}); err != nil {
		return err
	}
	if err := m.observeLogins(s.Logins); err != nil {
		return err
	}
	_, err = m.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		for _, p := range s.Dependencies {
			value := 0.0
			if p.Run(ctx) == nil {
				value = 1
			}
			o.ObserveFloat64(up, value, with(AttrDependency.String(p.Name)))
		}
		if s.Certificate == nil {
			return nil
		}
		if until, err := s.Certificate(); err == nil { // where it cannot be read the gauge is absent
			o.ObserveFloat64(expiry, until.Sub(m.now()).Seconds())
		}
		return nil
	}, up, expiry)
	if err != nil {
		return fmt.Errorf("observing dependencies: %w", err)
	}
	return nil
}

func (m *Meters) gauge(name, unit, about string) (metric.Float64ObservableGauge, error) {
	g, err := m.meter.Float64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(about))
	if err != nil {
		return nil, fmt.Errorf("making the gauge %s: %w", name, err)
	}
	return g, nil
}

// observeLogins tells how long the logins to the key service last. Where that cannot be learnt, or a login never ends, its
// gauge is absent.
func (m *Meters) observeLogins(logins map[string]func(context.Context) (time.Time, error)) error {
	left, err := m.gauge(MetricLogin, "s", "until the secret id of the login to the key service ends")
	if err != nil {
		return err
	}
	ends := map[string]*kept[time.Time]{}
	for duty, read := range logins {
		ends[duty] = &kept[time.Time]{read: read, now: m.now, keep: loginKeep}
	}
	_, err = m.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		var all sync.WaitGroup // at once: whoever reads metrics waits for one bound, and not for each
		for _, end := range ends {
			all.Go(func() { end.get(ctx) })
		}
		all.Wait()
		for duty, end := range ends {
			if at, ok := end.get(ctx); ok && !at.IsZero() {
				o.ObserveFloat64(left, at.Sub(m.now()).Seconds(), with(AttrDuty.String(duty)))
			}
		}
		return nil
	}, left)
	if err != nil {
		return fmt.Errorf("observing the logins to the key service: %w", err)
	}
	return nil
}

func (m *Meters) observeBacklog(b *kept[Backlog]) error {
	names := []struct{ name, unit, about string }{
		{MetricUnsequenced, "", "entries that wait for their place in the log"},
		{MetricUnsigned, "s", "how long the oldest entry waits for a signed checkpoint"},
		{MetricCheckpoint, "s", "since the newest entry under a signed checkpoint was written"},
		{MetricUploads, "", "announced uploads that are open, or wait for the sweeper"},
	}
	gauges := make([]metric.Float64ObservableGauge, len(names))
	all := make([]metric.Observable, len(names))
	for i, n := range names {
		g, err := m.gauge(n.name, n.unit, n.about)
		if err != nil {
			return err
		}
		gauges[i], all[i] = g, g
	}
	_, err := m.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		now, ok := b.get(ctx)
		if !ok {
			return nil
		}
		o.ObserveFloat64(gauges[0], float64(now.Unsequenced))
		o.ObserveFloat64(gauges[1], now.Unsigned.Seconds())
		o.ObserveFloat64(gauges[2], now.Checkpoint.Seconds())
		for state, n := range now.Uploads {
			o.ObserveFloat64(gauges[3], float64(n), with(AttrState.String(state)))
		}
		return nil
	}, all...)
	if err != nil {
		return fmt.Errorf("observing the backlog: %w", err)
	}
	return nil
}

// kept keeps what was read for a while, as Probe keeps an answer; a failure, too.
type kept[T any] struct {
	read func(context.Context) (T, error)
	now  func() time.Time
	keep time.Duration

	mu    sync.Mutex
	at    time.Time
	value T
	ok    bool
}

func (k *kept[T]) get(ctx context.Context) (T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.at.IsZero() && k.now().Sub(k.at) < k.keep {
		return k.value, k.ok
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBound)
	defer cancel()
	value, err := k.read(ctx)
	k.value, k.ok, k.at = value, err == nil, k.now()
	return k.value, k.ok
}
