package e2e

import (
	"database/sql"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
)

// How long the races are run, and how they are run again as they were. The
// rounds are those of each change against each of COMMIT, the approval that
// releases, and PULL:
//
//	SAFECONDUCT_RACE_ROUNDS=2000 go test ./e2e -run TestChangeAgainstRelease -timeout 0 -v
const (
	envRounds  = "SAFECONDUCT_RACE_ROUNDS"
	envSeed    = "SAFECONDUCT_RACE_SEED"
	fewRounds  = 15
	worldWears = 100 // rounds in one world: what is kept of them makes each slower
)

func number(t *testing.T, env string, or uint64) uint64 {
	t.Helper()
	text := os.Getenv(env)
	if text == "" {
		return or
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", env, err)
	}
	return n
}

// arena is a world on PostgreSQL with two replicas of the gateway.
type arena struct {
	w         *apptest.World
	replicas  [2]*app.Services
	dsn       string
	db        *sql.DB // beside the gateway
	leg       authz.Caller
	body      []byte
	agreement agreements.Agreement
	consents  []consent.Record
	after     []func() // puts back what a round took
	rounds    []*round
}

func newArena(t *testing.T, body []byte) *arena {
	t.Helper()
	dsn := servertest.Database(t, sharedPostgres(t))
	open := storeOn(t, dsn)
	a := &arena{body: body, dsn: dsn}
	a.w = apptest.Ready(t, apptest.Options{Year: 1 << 20, Wait: time.Minute, Store: open})
	a.leg = a.w.As(authz.LEG)
	a.replicas = [2]*app.Services{a.w.Services, a.w.Replica(open)}
	var err error
	a.db, err = sql.Open("pgx", dsn)
	a.w.Must(err)
	t.Cleanup(func() {
		if err := a.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// round is one race: what is allowed is taken away while both replicas are
// asked to release, each after a time of its own.
type round struct {
	rng                    *rand.Rand
	ro, hom, pdl, leg, psg authz.Caller
	token                  identity.Token // the one that was handed over
	releases               bool           // not a pull
	alone                  bool           // the sender's COMMIT releases
	origin                 gate.Origin
	rule                   terms.RetentionRule // whose withdrawal waits
	transfer               transfer.Transfer
	answered               atomic.Bool // the change was answered
	change                 evidence.Ref

	mu         sync.Mutex
	deliveries []delivery
	released   []answer
	faults     []string
}

// delivery is a first byte that was handed over, with the size of the signed
// log just before it.
type delivery struct {
	session string
	signed  int64
}

// answer is a release that was answered, with the size of the signed log then.
type answer struct {
	entry  string
	signed int64
}

func (r *round) fault(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, text)
}

// pause is mostly short, so that every place of the two meets.
func (r *round) pause() time.Duration {
	return time.Duration(r.rng.Int64N(int64([]time.Duration{1, 2 * time.Millisecond, 8 * time.Millisecond, 20 * time.Millisecond}[r.rng.IntN(4)])))
}

// play runs one round of a change against COMMIT, approval or PULL.
func (a *arena) play(k taking, against string, rng *rand.Rand) {
	r := &round{rng: rng, releases: against != "PULL", alone: against == "COMMIT"}
	for _, put := range a.after {
		put()
	}
	a.after = nil
	r.callers(a)
	k.ready(a, r)
	r.transfer = a.landed(r)
	first := rng.IntN(2)
	pauses := [3]time.Duration{r.pause(), r.pause(), r.pause()}
	if !r.releases {
		pauses[0] *= 6 // a pull waits for its checkpoint first
	}
	together(3, func(i int) {
		<-time.After(pauses[i]) // the random timing
		s := a.replicas[(first+i)%2]
		switch {
		case i == 0:
			ref, err := k.take(a, r, s)
			if err != nil {
				r.fault("the change: " + err.Error())
				return
			}
			r.change = ref
			r.answered.Store(true)
		case r.releases:
			a.release(r, s)
		default:
			a.pull(r, s)
		}
	})
	a.rounds = append(a.rounds, r)
}

// signed is the size of the log under the last signed checkpoint.
func (a *arena) signed() (n int64) {
	if err := a.db.QueryRowContext(a.w.Ctx, "SELECT COALESCE(MAX(size), 0) FROM log_checkpoints").Scan(&n); err != nil {
		a.w.T.Errorf("the size of the signed log: %v", err)
	}
	return n
}

func (a *arena) release(r *round, s *app.Services) {
	began := r.answered.Load()
	var t transfer.Transfer
	var err error
	if r.alone {
		t, err = alone(s.Transfers).Commit(a.w.Ctx, r.ro, r.transfer.ID)
	} else {
		t, err = s.Transfers.Approve(a.w.Ctx, r.hom, r.transfer.ID, true, "")
	}
	var refused *transfer.RefusedError
	switch {
	case err == nil && began && !r.alone: // COMMIT repeats what was answered; the log tells when that was
		r.fault("a release that began after the change was answered")
	case err == nil:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.released = append(r.released, answer{entry: t.ReleaseEntry, signed: a.signed()})
	case errors.As(err, &refused), errors.Is(err, lifecycle.ErrIllegal), errors.Is(err, authz.ErrDenied):
		// refused, or decided by the other replica, or not for this person any more
	default:
		r.fault("the release: " + err.Error())
	}
}

func (a *arena) pull(r *round, s *app.Services) {
	began := r.answered.Load()
	d, err := s.Transfers.Pull(a.w.Ctx, r.pdl, r.transfer.ID, 1, 0)
	if err == nil {
		if began {
			r.fault("a pull that began after the change was answered")
		}
		err = d.Send(a.w.Ctx, &recipient{a: a, r: r, session: d.Session})
	}
	// On a loaded machine the records may not be had in time: nothing left then.
	if err != nil && !errors.Is(err, transfer.ErrNotAvailable) && !errors.Is(err, transfer.ErrBusy) {
		r.fault("the pull: " + err.Error())
	}
}

// recipient looks, when the first byte comes, whether it may.
type recipient struct {
	a       *arena
	r       *round
	session string
	got     int
}

func (c *recipient) Write(p []byte) (int, error) {
	if c.got == 0 {
		if c.r.answered.Load() {
			c.r.fault("a first byte after the change was answered")
		}
		d := delivery{session: c.session, signed: c.a.signed()}
		c.r.mu.Lock()
		c.r.deliveries = append(c.r.deliveries, d)
		c.r.mu.Unlock()
	}
	c.got += len(p)
	return len(p), nil
}

var _ io.Writer = (*recipient)(nil)
