package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"safeconduct/authz"
	"safeconduct/config"
	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/e2e/system"
	"safeconduct/gateway/app"
	"safeconduct/gateway/cli/client"
	"safeconduct/gateway/cli/demo"
	"safeconduct/transfer/gate"
)

// ground is real servers with one system on them, in whose world transfers can
// be sent: people, an agreement in force, an assessment, and one person's
// consent.
type ground struct {
	t       *testing.T // that it lasts as long as
	now     *testing.T // that runs now
	all     *servers.All
	program string
	dir     string // of the configuration
	config  string
	bucket  string
	dsn     servers.Secret
	db      *sql.DB // as an administrator
	objects *minio.Client
	world   demo.World
}

// What shows a person wherever it lies in plain.
const (
	plantedName = "Xochitl-Planted-Marker"
	plantedCase = "PLANTEDCASE-0417"
)

func planted() []string { return []string{plantedName, plantedCase} }

// payload is a table of one person, of the given size, who stands in each part.
func payload(size int) []byte {
	line := []byte(plantedCase + "," + plantedName + "\n")
	return append([]byte("case_reference,given_name\n"), bytes.Repeat(line, size/len(line)+1)...)
}

func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{t: t, now: t, dir: t.TempDir(), program: program(t), all: servertest.All(t, "")}
	s, err := system.New(t.Context(), g.all, g.dir)
	g.must(err)
	g.config, g.bucket, g.dsn, g.db = s.Config, s.Bucket, s.DSN, open(t, s.DSN)
	g.objects, err = g.all.MinIO.Client()
	g.must(err)
	if _, code := command(t, g.program, "migrate", "--config", g.config); code != 0 {
		t.Fatalf("migrate ends with %d", code)
	}
	g.play()
	return g
}

func (g *ground) must(err error) {
	g.now.Helper()
	if err != nil {
		g.now.Fatal(err)
	}
}

// play makes the world, by playing the story of the demo in this process.
func (g *ground) play() {
	t := g.t
	c, err := config.Load(nil, nil, g.config)
	g.must(err)
	c.Profile = config.Embedded // which may be served to this machine in clear
	c.Telemetry.LogLevel = "error"
	c.Data, c.Server.TrustedProxies = g.dir, nil
	a, err := app.Open(t.Context(), c, t.Output())
	g.must(err)
	g.must(a.Listen(t.Context()))
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.Run(ctx) }()
	sample, err := demo.Sample()
	g.must(err)
	p := demo.Player{
		System:  demo.System{Services: a.Services, Parts: a.Parts, Origin: c.Log.Origin, URL: a.URL()},
		Payload: sample, Report: untold{}, Now: time.Now, Random: rand.Reader,
	}
	g.world, _, err = p.Play(t.Context())
	g.must(err)
	ro, err := client.New(a.URL(), g.world.Tokens[authz.RO], client.Options{})
	g.must(err)
	_, err = ro.Call(ctx, http.MethodPost, "/consents/batch", map[string]any{
		"mission": g.world.Mission, "decision": "given", "notice_version": "1", "language": "fr", "could_ask_questions": true, "understood": true,
		"purposes": []string{g.world.Purpose}, "recipients": []string{g.world.Partner}, "categories": g.world.Categories, "form": "written",
		"event_time": time.Now().UTC(), "subject_type": "beneficiary", "case_references": []string{plantedCase},
		"evidence": map[string]any{"kind": "signed_document", "sha256": strings.Repeat("0a", 32)},
		"capacity": map[string]any{"aspects": []string{"age", "cognitive", "physical", "psychological"}, "method": "interview", "result": "capable"},
	}, nil)
	g.must(err)
	ro.Close()
	stop()
	g.must(<-served)
	g.must(a.Close())
}

// untold is a story that nobody hears.
type untold struct{}

func (untold) Step(demo.Telling) error { return nil }

// order is a transfer of one file about the one person.
func (g *ground) order() client.Order {
	return client.Order{
		Mission: g.world.Mission, Partner: g.world.Partner, Purpose: g.world.Purpose, Nature: "personal", RecipientClass: gate.ClassServiceProvider, Origin: client.Origin{Source: gate.OwnData},
		Categories: g.world.Categories, Fields: []string{"case_reference", "given_name"}, Subjects: []string{plantedCase},
		Files: []client.File{{MediaType: "text/csv"}},
	}
}

// redirected is a copy of the configuration in which every server has another
// address (host:port).
func (g *ground) redirected(postgres, vault, s3 string) string {
	g.t.Helper()
	dir := g.t.TempDir()
	host := func(address string) string {
		u, err := url.Parse(address)
		g.must(err)
		return u.Host
	}
	other := strings.NewReplacer(
		host(g.dsn.Reveal()), postgres, host(g.all.Vault.Address), vault, host(g.all.MinIO.Endpoint), s3, g.dir+"/", dir+"/",
	)
	files, err := os.ReadDir(g.dir)
	g.must(err)
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(g.dir, f.Name()))
		g.must(err)
		g.must(os.WriteFile(filepath.Join(dir, f.Name()), []byte(other.Replace(string(b))), 0o600))
	}
	return filepath.Join(dir, filepath.Base(g.config))
}

// keep keeps the newest checkpoint in a file, as an auditor does.
func (g *ground) keep() (path string) {
	path = filepath.Join(g.now.TempDir(), "checkpoint")
	note := scalar[[]byte](g, "SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1")
	g.must(os.WriteFile(path, note, 0o600))
	return path
}

// verify verifies the whole log and every record, and that nothing which stood
// under the kept checkpoint is lost.
func (g *ground) verify(kept string) {
	g.now.Helper()
	if out, code := command(g.now, g.program, "log", "verify", "--config", g.config, "--checkpoint", kept); code != 0 {
		g.now.Errorf("log verify ends with %d:\n%s", code, out)
	}
}

// scalar asks the database for one value.
func scalar[T any](g *ground, query string, args ...any) (v T) {
	g.now.Helper()
	g.must(g.db.QueryRowContext(g.now.Context(), query, args...).Scan(&v))
	return v
}

// settle waits until every entry is under a checkpoint.
func (g *ground) settle(t *testing.T) {
	t.Helper()
	eventually(t, "every entry is under a checkpoint", func() bool {
		return scalar[bool](g, "SELECT count(*) = (SELECT COALESCE(MAX(size), 0) FROM log_checkpoints) FROM log_entries")
	})
}

// eventually polls until it is so, with a bound that a slow machine keeps.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	within(t, 90*time.Second, what, so)
}

func within(t *testing.T, bound time.Duration, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(bound); ; {
		if so() {
			return
		}
		select {
		case <-late:
			t.Fatalf("it never comes that %s", what)
		case <-tick.C:
		}
	}
}
