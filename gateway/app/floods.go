package app

import (
	"context"
	"errors"
	"time"

	"safeconduct/gateway/jobs"
	"safeconduct/gateway/sequencer"
	"safeconduct/gateway/store"
)

// claims is what makes writes repeatable: the store, and the log to wait for.
type claims struct {
	store.Claims
	log *sequencer.Sequencer
}

// Wait implements api.Claims.
func (c claims) Wait(ctx context.Context, ids ...string) error { return c.log.Wait(ctx, ids...) }

// doorJobs are what every process does of the clock, whatever its duties: each
// has a door.
func (a *App) doorJobs() []jobs.Job {
	return []jobs.Job{
		{Name: "hand over refusals", Run: func(ctx context.Context) (int, error) { return 0, a.server.HandOver(ctx) }},
		{Name: "log refusals", Run: a.Services.Refusals.Log},
		{Name: "forget claims", Run: store.Claims{Store: a.Parts.Store, Now: time.Now}.ForgetClaims},
		{Name: "forget rates", Run: store.Rates{Store: a.Parts.Store, Now: time.Now}.ForgetRates},
	}
}

// closeDoor logs what the server refused last.
func (a *App) closeDoor(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	handed := a.server.HandOver(ctx)
	_, logged := a.Services.Refusals.LogAll(ctx)
	return errors.Join(handed, logged)
}
