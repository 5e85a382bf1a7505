// Package servertest gives real servers to tests: started on first use below the
// test's own temporary directory, and stopped with the test. A part that is
// missing fails the test with the line that mends it; nothing is skipped.
package servertest

import (
	"os"
	"testing"

	"safeconduct/e2e/servers"
)

// Postgres starts a PostgreSQL server for the length of the test. Settings are
// as for [servers.StartPostgres].
func Postgres(t testing.TB, settings ...string) *servers.Postgres {
	t.Helper()
	// Not t.TempDir: PostgreSQL run by root is another user, who must be able to
	// pass through every directory above, whatever TMPDIR and umask are.
	p, err := servers.StartPostgres(t.Context(), os.TempDir(), settings...)
	return started(t, p, err, (*servers.Postgres).Stop)
}

// Database gives the DSN of an empty database of p's own.
func Database(t testing.TB, p *servers.Postgres) string {
	t.Helper()
	dsn, err := p.NewDatabase(t.Context())
	if err != nil {
		t.Fatalf("database for the test: %v", err)
	}
	return dsn.Reveal()
}

// All starts one server of each kind, for the length of the test, below dir as
// [servers.StartAll] does.
func All(t testing.TB, dir string) *servers.All {
	t.Helper()
	all, err := servers.StartAll(t.Context(), dir)
	return started(t, all, err, (*servers.All).Stop)
}

// Passable gives a directory that another user can pass through.
func Passable(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "harness-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Vault starts a Vault for the length of the test.
func Vault(t testing.TB) *servers.Vault {
	t.Helper()
	v, err := servers.StartVault(t.Context(), t.TempDir())
	return started(t, v, err, (*servers.Vault).Stop)
}

// MinIO starts a MinIO for the length of the test.
func MinIO(t testing.TB) *servers.S3 {
	t.Helper()
	s, err := servers.StartMinIO(t.Context(), t.TempDir())
	return started(t, s, err, (*servers.S3).Stop)
}

// VersityGW starts a versitygw for the length of the test.
func VersityGW(t testing.TB) *servers.S3 {
	t.Helper()
	s, err := servers.StartVersityGW(t.Context(), t.TempDir())
	return started(t, s, err, (*servers.S3).Stop)
}

// Bucket gives the name of an empty bucket of s's own.
func Bucket(t testing.TB, s *servers.S3, versioned bool) string {
	t.Helper()
	name, err := s.NewBucket(t.Context(), versioned)
	if err != nil {
		t.Fatalf("bucket for the test: %v", err)
	}
	return name
}

func started[S any](t testing.TB, server S, err error, stop func(S) error) S {
	t.Helper()
	if err != nil {
		t.Fatalf("server for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := stop(server); err != nil {
			t.Errorf("stop the test's server: %v", err)
		}
	})
	return server
}
