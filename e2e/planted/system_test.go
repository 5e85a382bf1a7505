package planted

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"safeconduct/config"
	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/e2e/system"
	"safeconduct/gateway/app"
	"safeconduct/gateway/cli/demo"
	"safeconduct/gateway/telemetry/telemetrytest"
)

const patience = 2 * time.Minute

// stage is the program as a process on real servers, each of which writes below watched alone.
type stage struct {
	t       *testing.T
	watched string // the servers', and below "gateway" the program's own
	home    string
	all     *servers.All
	system  *system.System
	config  string
	admin   string // address of the admin listener
	otlp    *telemetrytest.Collector
	program string
	cmd     *exec.Cmd
	ended   chan struct{}
	url     string
	world   demo.World
	log     string // path of the program's standard error
	own     *bytes.Buffer
	sent    int // requests
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, watched: t.TempDir(), own: &bytes.Buffer{}}
	s.home = filepath.Join(s.watched, "gateway")
	s.must(os.Mkdir(s.home, 0o700))
	s.must(os.Chmod(s.watched, 0o755)) // PostgreSQL runs as somebody else
	s.must(os.Chmod(filepath.Dir(s.watched), 0o755))
	s.all = servertest.All(t, s.watched)
	s.listen()
	var collector *httptest.Server
	s.otlp, collector = telemetrytest.Collect(t, 0)
	var err error
	s.system, err = system.New(t.Context(), s.all, t.TempDir())
	s.must(err)
	s.configure(collector.URL)
	s.program = filepath.Join(t.TempDir(), "safeconduct")
	s.run("go", "build", "-o", s.program, "safeconduct/gateway/cmd/safeconduct")
	s.run(s.program, "migrate", "--config", s.config)
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) run(name string, args ...string) {
	s.t.Helper()
	if out, err := exec.CommandContext(s.t.Context(), name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s %v: %v\n%s", filepath.Base(name), args, err, out)
	}
}

// listen has PostgreSQL log every statement with its parameters, and Vault every request.
func (s *stage) listen() {
	db := s.database(s.all.Postgres.AdminDSN)
	for _, q := range []string{
		"ALTER SYSTEM SET log_statement = 'all'", "ALTER SYSTEM SET log_parameter_max_length = -1",
		"ALTER SYSTEM SET log_parameter_max_length_on_error = -1", "SELECT pg_reload_conf()",
	} {
		_, err := db.ExecContext(s.t.Context(), q)
		s.must(err)
	}
	vault, err := s.all.Vault.Client()
	s.must(err)
	s.must(vault.Sys().EnableAuditWithOptionsWithContext(s.t.Context(), "file", &api.EnableAuditOptions{
		Type: "file", Options: map[string]string{"file_path": filepath.Join(s.watched, "vault-audit.log")},
	}))
}

func (s *stage) configure(collector string) {
	settings, err := s.system.Settings()
	s.must(err)
	l, err := (&net.ListenConfig{}).Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	s.must(err)
	s.admin = l.Addr().String()
	s.must(l.Close())
	settings["server"].(map[string]any)["admin_listen"] = s.admin
	settings["telemetry"] = map[string]any{"otlp_endpoint": collector, "otlp_interval": "1s", "log_level": "debug"}
	s.config, err = s.system.Write("planted.yaml", settings)
	s.must(err)
}

// serve starts the program in a shell that allows cores, and waits until it serves.
func (s *stage) serve() {
	s.t.Helper()
	s.log = filepath.Join(s.home, "stderr")
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	s.must(err)
	defer func() { _ = log.Close() }() // the process has its own descriptor
	s.cmd = exec.CommandContext(context.WithoutCancel(s.t.Context()), "sh", "-c", `ulimit -c unlimited; exec "$0" "$@"`, s.program, "serve", "--config", s.config)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.home, log, log
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "TMPDIR=" + s.home, "GOTRACEBACK=crash"}
	s.must(s.cmd.Start())
	s.ended = make(chan struct{})
	go func() {
		_ = s.cmd.Wait() // it is killed
		close(s.ended)
	}()
	s.t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.ended
	})
	s.eventually("the gateway serves", func() bool {
		for line := range bytes.Lines(s.said()) {
			var said struct{ Msg, URL string }
			if json.Unmarshal(line, &said) == nil && said.Msg == "serving" {
				s.url = said.URL
			}
		}
		select {
		case <-s.ended:
			s.t.Fatalf("it ended:\n%s", s.said())
		default:
		}
		return s.url != ""
	})
}

func (s *stage) said() []byte {
	content, err := os.ReadFile(s.log)
	s.must(err)
	return content
}

func (s *stage) eventually(what string, done func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			s.t.Fatalf("not within %s: %s", patience, what)
		case <-tick.C:
		}
	}
}

// play plays the whole story through the process; what only an operator may do is done by this one.
func (s *stage) play() {
	s.t.Helper()
	c, err := config.Load(nil, nil, s.config)
	s.must(err)
	c.Server.AdminListen = ""
	a, err := app.Open(s.t.Context(), c, s.own)
	s.must(err)
	defer func() { s.must(a.Close()) }()
	file := filepath.Join(s.t.TempDir(), plantedFile)
	csv := fmt.Sprintf("case_reference,given_name,phone\n%s,%s,%s\n%s,%s,%s\n", plantedCase, plantedWhole, plantedPhone, secondCase, plantedName, plantedPhone)
	s.must(os.WriteFile(file, []byte(csv), 0o600))
	payload, err := demo.Open(file, "text/csv")
	s.must(err)
	p := demo.Player{
		System:  demo.System{Services: a.Services, Parts: a.Parts, Origin: c.Log.Origin, URL: s.url},
		Payload: payload, Report: &told{s}, Now: time.Now, Random: rand.Reader,
	}
	s.world, _, err = p.Play(s.t.Context())
	s.must(err)
	s.must(payload.Close())
}

// told keeps what the story tells: ids, codes and mends.
type told struct{ s *stage }

func (t *told) Step(step demo.Telling) error {
	b, err := json.Marshal(step)
	t.s.own.Write(b)
	return err
}

// ask reads one page of the admin listener.
func (s *stage) ask(path string) (int, []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.admin+path, nil)
	s.must(err)
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	return resp.StatusCode, s.whole(resp)
}

func tokenOf(secret interface{ Reveal() string }) string {
	return "Bearer " + strings.TrimSpace(secret.Reveal())
}
