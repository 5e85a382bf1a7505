package edge

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/metric"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/telemetry"
)

// Refusals takes what was refused at the door, to be logged together with what other replicas refused. evidence.Tallies
// is one.
type Refusals interface {
	Add(ctx context.Context, all []evidence.Tally) error
}

// The classes of limits, for the metric.
const (
	limitCaller   = "caller"   // one person sends too much
	limitSource   = "source"   // one network fails too often
	limitCapacity = "capacity" // there is no place
	limitPerson   = "person"   // one person has no place
)

// maxTallies bounds what waits to be handed over; beyond it sources are counted together.
const maxTallies = 2 * maxSources

type tallyKey struct {
	actor, source, code string
	minute              int64 // Unix seconds of its start
}

// tallies counts refusals until they are handed over.
type tallies struct {
	mu  sync.Mutex
	all map[tallyKey]int64
}

func newTallies() *tallies { return &tallies{all: map[tallyKey]int64{}} }

func (t *tallies) add(actor, source, code string, at time.Time, n int64) {
	key := tallyKey{actor, source, code, at.UTC().Truncate(time.Minute).Unix()}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.all[key]; !there && len(t.all) >= maxTallies {
		key.actor, key.source = "", ""
	}
	t.all[key] += n
}

// take empties the tallies.
func (t *tallies) take() []evidence.Tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]evidence.Tally, 0, len(t.all))
	for k, n := range t.all {
		list = append(list, evidence.Tally{Actor: k.actor, Source: k.source, Code: k.code, Minute: time.Unix(k.minute, 0).UTC(), Count: n})
	}
	t.all = map[tallyKey]int64{}
	return list
}

// HandOver gives what was refused since the last time to Deps.Refusals; what cannot be given now is given the next time.
// It is to be called every minute, and when the server has stopped.
func (s *Server) HandOver(ctx context.Context) error {
	all := s.tallies.take()
	if s.deps.Refusals == nil || len(all) == 0 {
		return nil
	}
	if err := s.deps.Refusals.Add(ctx, all); err != nil {
		for _, one := range all {
			s.tallies.add(one.Actor, one.Source, one.Code, one.Minute, one.Count)
		}
		return fmt.Errorf("handing over what was refused: %w", err)
	}
	return nil
}

// failed counts a request without a valid token.
func (s *Server) failed(c *gin.Context, source string) {
	unlogged(c)
	now := s.deps.Now()
	s.sources.count(source, 1, now)
	s.tallies.add("", source, evidence.TallyUnknown, now, 1)
}

// overSource answers a request of a network that has failed too often.
func (s *Server) overSource(c *gin.Context, source string) {
	now := s.deps.Now()
	s.tallies.add("", source, evidence.TallyLimited, now, 1)
	s.limited(c, limitSource)
	WriteProblem(c, &limitedError{untilNext(now)})
}

// overRate answers a person who has sent too much in this minute.
func (s *Server) overRate(c *gin.Context, person string) {
	now := s.deps.Now()
	s.tallies.add(person, "", evidence.TallyLimited, now, 1)
	s.limited(c, limitCaller)
	WriteProblem(c, &limitedError{untilNext(now)})
}

func (s *Server) limited(c *gin.Context, class string) {
	unlogged(c)
	s.limits.Add(c.Request.Context(), 1, metric.WithAttributes(telemetry.AttrKind.String(class)))
}

// unlogged leaves the line of a request out of the log of operations: a flood is in the metrics, and, but for want of a
// place, in the evidence log as sums; it is not to fill this log too.
func unlogged(c *gin.Context) {
	if sc, ok := scopeOf(c.Request.Context()); ok {
		sc.counted = true
	}
}
