package telemetry

import (
	"context"
	"sync"
	"time"
)

// Probe asks a dependency whether it answers, and keeps the answer for a while: however often health is asked for, the
// dependency is asked once in keep, by one at a time, for no longer than bound. It is safe for concurrent use.
type Probe struct {
	Name        string // a value of AttrDependency
	ask         func(context.Context) error
	now         func() time.Time
	keep, bound time.Duration

	mu    sync.Mutex
	asked time.Time
	err   error
}

// NewProbe probes with ask, which must need few rights and change nothing.
func NewProbe(name string, ask func(context.Context) error, now func() time.Time, keep, bound time.Duration) *Probe {
	return &Probe{Name: name, ask: ask, now: now, keep: keep, bound: bound}
}

// Run is the answer, at most keep old.
func (p *Probe) Run(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asked.IsZero() && p.now().Sub(p.asked) < p.keep {
		return p.err
	}
	// The answer is for others too, who must not suffer from one asker's haste.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.bound)
	defer cancel()
	p.err = p.ask(ctx)
	p.asked = p.now()
	return p.err
}
