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
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
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
	watch     *telemetry.Watch
	verifier  *verifier
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
	meters, err := telemetry.NewMeters(t.Meter())
	if err != nil {
		return nil, errors.Join(err, t.Shutdown(ctx))
	}
	a := &App{Telemetry: t, Log: t.Log, config: c, watch: telemetry.NewWatch(t.Tracer(), meters)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.opened, err = openParts(ctx, c, t.Log); err != nil {
		return nil, err
	}
	a.Parts = a.opened.Parts
	if err := checkOrigin(ctx, a.Parts.Store, c.Log.Origin); err != nil {
		return nil, err
	}
	a.Services, err = Compose(ctx, a.Parts, Settings{
		Authz: c.Authz, Origin: c.Log.Origin, Limits: c.Upload, Wait: c.Log.CheckpointWait, Now: time.Now, Logger: t.Log,
		Duties: a.opened.logins.played, Tampered: meters.Tampered, Watch: a.watch,
	})
	if err != nil {
		return nil, bootstrapFirst(ctx, a.Parts.Store, err)
	}
	a.verifier = &verifier{store: a.Parts.Store, signer: a.Parts.Signer, origin: c.Log.Origin, log: t.Log, now: time.Now, told: a.Verified}
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
	ready, err := a.observe(c, a.watch.Meters())
	if err != nil {
		return err
	}
	a.server, err = edge.New(c.Server, edge.Deps{
		Identity: a.Services.Identity, Mends: a.Services.Mends, Contacts: a.Services.Transfers, Log: a.Log, Now: time.Now, Random: rand.Reader,
		Tracer: a.Telemetry.Tracer(), Meter: a.Telemetry.Meter(), Metrics: a.Telemetry.Metrics(),
		Ready: ready,
		Rates: store.Rates{Store: a.Parts.Store, Now: time.Now}, Refusals: a.Services.Refusals, SourceKey: a.Parts.Store.Derived("door"),
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

// Run serves and, where those duties are played, sequences the log and does what
// the clock does, until ctx ends or one of them fails; the server drains first,
// the sequencer ends last, so that what was answered is under a checkpoint.
func (a *App) Run(ctx context.Context) error {
	a.warnEmpty(context.WithoutCancel(ctx))
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, 1)
	var running sync.WaitGroup
	if a.plays(duty.Sequencer) {
		running.Go(func() {
			if err := a.Services.Sequencer.Run(background); err != nil {
				failed <- fmt.Errorf("sequencing the log: %w", err)
			}
		})
	}
	doClock, err := a.clock()
	if err != nil {
		stop()
		running.Wait()
		return err
	}
	running.Go(func() { doClock(background) })
	serving, quit := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- a.server.Run(serving) }()
	select {
	case err = <-served:
	case err = <-failed:
		quit()
		err = errors.Join(err, <-served)
	}
	quit()
	stop()
	running.Wait()
	err = errors.Join(err, a.closeDoor(context.WithoutCancel(ctx)))
	if a.plays(duty.Sequencer) {
		err = errors.Join(err, a.settle(context.WithoutCancel(ctx)))
	}
	if err == nil {
		a.Log.InfoContext(ctx, "stopped")
	}
	return err
}

func (a *App) plays(d duty.Duty) bool { return a.opened.logins.played.Has(d) }

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
