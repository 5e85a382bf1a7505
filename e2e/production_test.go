package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"safeconduct/e2e/system"
	"safeconduct/gateway/duty"
	"safeconduct/gateway/edge/edgetest"
	"safeconduct/gateway/telemetry/telemetrytest"
)

// plant is a production system that a test misconfigures, and the program.
type plant struct {
	*system.System
	t       *testing.T
	program string
	files   int
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	return &plant{System: newSystem(t), t: t, program: program(t)}
}

// config writes the configuration as change makes it.
func (p *plant) config(change func(map[string]any)) string {
	p.t.Helper()
	settings, err := p.Settings()
	if err != nil {
		p.t.Fatal(err)
	}
	settings["duties"] = maps.Clone(p.Logins)
	change(settings)
	p.files++
	path, err := p.Write(fmt.Sprintf("changed-%d.yaml", p.files), settings)
	if err != nil {
		p.t.Fatal(err)
	}
	return path
}

// refuses wants `serve` to end by itself, with every text and no secret in what it prints.
func (p *plant) refuses(t *testing.T, config string, texts []string, flags ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.program, append([]string{"serve", "--config", config}, flags...)...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("it does not refuse: %v\n%s", err, out)
	}
	for _, text := range texts {
		if !strings.Contains(string(out), text) {
			t.Errorf("it does not say %q:\n%s", text, out)
		}
	}
	if bytes.Contains(out, []byte("hunter2")) || bytes.Contains(out, []byte(`"serving"`)) {
		t.Errorf("it tells a secret, or serves:\n%s", out)
	}
}

// serves wants `serve` to come up, and ends it.
func (p *plant) serves(t *testing.T, config string, flags ...string) {
	t.Helper()
	log := &telemetrytest.Log{}
	cmd := exec.CommandContext(t.Context(), p.program, append([]string{"serve", "--config", config}, flags...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	late := time.After(2 * time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(log.String(), `"serving"`) {
		select {
		case err := <-ended:
			t.Fatalf("it does not serve: %v\n%s", err, log)
		case <-late:
			t.Fatalf("it neither serves nor ends:\n%s", log)
		case <-tick.C:
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v\n%s", err, log)
	}
}

func (p *plant) migrate() {
	p.t.Helper()
	if out, err := exec.CommandContext(p.t.Context(), p.program, "migrate", "--config", p.Config).CombinedOutput(); err != nil {
		p.t.Fatalf("migrate: %v\n%s", err, out)
	}
}

func (p *plant) sql(query string, args ...any) {
	p.t.Helper()
	if _, err := open(p.t, p.DSN).ExecContext(p.t.Context(), query, args...); err != nil {
		p.t.Fatal(err)
	}
}

// in changes one key of a section.
func in(section, key string, value any) func(map[string]any) {
	return func(settings map[string]any) {
		part, _ := settings[section].(map[string]any)
		part[key] = value
	}
}

func without(section string) func(map[string]any) {
	return func(settings map[string]any) { delete(settings, section) }
}

// sharing gives a duty a login that is in part another's.
func sharing(d string, change func(mine *system.Login, other system.Login)) func(map[string]any) {
	return func(settings map[string]any) {
		logins, _ := settings["duties"].(map[string]system.Login)
		mine := logins[d]
		change(&mine, logins["intake"])
		logins[d] = mine
	}
}

// TestProductionRefuses runs the program itself on each misconfiguration (R50).
func TestProductionRefuses(t *testing.T) {
	p := newPlant(t)
	elsewhere := func(url string) func(map[string]any) {
		file := filepath.Join(t.TempDir(), "url")
		if err := os.WriteFile(file, []byte(url), 0o600); err != nil {
			t.Fatal(err)
		}
		return in("database", "url_file", file)
	}
	for _, c := range []struct {
		name   string
		change func(map[string]any)
		want   string
	}{
		{"an embedded database", without("database"), "configure database.url_file"},
		{"embedded keys", without("vault"), "configure the section vault"},
		{"embedded objects", without("s3"), "configure the section s3"},
		{"a directory for embedded parts", func(s map[string]any) { s["data"] = t.TempDir() }, "data is the place of embedded parts"},
		{"neither TLS nor trusted proxies", in("server", "trusted_proxies", []string{}), "server.tls_cert_file is missing"},
		{"everybody as trusted proxy", in("server", "trusted_proxies", []string{"::/0"}), "trusts everybody"},
		{"any host name", in("server", "allowed_hosts", []string{}), "server.allowed_hosts is empty"},
		{"Vault in clear elsewhere", in("vault", "address", "http://vault.example.org:8200"), "vault.address is http to another machine"},
		{"objects in clear elsewhere", in("s3", "endpoint", "minio.example.org:9000"), "s3.insecure is not for production"},
		{"the making of buckets", in("s3", "create_bucket", true), "s3.create_bucket"},
		{"a database in clear elsewhere", elsewhere("postgres://u:hunter2@db.example.org/x?sslmode=disable"), "sslmode=verify-full"},
		{"TLS to the database only where it likes", elsewhere("postgres://u:hunter2@db.example.org/x"), "sslmode=verify-full"},
		{"an unchecked certificate of the database", elsewhere("postgres://u:hunter2@db.example.org/x?sslmode=require"), "sslmode=verify-full"},
		{"one host of several in clear", elsewhere("postgres://u:hunter2@127.0.0.1,db.example.org/x?sslmode=disable"), "sslmode=verify-full"},
		{"a duty without its login", sharing("keeper", func(l *system.Login, _ system.Login) { l.RoleIDFile = "" }), "duties.keeper.role_id_file is missing"},
		{"a duty without its keys of objects", sharing("release", func(l *system.Login, _ system.Login) { l.S3SecretKeyFile = "" }), "duties.release.s3_secret_key_file is missing"},
		{"two duties with one AppRole", sharing("sequencer", func(l *system.Login, o system.Login) { l.RoleIDFile = o.RoleIDFile }), "duties.sequencer.role_id_file holds the same login as duties.intake.role_id_file"},
		{"two duties with one user of objects", sharing("release", func(l *system.Login, o system.Login) { l.S3AccessKeyFile = o.S3AccessKeyFile }), "duties.release.s3_access_key_file holds the same login as duties.intake.s3_access_key_file"},
		{"a schema that is not there", func(map[string]any) {}, "run safeconduct migrate"},
	} {
		t.Run("R50 "+c.name, func(t *testing.T) { p.refuses(t, p.config(c.change), []string{c.want}) })
	}
	t.Run("an unknown duty", func(t *testing.T) {
		p.refuses(t, p.Config, []string{"no such duty", "intake, release, keeper, sequencer"}, "--duty", "janitor")
	})
	p.migrate()
	t.Run("and serves what is whole, by any duty", func(t *testing.T) {
		p.serves(t, p.Config)
		for _, d := range duty.Names() {
			p.serves(t, p.Config, "--duty", d)
		}
	})
	t.Run("R50 a certificate of its own is as good as a proxy", func(t *testing.T) {
		cert, key := edgetest.Certificate(t)
		p.serves(t, p.config(func(s map[string]any) {
			in("server", "trusted_proxies", []string{})(s)
			in("server", "tls_cert_file", cert)(s)
			in("server", "tls_key_file", key)(s)
		}))
	})
	p.schemas(t)
}

// schemas: the program serves the schema that it knows and the next, and no other.
func (p *plant) schemas(t *testing.T) {
	var newest int64
	if err := open(t, p.DSN).QueryRowContext(t.Context(), "SELECT max(version_id) FROM goose_db_version").Scan(&newest); err != nil {
		t.Fatal(err)
	}
	t.Run("serves the next schema", func(t *testing.T) {
		p.sql("INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)", newest+1)
		p.serves(t, p.Config)
	})
	t.Run("a schema newer by two", func(t *testing.T) {
		p.sql("INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)", newest+2)
		p.refuses(t, p.Config, []string{"install the newer program"})
		p.sql("DELETE FROM goose_db_version WHERE version_id > $1", newest)
	})
	t.Run("an older schema", func(t *testing.T) {
		p.sql("DELETE FROM goose_db_version WHERE version_id = $1", newest)
		p.refuses(t, p.Config, []string{"run safeconduct migrate"})
		p.sql("INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)", newest)
	})
}
