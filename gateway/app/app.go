package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"safeconduct/config"
	"safeconduct/gateway/api"
	"safeconduct/gateway/edge"
	"safeconduct/gateway/jobs"
	"safeconduct/gateway/sequencer"
	"safeconduct/gateway/store"
	"safeconduct/gateway/telemetry"
)

// App is the whole process, opened on its configuration. It serves when Run is
// called, and everything is closed by Close.
type App struct {
	Services  *Services
	Parts     Parts
	Telemetry *telemetry.Telemetry
	Log       *slog.Logger
	config    config.Config
	opened    *opened
	server    *edge.Server
}

// Open opens the parts, composes the services and prepares the server; nothing
// listens yet. Operations are logged to w.
func Open(ctx context.Context, c config.Config, w io.Writer) (_ *App, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	t, err := telemetry.Setup(c.Telemetry, w)
	if err != nil {
		return nil, err
	}
	a := &App{Telemetry: t, Log: t.Log, config: c}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.opened, err = openParts(ctx, c, t.Log); err != nil {
		return nil, err
	}
	a.Parts = a.opened.Parts
	a.Services, err = Compose(a.Parts, Settings{
		Authz: c.Authz, Origin: c.Log.Origin, Limits: c.Upload, Wait: c.Log.CheckpointWait, Now: time.Now, Logger: t.Log,
	})
	if err != nil {
		return nil, err
	}
	if a.Parts.Store.Engine() == store.SQLite {
		// There is no other process: whoever was sending then is gone.
		if _, err := a.Services.Transfers.CloseAbandoned(ctx, time.Now()); err != nil {
			return nil, err
		}
	}
	return a, a.serve(c)
}

// serve prepares the server with the API on it.
func (a *App) serve(c config.Config) error {
	var err error
	a.server, err = edge.New(c.Server, edge.Deps{
		Identity: a.Services.Identity, Mends: a.Services.Mends, Log: a.Log, Now: time.Now, Random: rand.Reader,
		Tracer: a.Telemetry.Tracer(), Meter: a.Telemetry.Meter(), Metrics: a.Telemetry.Metrics(),
		Ready: []edge.Check{{Name: "database", Run: a.Parts.Store.Ready}},
	})
	if err != nil {
		return err
	}
	_, err = api.Register(a.server, a.Services.Services)
	return err
}

// Listen opens the listeners, so that URL is known before Run.
func (a *App) Listen(ctx context.Context) error { return a.server.Listen(ctx) }

// URL is where the API answers: under localhost where it listens on loopback.
func (a *App) URL() string {
	scheme := "http"
	if a.config.Server.TLSCertFile != "" {
		scheme = "https"
	}
	addr := a.server.Addr()
	if addr == nil {
		return ""
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return ""
	}
	if edge.Loopback(addr.String()) {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Run serves, sequences the log and does what the clock does, until ctx ends or
// one of them fails; the server drains first, the sequencer ends last, so that
// what was answered is under a checkpoint.
func (a *App) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() {
		if err := a.Services.Sequencer.Run(background); err != nil {
			failed <- fmt.Errorf("sequencing the log: %w", err)
		}
	})
	running.Go(func() { jobs.Run(background, a.Log, a.jobs()...) })
	serving, quit := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- a.server.Run(serving) }()
	var err error
	select {
	case err = <-served:
	case err = <-failed:
		quit()
		err = errors.Join(err, <-served)
	}
	quit()
	stop()
	running.Wait()
	return errors.Join(err, a.settle(context.WithoutCancel(ctx)))
}

// settleWait bounds how long a process that stops waits for the log.
const settleWait = 5 * time.Second

// settle brings what was recorded last under a signed checkpoint. Where that
// fails, the next start or another replica does it: nothing is lost.
func (a *App) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	for {
		round, err := a.Services.Sequencer.Step(ctx)
		if errors.Is(err, sequencer.ErrConflict) {
			continue // another replica is at it
		}
		if err != nil {
			return fmt.Errorf("settling the log: %w", err)
		}
		if round.Placed == 0 {
			return nil
		}
	}
}

func (a *App) jobs() []jobs.Job {
	s := a.Services
	return []jobs.Job{
		{Name: "expire agreements", Run: s.Agreements.ExpireDue},
		{Name: "lapse transfers", Run: s.Transfers.Lapse},
		{Name: "sweep uploads", Run: s.Transfers.Sweep},
		{Name: "close abandoned deliveries", Run: s.Transfers.Abandoned},
	}
}

// Close closes what Open opened.
func (a *App) Close() error {
	var err error
	if a.opened != nil {
		err = a.opened.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(err, a.Telemetry.Shutdown(ctx))
}
