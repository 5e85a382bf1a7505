package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"safeconduct/config"
	"safeconduct/gateway/app"
	"safeconduct/gateway/cli/demo"
)

// stage is one performance.
type stage struct {
	*shell
	flags   *playing
	dir     string
	config  config.Config
	payload demo.Payload
	again   bool
	world   demo.World
}

// open starts the gateway, plays, and serves on.
func (g *stage) open(ctx context.Context) (err error) {
	a, err := app.Open(ctx, g.config, g.Err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }() // it closes after ctx has ended
	if err := a.Listen(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	served := make(chan error, 1)
	go func() {
		err := a.Run(running)
		stop(errors.Join(errServing, err)) // the story cannot go on without it
		served <- err
	}()
	err = g.play(running, a)
	if err == nil && !g.flags.once {
		<-running.Done() // until interrupted
	}
	stop(nil)
	return errors.Join(err, <-served)
}

var errServing = errors.New("the gateway stopped")

func (g *stage) play(ctx context.Context, a *app.App) error {
	system := demo.System{Services: a.Services, Parts: a.Parts, Origin: g.config.Log.Origin, URL: a.URL()}
	report := g.reporter()
	if g.again {
		if err := demo.Resume(ctx, system, g.world, report); err != nil {
			return err
		}
		g.world.URL = system.URL
		return g.ready("")
	}
	p := demo.Player{System: system, Payload: g.payload, Report: report, Now: time.Now, Random: rand.Reader}
	world, transfer, err := p.Play(ctx)
	if err != nil {
		return err
	}
	g.world = world
	if err := g.proof(ctx, system, transfer); err != nil {
		return err
	}
	return g.ready(transfer)
}

// ready keeps the world, for whoever waits for it, and says how to go on.
func (g *stage) ready(transfer string) error {
	if err := g.world.Save(g.dir); err != nil {
		return err
	}
	if g.json {
		return nil
	}
	return g.howTo(transfer)
}
