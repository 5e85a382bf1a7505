// Package jobs runs what the clock does: sweeping what crashes left behind,
// ending what has lapsed, expiring agreements. Each job is safe to run on any
// number of replicas at once, and none is waited for by a decision: the gate
// reads the clock itself.
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

// Every is how often the jobs run.
const Every = time.Minute

// Run runs the jobs at start and then every minute until ctx ends. A job that
// fails is logged and tried again the next time.
func Run(ctx context.Context, log *slog.Logger, jobs ...Job) {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		for _, j := range jobs {
			n, err := j.Run(ctx)
			switch {
			case err != nil && !errors.Is(err, context.Canceled):
				log.ErrorContext(ctx, "job failed", "job", j.Name, "error", err)
			case n > 0:
				log.InfoContext(ctx, "job done", "job", j.Name, "count", n)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
