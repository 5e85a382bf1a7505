package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.yaml.in/yaml/v3"

	"safeconduct/config"
	"safeconduct/gateway/app"
	"safeconduct/gateway/cli/demo"
	"safeconduct/gateway/edge/edgetest"
	"safeconduct/gateway/telemetry"
	"safeconduct/gateway/telemetry/telemetrytest"
)

type silent struct{}

func (silent) Step(demo.Telling) error { return nil }

// played is a gateway of its own on which the whole story was played: its log, and what Prometheus reads.
func played(t *testing.T) (log, scraped string) {
	t.Helper()
	c := config.Default([]string{"HOME=" + t.TempDir()})
	c.Server.Listen = "127.0.0.1:0"
	var out telemetrytest.Log
	a, err := app.Open(t.Context(), c, &out)
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	must(t, a.Listen(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	payload, err := demo.Sample()
	must(t, err)
	p := demo.Player{
		System:  demo.System{Services: a.Services, Parts: a.Parts, Origin: c.Log.Origin, URL: a.URL()},
		Payload: payload, Report: silent{}, Now: time.Now, Random: rand.Reader,
	}
	_, _, err = p.Play(ctx)
	must(t, err)
	scraped = scrape(a)
	stop()
	must(t, <-ended)
	return out.String(), scraped
}

func scrape(a *app.App) string {
	rec := httptest.NewRecorder()
	a.Telemetry.Metrics().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return rec.Body.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// behindTLS is what a gateway with a certificate tells beside.
func behindTLS(t *testing.T) string {
	t.Helper()
	c := config.Default([]string{"HOME=" + t.TempDir()})
	c.Server.TLSCertFile, c.Server.TLSKeyFile = edgetest.Certificate(t)
	a, err := app.Open(t.Context(), c, io.Discard)
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	a.Verified(t.Context(), true)
	return scrape(a)
}

// loggedIn is what a gateway that logs in to Vault tells beside.
func loggedIn(t *testing.T) string {
	t.Helper()
	tel, err := telemetry.Setup(telemetry.Default(), io.Discard)
	must(t, err)
	t.Cleanup(func() { must(t, tel.Shutdown(context.Background())) })
	m, err := telemetry.NewMeters(tel.Meter())
	must(t, err)
	must(t, m.Observe(telemetry.Sources{
		Backlog: func(context.Context) (telemetry.Backlog, error) { return telemetry.Backlog{}, nil },
		Logins: map[string]func(context.Context) (time.Time, error){
			"intake": func(context.Context) (time.Time, error) { return time.Now().Add(100 * time.Hour), nil },
		},
	}))
	return scrape(&app.App{Telemetry: tel})
}

var (
	exportedName = regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`)
	usedName     = regexp.MustCompile(`\b[a-z][a-z0-9]*(_[a-z0-9]+)+\b`)
	quoted       = regexp.MustCompile(`"[^"]*"`)
	braces       = regexp.MustCompile(`\{[^}]*\}`)
	grouping     = regexp.MustCompile(`\b(by|without|on|ignoring)\s*\([^)]*\)`)
)

// exported lists the names that a scrape has, those of a histogram as they are asked for.
func exported(scrapes ...string) map[string]bool {
	names := map[string]bool{}
	for _, m := range exportedName.FindAllStringSubmatch(strings.Join(scrapes, "\n"), -1) {
		if m[2] != "histogram" {
			names[m[1]] = true
			continue
		}
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			names[m[1]+end] = true
		}
	}
	return names
}

// used lists the metrics and the labels that an expression names.
func used(expr string) (metrics, labels []string) {
	bare := quoted.ReplaceAllString(expr, `""`)
	for _, part := range append(braces.FindAllString(bare, -1), grouping.FindAllString(bare, -1)...) {
		labels = append(labels, usedName.FindAllString(part, -1)...)
	}
	bare = grouping.ReplaceAllString(braces.ReplaceAllString(bare, ""), "")
	for _, name := range usedName.FindAllString(bare, -1) {
		if name != "histogram_quantile" {
			metrics = append(metrics, name)
		}
	}
	return metrics, labels
}

func TestUsed(t *testing.T) {
	t.Parallel()
	metrics, labels := used(`histogram_quantile(0.95, sum by (a_b, le) (rate(x_y_bucket{c_d=~"e_f|g_h"}[$__rate_interval]))) > 2 unless z_w offset 15m`)
	if !slices.Equal(metrics, []string{"x_y_bucket", "z_w"}) || !slices.Equal(labels, []string{"c_d", "a_b"}) {
		t.Errorf("%v %v", metrics, labels)
	}
}

type rules struct {
	Groups []struct {
		Name  string
		Rules []rule
	}
}

type rule struct {
	Alert, Expr string
	For         time.Duration
	Labels      struct{ Severity string }
	Annotations struct{ Summary, Runbook string }
}

func alerts(t *testing.T) []rule {
	t.Helper()
	content, err := os.ReadFile("../../deploy/alerts/safeconduct.yaml")
	must(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var r rules
	must(t, decoder.Decode(&r))
	var all []rule
	for _, g := range r.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

type dashboard struct {
	Panels []struct {
		ID      int
		Type    string
		Title   string
		Targets []struct{ Expr string }
	}
}

// questions are the expressions of the dashboard, by panel.
func questions(t *testing.T) map[string][]string {
	t.Helper()
	content, err := os.ReadFile("../../deploy/dashboards/safeconduct.json")
	must(t, err)
	var d dashboard
	must(t, json.Unmarshal(content, &d))
	all, ids := map[string][]string{}, map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || all[p.Title] != nil {
			t.Errorf("panel %d, %s, is there twice", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			all[p.Title] = append(all[p.Title], target.Expr)
		}
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %s asks for nothing", p.Title)
		}
	}
	return all
}

func TestTelemetry(t *testing.T) {
	log, story := played(t)
	have := exported(story, behindTLS(t), loggedIn(t))
	shown, labelled := map[string]bool{}, map[string]bool{}
	for _, key := range []attribute.Key{
		telemetry.AttrPhase, telemetry.AttrVerdict, telemetry.AttrCode, telemetry.AttrStep, telemetry.AttrOutcome, telemetry.AttrState,
		telemetry.AttrJob, telemetry.AttrKind, telemetry.AttrDependency, telemetry.AttrDuty, telemetry.AttrSignal,
	} {
		labelled[strings.ReplaceAll(string(key), ".", "_")] = true
	}
	check := func(where, expr string) {
		metrics, labels := used(expr)
		if len(metrics) == 0 {
			t.Errorf("%s asks for no metric", where)
		}
		for _, m := range metrics {
			shown[m] = true
			if !have[m] {
				t.Errorf("%s asks for %s, which nothing exports", where, m)
			}
		}
		for _, l := range labels {
			if !strings.HasPrefix(l, "http_") && !labelled[l] {
				t.Errorf("%s asks for label %s, which nothing has", where, l)
			}
		}
		if strings.Count(expr, "(") != strings.Count(expr, ")") {
			t.Errorf("%s is no expression", where)
		}
	}
	t.Run("R55 every metric of the dashboard is exported, and every metric is on it", func(t *testing.T) {
		for title, exprs := range questions(t) {
			for _, expr := range exprs {
				check("panel "+title, expr)
			}
		}
		for name := range have {
			family := strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")
			if strings.HasPrefix(name, "safeconduct_") && !shown[name] && !shown[family+"_bucket"] {
				t.Errorf("no panel shows %s", name)
			}
		}
	})
	t.Run("every alert can fire, and has a runbook", func(t *testing.T) {
		books, err := filepath.Glob("../../deploy/docs/runbooks/*.md")
		must(t, err)
		unused := map[string]bool{}
		for _, b := range books {
			unused[strings.TrimSuffix(filepath.Base(b), ".md")] = true
		}
		for _, r := range alerts(t) {
			check("alert "+r.Alert, r.Expr)
			if !unused[r.Alert] || r.Annotations.Runbook != "deploy/docs/runbooks/"+r.Alert+".md" {
				t.Errorf("alert %s has no runbook of its own: %s", r.Alert, r.Annotations.Runbook)
			}
			delete(unused, r.Alert)
			if r.Annotations.Summary == "" || r.Labels.Severity != "page" && r.Labels.Severity != "ticket" {
				t.Errorf("alert %s says too little", r.Alert)
			}
			content, err := os.ReadFile("../../" + r.Annotations.Runbook)
			must(t, err)
			for _, part := range []string{"# " + r.Alert + "\n", "**Means.**", "**At risk.**", "**Look at.**", "**Do.**", "**Over when.**"} {
				if !strings.Contains(string(content), part) {
					t.Errorf("runbook %s lacks %s", r.Alert, part)
				}
			}
		}
		for name := range unused {
			t.Errorf("runbook %s is of no alert", name)
		}
	})
	t.Run("each step of a referral was measured", func(t *testing.T) {
		for _, step := range []string{
			"request", "gate", "receive", "seal", "wrap", "put", "commit", "checkpoint", "pull", "unwrap", "get", "send", "transaction", "read", "sequence", "sign", "job",
		} {
			if !strings.Contains(story, `safeconduct_step="`+step+`"`) {
				t.Errorf("step %s was not measured", step)
			}
		}
		for _, line := range []string{
			`safeconduct_gate_decisions_total{safeconduct_phase="PULL",safeconduct_verdict="allowed"} 1`,
			`safeconduct_gate_refusals_total{safeconduct_code="AGR_MISSING",safeconduct_phase="REQUEST"} 1`,
			`safeconduct_transfer_pulls_total{safeconduct_outcome="written"} 1`,
			`safeconduct_dependency_up{safeconduct_dependency="keys"} 1`,
			`safeconduct_dependency_up{safeconduct_dependency="objects"} 1`,
			`safeconduct_dependency_up{safeconduct_dependency="database"} 1`,
		} {
			if !strings.Contains(story, line+"\n") {
				t.Errorf("no line %s", line)
			}
		}
	})
	t.Run("every line of a request carries its trace", func(t *testing.T) {
		n := 0
		for line := range strings.Lines(log) {
			var l struct {
				Msg   string
				Trace string `json:"trace_id"`
				Span  string `json:"span_id"`
			}
			must(t, json.Unmarshal([]byte(line), &l))
			if l.Msg != "request" {
				continue
			}
			n++
			if len(l.Trace) != 32 || len(l.Span) != 16 {
				t.Errorf("line %s", line)
			}
		}
		if n == 0 {
			t.Error("no request was logged")
		}
	})
}
