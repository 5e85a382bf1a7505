package servers_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
)

func TestPostgres(t *testing.T) {
	private(t)
	dir := servertest.Passable(t)
	p, err := servers.StartPostgres(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, dir, p.Stop) })

	dsn, err := p.NewDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	execute(t, dsn, "CREATE TABLE kept (n BIGINT)", "INSERT INTO kept VALUES (7)")

	for _, fault := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"halt and resume", func(ctx context.Context) error { return errors.Join(p.Halt(), p.Resume(ctx)) }},
		{"crash and resume", func(ctx context.Context) error { return errors.Join(p.Crash(), p.Resume(ctx)) }},
		{"restart", p.Restart},
	} {
		t.Run(fault.name+" keeps data and port", func(t *testing.T) {
			if err := fault.do(t.Context()); err != nil {
				t.Fatal(err)
			}
			execute(t, dsn, "UPDATE kept SET n = n + 1")
		})
	}

	t.Run("halted it does not answer", func(t *testing.T) {
		if err := p.Halt(); err != nil {
			t.Fatal(err)
		}
		if conn, err := pgx.Connect(t.Context(), dsn.Reveal()); err == nil {
			t.Error("it answered", conn.Close(t.Context()))
		}
		if err := p.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("given by its address it is used and not stopped", func(t *testing.T) {
		t.Setenv(servers.EnvPostgres, p.DSN.Reveal())
		given, err := servers.StartPostgres(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := given.NewDatabase(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		execute(t, theirs, "CREATE TABLE gone (n BIGINT)")
		if err := given.Restart(t.Context()); !errors.Is(err, servers.ErrExternal) {
			t.Errorf("restart: %v, want ErrExternal", err)
		}
		if err := given.Stop(); err != nil {
			t.Fatal(err)
		}
		if conn, err := pgx.Connect(t.Context(), theirs.Reveal()); err == nil {
			t.Error("the database it made is still there", conn.Close(t.Context()))
		}
		execute(t, dsn, "SELECT n FROM kept")
	})
}

func TestPostgresSettings(t *testing.T) {
	private(t)
	dir := servertest.Passable(t)
	p, err := servers.StartPostgres(t.Context(), dir, "fsync=on")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, dir, p.Stop) })
	conn, err := pgx.Connect(t.Context(), p.DSN.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // read only
	for setting, want := range map[string]string{"fsync": "on", "lc_collate": "C", "server_encoding": "UTF8"} {
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", setting, got, err, want)
		}
	}
}

func TestPostgresUnreachableDirectory(t *testing.T) {
	private(t)
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	// Only root's server runs as another user, who is kept out.
	keptOut := os.Geteuid() == 0
	p, err := servers.StartPostgres(t.Context(), closed)
	if keptOut != (err != nil) {
		t.Errorf("start answers %v, want an error: %t", err, keptOut)
	}
	if err == nil {
		err = p.Stop()
		if err != nil {
			t.Error(err)
		}
	}
	empty(t, closed)
}

func execute(t *testing.T, dsn servers.Secret, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // each statement was checked
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// private has the harness start servers of its own, whatever it is run under.
func private(t *testing.T) {
	t.Helper()
	for _, address := range []string{
		servers.EnvPostgres, servers.EnvVaultAddr, servers.EnvVaultToken,
		servers.EnvS3Endpoint, servers.EnvS3AccessKey, servers.EnvS3SecretKey,
	} {
		t.Setenv(address, "")
	}
}

// stopped stops a server and sees that nothing of it is left.
func stopped(t *testing.T, dir string, stop func() error) {
	t.Helper()
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	empty(t, dir)
}

func empty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s was left behind", entry.Name())
	}
}
