package edge_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/gateway/edge"
)

// minuteOf is a clock that a test moves.
type minuteOf struct {
	mu  sync.Mutex
	now time.Time
}

func (m *minuteOf) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *minuteOf) add(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

func newMinute() *minuteOf { return &minuteOf{now: time.Date(2026, 3, 1, 9, 0, 20, 0, time.UTC)} }

// shared counts for several servers, as the database does.
type shared struct {
	mu    sync.Mutex
	taken map[string]int64
	asked int
	err   error
}

func (s *shared) Take(_ context.Context, caller string, minute time.Time, block, most int64) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	key := caller + minute.String()
	if s.err != nil || s.taken[key]+block > most {
		return false, s.err
	}
	s.taken[key] += block
	return true, nil
}

// tallied keeps what is handed over.
type tallied struct {
	all []evidence.Tally
	err error
}

func (t *tallied) Add(_ context.Context, all []evidence.Tally) error {
	if t.err == nil {
		t.all = append(t.all, all...)
	}
	return t.err
}

func TestCallerRateHoldsAcrossReplicas(t *testing.T) {
	t.Parallel()
	clock, rates, log := newMinute(), &shared{taken: map[string]int64{}}, &tallied{}
	var replicas []*bench
	for range 3 {
		b := newBench(t, func(c *edge.Config, d *edge.Deps) {
			c.CallerRate, d.Rates, d.Refusals, d.Now = 200, rates, log, clock.Now
		})
		b.API().GET("/things", ok)
		replicas = append(replicas, b)
	}
	passed, seen := 0, 0
	var last *httptest.ResponseRecorder
	for i := range 600 {
		b := replicas[i%3]
		if last = b.do(b.request(t, http.MethodGet, "/api/v1/things", nil)); last.Code == http.StatusOK {
			passed++
		}
		seen = max(seen, b.desk.seen)
	}
	if passed != 200 {
		t.Errorf("%d of 200 passed", passed)
	}
	wantProblem(t, last, http.StatusTooManyRequests, "too-many-requests")
	if last.Header().Get("Retry-After") != "40" {
		t.Errorf("Retry-After %q", last.Header().Get("Retry-After"))
	}
	if rates.asked > 110 || seen > 100 {
		t.Errorf("the shared count was asked %d times, a register %d times", rates.asked, seen)
	}
	for _, b := range replicas {
		if err := b.HandOver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	count := int64(0)
	for _, one := range log.all {
		count += one.Count
		if one.Actor != "p1" || one.Source != "" || one.Code != "RATE_LIMITED" || !one.Minute.Equal(clock.now.Truncate(time.Minute)) {
			t.Errorf("%+v", one)
		}
	}
	if len(log.all) != 3 || count != 400 {
		t.Errorf("%d tallies of %d", len(log.all), count)
	}
	clock.add(time.Minute)
	if rec := replicas[0].do(replicas[0].request(t, http.MethodGet, "/api/v1/things", nil)); rec.Code != http.StatusOK {
		t.Errorf("in the next minute: %d", rec.Code)
	}
	t.Run("nobody passes whom nobody can count", func(t *testing.T) {
		rates.err = errors.New("gone")
		b := newBench(t, func(_ *edge.Config, d *edge.Deps) { d.Rates = rates })
		b.API().GET("/things", func(*gin.Context) { t.Error("it was done") })
		wantProblem(t, b.do(b.request(t, http.MethodGet, "/api/v1/things", nil)), http.StatusServiceUnavailable, "unavailable")
	})
}

// guess is a well-formed token that nobody has.
func guess(i int) string { return "sct_" + fmt.Sprintf("%03d", i) + strings.Repeat("A", 40) }

func TestFailuresOfANetwork(t *testing.T) {
	t.Parallel()
	clock, log := newMinute(), &tallied{}
	b := newBench(t, func(c *edge.Config, d *edge.Deps) {
		c.FailureRate, d.Refusals, d.Now, d.SourceKey = 10, log, clock.Now, []byte("the key of the system")
	})
	b.API().GET("/things", ok)
	from := func(address, token string) *httptest.ResponseRecorder {
		r := b.request(t, http.MethodGet, "/api/v1/things", nil)
		r.RemoteAddr = address
		r.Header.Set("Authorization", "Bearer "+token)
		return b.do(r)
	}
	for i := range 10 {
		wantProblem(t, from(fmt.Sprintf("203.0.113.%d:1", i), guess(i)), http.StatusUnauthorized, "unauthenticated")
	}
	t.Run("AUTH_INVALID is not answered any more", func(t *testing.T) {
		rec := from("203.0.113.77:1", guess(11))
		wantProblem(t, rec, http.StatusTooManyRequests, "too-many-requests")
		if n, err := strconv.Atoi(rec.Header().Get("Retry-After")); err != nil || n < 1 || n > 60 {
			t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
		}
	})
	t.Run("what is no token is not looked up", func(t *testing.T) {
		seen := b.desk.seen
		wantProblem(t, from("203.0.113.77:1", "nonsense"), http.StatusTooManyRequests, "too-many-requests")
		if b.desk.seen != seen {
			t.Error("the register was asked")
		}
	})
	t.Run("a valid token from there passes", func(t *testing.T) {
		for range 3 {
			if rec := from("203.0.113.77:1", b.token); rec.Code != http.StatusOK {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		}
	})
	t.Run("from elsewhere the answer is as ever", func(t *testing.T) {
		wantProblem(t, from("198.51.100.1:1", guess(1)), http.StatusUnauthorized, "unauthenticated")
		wantProblem(t, from("[2001:db8:1::1]:1", guess(1)), http.StatusUnauthorized, "unauthenticated")
	})
	t.Run("R55 it is counted by network, and no address is told", func(t *testing.T) {
		if err := b.HandOver(t.Context()); err != nil {
			t.Fatal(err)
		}
		counts := map[string]int64{}
		sources := map[string]bool{}
		for _, one := range log.all {
			counts[one.Code] += one.Count
			sources[one.Source] = true
			if len(one.Source) != 32 || one.Actor != "" {
				t.Errorf("%+v", one)
			}
		}
		if len(sources) != 3 || counts["AUTH_INVALID"] != 13 || counts["RATE_LIMITED"] != 1 {
			t.Errorf("%v, of %d networks", counts, len(sources))
		}
	})
	t.Run("a minute later it is over", func(t *testing.T) {
		clock.add(time.Minute)
		wantProblem(t, from("203.0.113.77:1", guess(11)), http.StatusUnauthorized, "unauthenticated")
	})
}

// held is a register that keeps whoever asks waiting.
type held struct {
	Known   string
	entered chan struct{}
	leave   chan struct{}
}

func (h *held) Authenticate(_ context.Context, s identity.Secret) (authz.Caller, error) {
	if s.Reveal() == h.Known {
		return authz.Caller{Person: "p1"}, nil
	}
	h.entered <- struct{}{}
	<-h.leave
	return authz.Caller{}, identity.ErrUnknown
}

func TestGuessesCostFewLookUps(t *testing.T) {
	t.Parallel()
	register := &held{entered: make(chan struct{}), leave: make(chan struct{})}
	b := newBench(t, func(c *edge.Config, d *edge.Deps) {
		c.FailureRate, c.MaxRequests, c.MaxUploads, d.Identity = 1, 80, 8, register
	})
	register.Known = b.token
	b.API().GET("/things", ok)
	ask := func(token string) *httptest.ResponseRecorder {
		r := b.request(t, http.MethodGet, "/api/v1/things", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return b.do(r)
	}
	if rec := ask(b.token); rec.Code != http.StatusOK {
		t.Fatal(rec.Code)
	}
	wantProblem(t, ask("nonsense"), http.StatusUnauthorized, "unauthenticated") // now the network is over its rate
	var running sync.WaitGroup
	for i := range 2 { // the narrow line
		running.Go(func() { ask(guess(i)) })
		<-register.entered
	}
	wantProblem(t, ask(guess(9)), http.StatusTooManyRequests, "too-many-requests") // at once: nobody is asked
	if rec := ask(b.token); rec.Code != http.StatusOK {
		t.Errorf("a token that was valid before: %d", rec.Code)
	}
	close(register.leave)
	running.Wait()
}

func TestTalliesAreBounded(t *testing.T) {
	t.Parallel()
	log := &tallied{err: errors.New("gone")}
	clock := newMinute()
	b := newBench(t, func(_ *edge.Config, d *edge.Deps) { d.Refusals, d.Now = log, clock.Now })
	b.API().GET("/things", ok)
	const n = 10_000
	for i := range n {
		r := b.request(t, http.MethodGet, "/api/v1/things", nil)
		r.RemoteAddr = fmt.Sprintf("[2001:db8:%x::1]:1", i)
		r.Header.Del("Authorization")
		b.do(r)
	}
	if err := b.HandOver(t.Context()); err == nil {
		t.Fatal("what could not be handed over was")
	}
	log.err = nil
	if err := b.HandOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := int64(0)
	for _, one := range log.all {
		count += one.Count
	}
	if count != n || len(log.all) > 8200 {
		t.Errorf("%d refusals in %d tallies", count, len(log.all))
	}
}

// A flood from outside leaves no lines: it is in the metrics, and as sums in the evidence log.
func TestAFloodIsNotLogged(t *testing.T) {
	t.Parallel()
	clock, sums := newMinute(), &tallied{}
	b := newBench(t, func(c *edge.Config, d *edge.Deps) {
		c.FailureRate, c.CallerRate, d.Refusals, d.Now = 10, 10, sums, clock.Now
	})
	b.API().GET("/things", ok)
	counts := map[int]int{}
	for _, token := range []string{b.token, guess(1), "nonsense"} {
		for range 50 {
			r := b.request(t, http.MethodGet, "/api/v1/things", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			counts[b.do(r).Code]++
		}
	}
	if counts[http.StatusOK] != 10 || counts[http.StatusUnauthorized] != 10 || counts[http.StatusTooManyRequests] != 130 {
		t.Fatalf("%v", counts)
	}
	if lines := strings.Count(b.log.String(), "\n"); lines != 10 {
		t.Errorf("%d lines, want those of the requests that passed:\n%s", lines, b.log.String())
	}
	if err := b.HandOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := int64(0)
	for _, one := range sums.all {
		told += one.Count
	}
	if told != 140 {
		t.Errorf("%d refusals are told, of 140", told)
	}
}
