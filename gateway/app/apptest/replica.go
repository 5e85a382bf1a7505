package apptest

import (
	"context"
	"crypto/rand"
	"sync"

	"safeconduct/gateway/app"
	"safeconduct/gateway/store"
	"safeconduct/transfer/seal"
)

// Replica is a second gateway on the same parts, with a connection to the
// database and a sequencer of its own, until the test ends.
func (w *World) Replica(open func(store.Options) *store.Store) *app.Services {
	w.T.Helper()
	services, err := w.compose(open(w.storeOptions()), w.Ring)
	w.Must(err)
	w.sequence(services)
	return services
}

// sequence runs the sequencer of s until the test ends.
func (w *World) sequence(s *app.Services) {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Sequencer.Run(ctx); err != nil {
			w.T.Error(err)
		}
	})
	w.T.Cleanup(func() {
		stop()
		running.Wait()
	})
}

// Again composes a gateway on the embedded store of the world, with the keys
// and a connection of its own, as a process that starts later does; no
// sequencer runs for it.
func (w *World) Again(keys seal.KeyWrapper) (*app.Services, error) {
	w.T.Helper()
	s, err := store.OpenSQLite(w.Ctx, w.Database(), w.storeOptions())
	w.Must(err)
	return w.compose(s, keys)
}

func (w *World) storeOptions() store.Options {
	return store.Options{Now: w.Clock.Now, NewID: app.NewID, Random: rand.Reader}
}

// compose closes the store when the test ends.
func (w *World) compose(s *store.Store, keys seal.KeyWrapper) (*app.Services, error) {
	w.T.Cleanup(func() { w.Must(s.Close()) })
	return app.Compose(w.Ctx, app.Parts{Store: s, Keys: keys, Keeper: w.Ring, Signer: w.Ring.LogSigner(), Blobs: w.Blobs}, w.Settings)
}
