package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/config"
	"safeconduct/e2e/system"
	"safeconduct/gateway/api"
	"safeconduct/gateway/app"
	"safeconduct/gateway/cli/demo"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge"
	"safeconduct/gateway/telemetry/telemetrytest"
)

// operation is one of the OpenAPI document, with the duty that it needs.
type operation struct {
	name   string
	method string
	path   string // as the document has it
	form   *regexp.Regexp
	duty   duty.Duty
}

// operations reads the document that a process publishes, as who configures a proxy does.
func operations(t *testing.T, at string) []operation {
	t.Helper()
	body := fetch(t, http.MethodGet, at+api.Prefix+"/openapi.json", "", nil).body
	var doc struct {
		Paths map[string]map[string]struct {
			ID   string    `json:"operationId"`
			Duty duty.Duty `json:"x-safeconduct-duty"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	var all []operation
	variable := regexp.MustCompile(`\\\{[a-z]+\\\}`)
	for path, methods := range doc.Paths {
		for method, o := range methods {
			if _, err := duty.Parse([]string{string(o.Duty)}); err != nil {
				t.Errorf("operation %s: %v", o.ID, err)
			}
			form := "^" + api.Prefix + variable.ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$"
			all = append(all, operation{o.ID, strings.ToUpper(method), path, regexp.MustCompile(form), o.Duty})
		}
	}
	return all
}

// fetched is an answer, read to its end.
type fetched struct {
	status int
	header http.Header
	body   []byte
}

func fetch(t *testing.T, method, at, token string, body io.Reader) fetched {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, at, body)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{resp.StatusCode, resp.Header, b}
}

// router sends each request to the process that plays the duty of its operation.
func router(t *testing.T, all []operation, urls map[duty.Duty]string) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		to := duty.Intake
		for _, o := range all {
			if o.method == r.In.Method && o.form.MatchString(r.In.URL.Path) {
				to = o.duty
			}
		}
		target, err := url.Parse(urls[to])
		if err != nil {
			t.Error(err)
			return
		}
		r.SetURL(target)
	}}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// play runs a process that plays the duties, until the test ends.
func play(t *testing.T, s *system.System, duties ...string) (*app.App, *telemetrytest.Log) {
	t.Helper()
	a, log := openApp(t, s, duties...)
	if err := a.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("%v: %v", duties, err)
		}
	})
	return a, log
}

func openApp(t *testing.T, s *system.System, duties ...string) (*app.App, *telemetrytest.Log) {
	t.Helper()
	c, err := config.Load(nil, nil, s.Config)
	if err != nil {
		t.Fatal(err)
	}
	c.Duty = duties
	log := &telemetrytest.Log{}
	a, err := app.Open(t.Context(), c, log)
	if err != nil {
		t.Fatalf("opening %v: %v\n%s", duties, err, log)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Errorf("closing %v: %v", duties, err)
		}
	})
	return a, log
}

type silent struct{}

func (silent) Step(demo.Telling) error { return nil }

// TestDutiesApart plays the whole story through four processes, one for each duty, on one PostgreSQL, Vault and MinIO.
func TestDutiesApart(t *testing.T) {
	s := newSystem(t)
	c, err := config.Load(nil, nil, s.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	operator, _ := openApp(t, s, duty.Names()...) // as for bootstrap, with every login
	processes, logs, urls := map[duty.Duty]*app.App{}, map[duty.Duty]*telemetrytest.Log{}, map[duty.Duty]string{}
	for _, d := range duty.All() {
		processes[d], logs[d] = play(t, s, string(d))
		urls[d] = processes[d].URL()
	}
	described := operations(t, urls[duty.Sequencer])
	payload, err := demo.Sample()
	if err != nil {
		t.Fatal(err)
	}
	player := demo.Player{
		System:  demo.System{Services: operator.Services, Parts: operator.Parts, Origin: "safeconduct.test/log", URL: router(t, described, urls)},
		Payload: payload, Report: silent{}, Now: time.Now, Random: rand.Reader,
	}
	world, sent, err := player.Play(t.Context())
	if err != nil {
		for d, log := range logs {
			t.Logf("%s: %s", d, log)
		}
		t.Fatal(err)
	}
	for d, log := range logs {
		if text := log.String(); strings.Contains(text, `"level":"ERROR"`) || strings.Contains(text, "level=ERROR") {
			t.Errorf("%s logs an error: %s", d, text)
		}
	}
	t.Run("R49 a process answers for its own duty only", func(t *testing.T) {
		token := world.Tokens[authz.PDL].Reveal()
		refused := 0
		for _, d := range duty.All() {
			for _, o := range described {
				if o.duty == d {
					continue
				}
				path := strings.NewReplacer("{id}", sent, "{n}", "1").Replace(o.path)
				var body io.Reader
				if o.method != http.MethodGet {
					body = strings.NewReader("{}")
				}
				got := fetch(t, o.method, urls[d]+api.Prefix+path, token, body)
				var p edge.Problem
				if err := json.Unmarshal(got.body, &p); err != nil || got.status != http.StatusServiceUnavailable ||
					p.Type != "urn:safeconduct:other-duty" || p.Duty != string(o.duty) || got.header.Get("Retry-After") == "" {
					t.Errorf("%s answers %s with %d %s", d, o.name, got.status, got.body)
				}
				refused++
			}
		}
		t.Logf("%d operations of others refused", refused)
	})
	t.Run("R49 nor before it knows who asks", func(t *testing.T) {
		if got := fetch(t, http.MethodGet, urls[duty.Intake]+api.Prefix+"/transfers/"+sent+"/files/1", "", nil); got.status != http.StatusUnauthorized {
			t.Errorf("it answers %d", got.status)
		}
	})
}
