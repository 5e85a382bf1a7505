// Package jobs runs what the clock does: sweeping what crashes left behind,
// ending what has lapsed, expiring agreements. Each job is safe to run on any
// number of replicas at once, and none is waited for by a decision: the gate
// reads the clock itself.
//
// A job is either the system's, and then one replica does it (Queue), or the
// process's own, which each does for itself (Run). See deploy/adr/0007.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Job is one thing that the clock does; it answers with how much it did.
type Job struct {
	Name string
	Run  func(ctx context.Context) (int, error)
}

const (
	// Every is how often the jobs run.
	Every = time.Minute
	// Bound is how long one run of a job of the system may take. It is less than
	// Every, so that no run that lives meets the next one. What it leaves, the
	// next one does: all work in batches of small transactions.
	Bound = 50 * time.Second
)

// Run runs the jobs at start and then every minute until ctx ends, one after
// the other. A job that fails is logged and tried again the next time.
func Run(ctx context.Context, log *slog.Logger, jobs ...Job) {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		for _, j := range jobs {
			_ = j.told(ctx, log) // it is logged, and the next time is soon
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Bounded are the jobs, none of which runs for longer than Bound.
func Bounded(list []Job) []Job {
	bounded := make([]Job, 0, len(list))
	for _, j := range list {
		bounded = append(bounded, Job{Name: j.Name, Run: func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, Bound)
			defer cancel()
			return j.Run(ctx)
		}})
	}
	return bounded
}

// told runs the job and logs how it ended.
func (j Job) told(ctx context.Context, log *slog.Logger) error {
	n, err := j.Run(ctx)
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		log.ErrorContext(ctx, "job failed", "job", j.Name, "error", err)
	case n > 0:
		log.InfoContext(ctx, "job done", "job", j.Name, "count", n)
	}
	return err
}
