package apptest

import (
	"context"
	"crypto/rand"
	"sync"

	"safeconduct/gateway/app"
	"safeconduct/gateway/store"
)

// Replica is a second gateway on the same parts, with a connection to the
// database and a sequencer of its own, until the test ends.
func (w *World) Replica(open func(store.Options) *store.Store) *app.Services {
	w.T.Helper()
	s := open(store.Options{Now: w.Clock.Now, NewID: app.NewID, Random: rand.Reader})
	p := app.Parts{Store: s, Keys: w.Ring, Keeper: w.Ring, Signer: w.Ring.LogSigner(), Blobs: w.Blobs}
	services, err := app.Compose(w.Ctx, p, w.Settings)
	w.Must(err)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := services.Sequencer.Run(ctx); err != nil {
			w.T.Error(err)
		}
	})
	w.T.Cleanup(func() {
		stop()
		running.Wait()
		w.Must(s.Close())
	})
	return services
}
