package e2e

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"

	"safeconduct/e2e/between"
)

// happening is what one of the servers is about to be told, or has just done.
type happening struct {
	server  string // postgres, vault or s3
	moment  between.Moment
	tx      between.Transaction // of postgres
	request between.Request     // of the others
}

// where says whether it is this one. It may remember those before, and is made
// anew for each use.
type where func(h happening) bool

// commit is the end of a transaction with a statement that has every fragment.
func commit(m between.Moment, fragments ...string) where {
	return func(h happening) bool { return h.server == "postgres" && h.moment == m && h.tx.Did(fragments...) }
}

// entry is the end of the transaction that records an entry with these members.
func entry(m between.Moment, members ...string) where {
	return commit(m, append([]string{"INSERT INTO log_entries"}, members...)...)
}

// placing is the end of the transaction in which the sequencer gives such an
// entry its place.
func placing(m between.Moment, members ...string) where {
	id, recorded := "", entry(between.Before, members...)
	return func(h happening) bool {
		if id == "" && recorded(h) {
			for _, s := range h.tx.Statements {
				if (between.Transaction{Statements: []string{s}}).Did(append([]string{"INSERT INTO log_entries"}, members...)...) {
					id = strings.Split(s, "\n")[1] // its first argument
				}
			}
			return false
		}
		return id != "" && commit(m, "UPDATE log_entries SET seq", id)(h)
	}
}

// vault is a call of Vault that it grants: the first one for a key, which proves
// that the key is derived, is refused.
func vault(m between.Moment, path string) where {
	return func(h happening) bool {
		return h.server == "vault" && h.moment == m && strings.Contains(h.request.Path, "/transit/"+path) &&
			(m == between.Before || h.request.Status < 300)
	}
}

// object is a request for an object whose name ends so.
func object(m between.Moment, method, ending string) where {
	return func(h happening) bool {
		return h.server == "s3" && h.moment == m && h.request.Method == method && strings.HasSuffix(h.request.Path, ending)
	}
}

// holding is a statement with the fragment in a transaction that has locked, and
// so holds still, all that a release rests on.
func holding(fragment string) where {
	return func(h happening) bool {
		if h.server != "postgres" || h.moment != between.Within {
			return false
		}
		last := len(h.tx.Statements) - 1
		locked := between.Transaction{Statements: h.tx.Statements[:last]}.Did("FROM transfer_subjects", "FOR SHARE")
		return locked && strings.Contains(h.tx.Statements[last], fragment)
	}
}

// then is the last of several in this order.
func then(steps ...where) where {
	n := 0
	return func(h happening) bool {
		if n < len(steps) && steps[n](h) {
			n++
			return n == len(steps)
		}
		return false
	}
}

// signed is the checkpoint after such an entry was placed.
func signed(m between.Moment, members ...string) where {
	return then(placing(between.After, members...), commit(m, "INSERT INTO log_checkpoints"))
}

// snare stands between a gateway and its servers, and kills it at a moment that
// is named. From then on, until it is reset, nothing passes in either direction.
type snare struct {
	config string // that leads through it

	mu     sync.Mutex
	at     where
	first  func() // done at the moment, before the kill
	victim chan *gateway
	dead   bool
	sprung chan struct{}
}

func newSnare(t *testing.T, g *ground) *snare {
	t.Helper()
	s := &snare{}
	host := func(address string) string {
		u, err := url.Parse(address)
		g.must(err)
		return u.Host
	}
	proxy := func(p *between.Proxy, err error) string {
		t.Helper()
		g.must(err)
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		return p.Addr()
	}
	http := func(server string) func(context.Context, between.Request) between.Act {
		return func(_ context.Context, r between.Request) between.Act {
			return between.Act{Break: s.happens(happening{server: server, moment: r.Moment, request: r})}
		}
	}
	ctx := context.WithoutCancel(t.Context())
	s.config = g.redirected(
		proxy(between.Postgres(ctx, host(g.dsn.Reveal()), func(_ context.Context, tx between.Transaction) bool {
			return s.happens(happening{server: "postgres", moment: tx.Moment, tx: tx})
		})),
		proxy(between.HTTP(ctx, g.all.Vault.Address, http("vault"))),
		proxy(between.HTTP(ctx, g.all.MinIO.Endpoint, http("s3"))),
	)
	return s
}

// arm kills at the moment, after doing first, if that is not nil. Whom it kills
// is said to the channel.
func (s *snare) arm(at where, first func()) (victim chan<- *gateway) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.victim, s.at, s.first, s.dead, s.sprung = make(chan *gateway, 1), at, first, false, make(chan struct{})
	return s.victim
}

// reset lets everything pass again.
func (s *snare) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.dead = nil, false
}

// springs is closed when the victim is gone.
func (s *snare) springs() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sprung
}

// wait returns when the snare has sprung and the victim is gone.
func (s *snare) wait(t *testing.T) {
	t.Helper()
	sprung := s.springs()
	eventually(t, "the moment of the kill", func() bool {
		select {
		case <-sprung:
			return true
		default:
			return false
		}
	})
}

// happens reports whether the connection is to break.
func (s *snare) happens(h happening) bool {
	s.mu.Lock()
	if s.at == nil || !s.at(h) {
		defer s.mu.Unlock()
		return s.dead
	}
	first, victim, sprung := s.first, s.victim, s.sprung
	s.at = nil
	s.mu.Unlock()
	if first != nil {
		first() // others go on meanwhile
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	(<-victim).kill()
	s.dead = true
	close(sprung)
	return true
}
