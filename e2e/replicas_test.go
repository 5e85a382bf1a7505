package e2e

import (
	"crypto/rand"
	"net/http"
	"sync"
	"testing"
	"time"

	"safeconduct/e2e/between"
)

// TestReplicas runs two gateways on one PostgreSQL, Vault and MinIO, and kills
// one of them: the other goes on at once.
func TestReplicas(t *testing.T) {
	g := newGround(t)
	s := newSnare(t, g)
	other := g.start(g.config)
	released := []string{`"action":"transfer.approve"`, `"phase":"COMMIT"`}
	var ripe []string
	for _, k := range []killing{
		{
			step: "during an upload", size: large, from: "draft", act: uploading, state: "uploading", announced: 1, objects: either, has: "/00000001",
			at: func() where { return object(between.After, http.MethodPut, "/00000001") },
		},
		{
			step: "while it commits a release", from: "awaiting_approval", act: approving, entry: released, state: "awaiting_approval", objects: 1, log: none,
			at: func() where { return entry(between.Before, released...) },
		},
		{
			step: "while it places entries", from: "awaiting_approval", act: approving, state: "available", objects: 1,
			at: func() where { return placing(between.Before, released...) },
		},
		{
			step: "with entries that have their place and no checkpoint", from: "awaiting_approval", act: approving, state: "available", objects: 1,
			at: func() where { return placing(between.After, released...) },
		},
		{
			step: "with a checkpoint that is signed and not stored", from: "awaiting_approval", act: approving, state: "available", objects: 1,
			at: func() where { return then(placing(between.After, released...), vault(between.After, "sign/")) },
		},
		{
			step: "in the middle of a stream", size: large, from: "available", act: pulling, entry: []string{`"kind":"release"`}, state: "available", objects: 3,
			log: covered, least: chunk, most: 2 * chunk, first: func(w *walk) { w.awaitBytes(chunk) },
			at: func() where { return object(between.After, http.MethodGet, "/00000002") },
		},
		{
			step: "between delivery and receipt", from: "pulled", act: acknowledging, state: "pulled", objects: 1, most: large,
			entry: []string{`"kind":"receipt"`}, log: none,
			at: func() where { return entry(between.Before, `"kind":"receipt"`) },
		},
	} {
		t.Run("R49 R53 one of two killed "+k.step, func(t *testing.T) {
			g.now = t
			s.reset()
			one := g.start(s.config)
			w := g.walk(t, one.url(t), max(k.size, small))
			k.begin(w)
			s.arm(k.at(), func() {
				if k.first != nil {
					k.first(w)
				}
			}) <- one
			k.act(w, s)
			s.wait(t)
			k.examine(g, w)
			kept := g.keep()
			ripe = append(ripe, g.age(t)...)

			w.url = other.url(t)
			if k.log == none {
				w.seed = rand.Text() // the key of what was not recorded is the dead one's for a minute
			}
			w.to("acknowledged") // each act is tried once
			other.complains(t)
			g.settle(t)
			g.verify(kept)
		})
	}
	t.Run("R49 one of two hangs while it places entries", func(t *testing.T) {
		g.now = t
		s.reset()
		one := g.start(s.config)
		w, next := g.walk(t, one.url(t), small), g.walk(t, other.url(t), small)
		w.to("awaiting_approval")
		next.to("awaiting_approval")
		g.settle(t)
		kept := g.keep()
		frozen, done := make(chan struct{}), make(chan struct{})
		s.arm(placing(between.Before, released...), func() {
			one.freeze(t)
			close(frozen)
			<-done
		}) <- one
		go func() { _ = w.approve() }() // it ends with the frozen one
		<-frozen
		// Sooner than the database ends what is idle in any other transaction.
		within(t, 45*time.Second, "the other is answered", func() bool { return next.approve() == nil })
		close(done)
		s.wait(t)
		next.to("acknowledged")
		g.settle(t)
		g.verify(kept)
	})
	t.Run("R49 two sequencers at once", func(t *testing.T) {
		g.now = t
		s.reset()
		urls := []string{other.url(t), g.start(g.config).url(t)}
		kept := g.keep()
		var walks sync.WaitGroup
		for i := range 8 {
			walks.Go(func() {
				w := g.walk(t, "", small)
				for n, state := range progress()[1:] { // each act at the gateway that did not do the one before
					w.url = urls[(i+n)%2]
					w.to(state)
				}
			})
		}
		walks.Wait()
		g.settle(t)
		g.verify(kept)
	})
	t.Run("R49 R53 the sweeper of the other takes what a killed one left", func(t *testing.T) {
		g.now = t
		if len(ripe) == 0 {
			t.Fatal("nothing was left")
		}
		eventually(t, "it is swept", func() bool { return g.noOrphans(t, ripe) })
	})
	t.Run("R53 two sweeps at once", func(t *testing.T) {
		g.now = t
		kept := g.keep()
		for range 6 {
			w := g.walk(t, other.url(t), large)
			w.to("available")
			if err := w.recall(); err != nil {
				t.Fatal(err)
			}
		}
		other.kill()
		ripe := g.age(t)
		one, two := g.start(g.config), g.start(g.config) // both sweep at once
		eventually(t, "it is swept", func() bool { return g.noOrphans(t, ripe) })
		one.url(t)
		two.url(t)
		g.settle(t)
		for _, id := range ripe {
			if n := scalar[int](g, `SELECT count(*) FROM log_entries
WHERE position('"action":"transfer.sweep"' in convert_from(body, 'UTF8')) > 0 AND position($1 in convert_from(body, 'UTF8')) > 0`, id); n != 1 {
				t.Errorf("the log says %d times that upload %s went", n, id)
			}
		}
		g.verify(kept)
	})
	searchBucket(t, g.all.MinIO, g.bucket, planted())
	searchDatabase(t, g.dsn, planted())
}
