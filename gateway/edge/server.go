package edge

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/text/language"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/telemetry"
)

// Deps is what the server works with. Those after Meter may be nil; the rest may not.
type Deps struct {
	Identity Authenticator
	Mends    Mends
	// Contacts tells whom refusals name; without it they name posts by their kind only.
	Contacts Contacts
	Log      *slog.Logger
	Now      func() time.Time
	Random   io.Reader
	Tracer   trace.TracerProvider
	Meter    metric.MeterProvider
	Metrics  http.Handler // of the admin listener
	Ready    []Check      // run at once; each may be asked by several at a time
	// Rates counts for all replicas; without it this process counts alone.
	Rates Rates
	// Refusals logs what is refused at the door; without it that is in the metrics only.
	Refusals Refusals
	// SourceKey is the key of commitments to addresses and of prints of requests, the same at every replica. Without it one
	// is drawn: then they mean something to this process only.
	SourceKey []byte
}

func (d Deps) validate() error {
	if d.Identity == nil || d.Mends == nil || d.Log == nil || d.Now == nil || d.Random == nil || d.Tracer == nil || d.Meter == nil {
		return errors.New("edge: Identity, Mends, Log, Now, Random, Tracer and Meter are all needed")
	}
	return nil
}

// Server is the gin engine with its edge, and the listeners that serve it.
type Server struct {
	config    Config
	deps      Deps
	engine    *gin.Engine
	api       *gin.RouterGroup
	handler   http.Handler
	problems  *problems
	languages language.Matcher
	origins   *http.CrossOriginProtection
	hosts     []string
	peers     []netip.Prefix
	bounds    map[string]int64
	classes   map[string]Class
	sourceKey []byte
	capacity  *capacity
	rates     *rates
	tokens    *tokens
	sources   *sources
	tallies   *tallies
	limits    metric.Int64Counter
	lines     lines
	draining  atomic.Bool

	main, admin net.Listener
}

// New makes a server without routes. Nothing listens before Listen or Run.
func New(c Config, deps Deps) (*Server, error) {
	if err := errors.Join(c.Validate(), deps.validate()); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s := &Server{
		config: c, deps: deps, problems: &problems{deps.Mends, roots(), deps.Contacts}, languages: matcher(),
		origins: http.NewCrossOriginProtection(), hosts: hostsFor(c), bounds: map[string]int64{}, classes: map[string]Class{},
		sourceKey: deps.SourceKey, capacity: newCapacity(c), rates: newRates(deps.Rates, c.CallerRate), tokens: newTokens(),
		sources: newSources(c.FailureRate), tallies: newTallies(), lines: newLines(c),
	}
	if s.sourceKey == nil {
		s.sourceKey = make([]byte, sha256.Size)
		if _, err := io.ReadFull(deps.Random, s.sourceKey); err != nil {
			return nil, fmt.Errorf("server: drawing the key of source commitments: %w", err)
		}
	}
	var err error
	if s.peers, err = proxiesOnly(c); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if s.limits, err = deps.Meter.Meter(telemetry.Scope).Int64Counter(telemetry.MetricLimited); err != nil {
		return nil, fmt.Errorf("server: preparing a metric: %w", err)
	}
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false // it would repeat the path of an unknown caller
	s.engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	s.engine.ForwardedByClientIP = len(c.TrustedProxies) > 0
	if err := s.engine.SetTrustedProxies(c.TrustedProxies); err != nil {
		return nil, fmt.Errorf("server: trusted_proxies: %w", err)
	}
	// Bounds come before any refusal: net/http reads on in the body of a request that was refused, and answers only then.
	s.engine.Use(s.begin, s.record, s.rescue, s.bound, s.secure, s.peer, s.host, s.crossOrigin, s.admit)
	s.engine.NoRoute(s.unrouted(evidence.ErrNotFound))
	s.engine.NoMethod(s.unrouted(errMethod))
	s.api = s.engine.Group(apiPath, s.identify)
	s.handler = s.open(s.engine)
	return s, nil
}

// Engine is the gin engine, for adapters that mount on it. Routes go to API or Public.
func (s *Server) Engine() *gin.Engine { return s.engine }

// API is the group /api/v1: whoever reaches its handlers is known, see Caller.
func (s *Server) API() *gin.RouterGroup { return s.api }

// Public is for the few routes that need no identity. Their paths are given in full, from the root.
func (s *Server) Public() gin.IRouter { return s.engine.Group("/") }

// Now is the clock of the server.
func (s *Server) Now() time.Time { return s.deps.Now() }

// Handler is the whole edge, for servers and tests that listen themselves.
func (s *Server) Handler() http.Handler { return s.handler }
