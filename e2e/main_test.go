package e2e

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"safeconduct/e2e/servers"
	"safeconduct/gateway/store"
)

// shared are servers that several tests use, each with a database of its own.
// They are started at first use and end with the tests.
var shared struct { // a test binary has one set of servers
	mu       sync.Mutex
	postgres *servers.Postgres
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the shared servers:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func stopShared() error {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.postgres == nil {
		return nil
	}
	return shared.postgres.Stop()
}

// storeOn opens the database as a world asks for its store.
func storeOn(t testing.TB, dsn string) func(store.Options) *store.Store {
	return func(o store.Options) *store.Store {
		s, err := store.OpenPostgres(t.Context(), dsn, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// sharedPostgres is a PostgreSQL server; ask it for a database.
func sharedPostgres(t testing.TB) *servers.Postgres {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.postgres == nil {
		// It outlives the test that asks first.
		p, err := servers.StartPostgres(context.WithoutCancel(t.Context()), os.TempDir())
		if err != nil {
			t.Fatalf("PostgreSQL for the tests: %v", err)
		}
		shared.postgres = p
	}
	return shared.postgres
}
