package app

import (
	"context"
	"sync"

	"safeconduct/gateway/duty"
	"safeconduct/gateway/jobs"
)

// clock prepares what does the jobs of the clock until its context ends. The
// keeper's jobs of the system are handed out among the replicas where there can
// be any. What a process has for itself it does for itself: its door, and the
// verification, which must not be called by what it verifies - a row of the
// database could silence it.
func (a *App) clock() (func(ctx context.Context), error) {
	own := a.doorJobs()
	all := func(context.Context) {}
	if a.plays(duty.Keeper) {
		own = append(own, jobs.Job{Name: "verify the log", Run: a.verifier.run})
		shared := a.watch.Jobs(a.jobs())
		if driver, ok := a.Parts.Store.JobDriver(); ok {
			queue, err := jobs.NewQueue(driver, a.Log, jobs.Options{}, shared...)
			if err != nil {
				return nil, err
			}
			all = queue.Run
		} else {
			all = func(ctx context.Context) { jobs.Run(ctx, a.Log, jobs.Bounded(shared)...) }
		}
	}
	own = a.watch.Jobs(own)
	return func(ctx context.Context) {
		var running sync.WaitGroup
		running.Go(func() { jobs.Run(ctx, a.Log, own...) })
		running.Go(func() { all(ctx) })
		running.Wait()
	}, nil
}

// jobs are the system's, which any keeper does.
func (a *App) jobs() []jobs.Job {
	s := a.Services
	return []jobs.Job{
		{Name: "expire agreements", Run: s.Agreements.ExpireDue},
		{Name: "expire people", Run: s.People.ExpireDue},
		{Name: "expire assessments", Run: s.Assessments.ExpireDue},
		{Name: "expire approvals", Run: s.Approvals.ExpireDue},
		{Name: "expire clearances", Run: s.Clearances.ExpireDue},
		{Name: "expire disclosure assessments", Run: s.Disclosures.ExpireDue},
		{Name: "expire vettings", Run: s.Parties.ExpireDue},
		{Name: "expire tokens", Run: s.Identity.ExpireDue},
		{Name: "mark stale assessments", Run: s.Assessments.SettleDue},
		{Name: "tell overdue suspensions", Run: s.Agreements.TellOverdue},
		{Name: "hold transfers", Run: s.Transfers.HoldDue},
		{Name: "lapse transfers", Run: s.Transfers.Lapse},
		{Name: "sweep uploads", Run: s.Transfers.Sweep},
		{Name: "close abandoned deliveries", Run: s.Transfers.Abandoned},
	}
}
