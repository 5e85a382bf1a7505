package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/people"
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/api"
	"safeconduct/gateway/app"
	"safeconduct/gateway/edge"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/blob/dirblob"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal/localkeys"
)

// bench is the API over the real services on embedded parts, with a person for each role.
type bench struct {
	testing.TB
	api     huma.API
	server  *edge.Server
	blobs   string // folder of the sealed objects
	url     string
	clock   *clock
	tokens  map[authz.Role]string
	people  map[authz.Role]string
	mission string
	partner string
	purpose string
	notice  string

	sensitivity string // of the one category
	database    string // its file
	planted     string // ends every name
	services    *app.Services
	through     func(*http.Request) answer // what sends in place of exchange
}

// clock moves a millisecond at each reading.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

const maxFile = 8 << 20

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newBench(t testing.TB) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{
		TB: t, clock: &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)},
		tokens: map[authz.Role]string{}, people: map[authz.Role]string{}, sensitivity: "moderate",
	}
	st, err := store.OpenSQLite(t.Context(), filepath.Join(dir, "safeconduct.db"), store.Options{Now: b.clock.Now, NewID: app.NewID, Random: rand.Reader, Authority: evidencetest.Authority()})
	must(t, err)
	_, err = st.Migrate(t.Context())
	must(t, err)
	ring, err := localkeys.Open(filepath.Join(dir, "keys.json"))
	must(t, err)
	b.database = filepath.Join(dir, "safeconduct.db")
	b.blobs = filepath.Join(dir, "blobs")
	blobs, err := dirblob.Open(b.blobs)
	must(t, err)
	limits := transfer.DefaultLimits()
	limits.FileBytes = maxFile
	services, err := app.Compose(t.Context(), app.Parts{Store: st, Keys: ring, Keeper: ring, Signer: ring.LogSigner(), Blobs: blobs}, app.Settings{
		Origin: "safeconduct.test/log", Limits: limits, Wait: 10 * time.Second, Now: b.clock.Now, Logger: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	b.services = services
	b.serve()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { must(t, services.Sequencer.Run(ctx)) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		must(t, blobs.Close())
		must(t, st.Close())
	})
	founder := func(name string) app.Founder {
		return app.Founder{Person: people.Person{Name: name}, Completed: peopletest.Completed(b.clock.Now())}
	}
	first, err := services.Bootstrap(t.Context(), st, founder("Legal One"), founder("Legal Two"))
	must(t, err)
	for _, e := range first {
		must(t, peopletest.Sign(t.Context(), services.People, e.Person.ID))
	}
	b.people[authz.LEG], b.tokens[authz.LEG] = first[0].Person.ID, first[0].Secret.Reveal()
	return b
}

func (b *bench) serve() {
	b.server, b.api = b.mount(edge.Default())
	listening := httptest.NewServer(b.server.Handler())
	b.Cleanup(listening.Close)
	b.url = listening.URL
}

// mount is the API on an edge of its own, over the services of the bench.
func (b *bench) mount(config edge.Config) (*edge.Server, huma.API) {
	b.Helper()
	s := b.services
	mends, err := gate.Mends()
	must(b, err)
	config.Listen = "127.0.0.1:0"
	config.FailureRate, config.CallerRate = 1_000_000, 1_000_000 // the clock of the bench hardly moves
	server, err := edge.New(config, edge.Deps{
		Identity: s.Identity, Mends: mends, Contacts: s.Transfers, Log: slog.New(slog.DiscardHandler), Now: b.clock.Now, Random: rand.Reader,
		Tracer: tracenoop.NewTracerProvider(), Meter: metricnoop.NewMeterProvider(),
	})
	must(b, err)
	all := s.Services
	all.Mends = mends
	mounted, err := api.Register(server, all)
	must(b, err)
	return server, mounted
}

// placed returns when every entry so far has its place in the log, and is under a signed checkpoint.
func (b *bench) placed() {
	b.Helper()
	office := b.services.Office
	e := office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.settled", authz.Resource{})
	ids, err := office.Denials.Update(b.Context(), func(r evidence.Recorder) error { return r.Record(b.Context(), e) })
	must(b, err)
	must(b, b.services.Sequencer.Wait(b.Context(), ids...))
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

// object is the body as a JSON object.
func (a answer) object(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	return v
}

func (b *bench) request(role authz.Role, method, path string, body io.Reader) *http.Request {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.url+path, body)
	must(b, err)
	if token := b.tokens[role]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func (b *bench) send(r *http.Request) answer {
	b.Helper()
	if b.through != nil {
		return b.through(r)
	}
	return b.exchange(r)
}

func (b *bench) exchange(r *http.Request) answer {
	b.Helper()
	res, err := http.DefaultClient.Do(r)
	must(b, err)
	body, err := io.ReadAll(res.Body)
	must(b, err)
	must(b, res.Body.Close())
	return answer{res, body}
}

// do sends a JSON body, or none where it is nil, as the person who holds the role; nobody for the empty role.
func (b *bench) do(role authz.Role, method, path string, body any) answer {
	b.Helper()
	var r io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		r = bytes.NewReader([]byte(body))
	default:
		text, err := json.Marshal(body)
		must(b, err)
		r = bytes.NewReader(text)
	}
	request := b.request(role, method, path, r)
	if r != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return b.send(request)
}

// want sends and answers with the object, which must come with the status.
func (b *bench) want(status int, role authz.Role, method, path string, body any) map[string]any {
	b.Helper()
	a := b.do(role, method, path, body)
	if a.StatusCode != status {
		b.Fatalf("%s %s as %s: %d, want %d: %s", method, path, role, a.StatusCode, status, a.body)
	}
	return a.object(b)
}

// make posts and answers with the id of what was made.
func (b *bench) make(role authz.Role, path string, body any) string {
	b.Helper()
	return str(b.want(http.StatusCreated, role, http.MethodPost, path, body), "id")
}

func str(v map[string]any, name string) string {
	s, _ := v[name].(string)
	return s
}

// object is a JSON body.
type object = map[string]any
