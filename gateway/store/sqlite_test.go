package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"safeconduct/gateway/store"
	"safeconduct/gateway/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// unmigrated opens a new database at path for the length of the test.
func unmigrated(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.OpenSQLite(t.Context(), path, storetest.Options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

func made(t *testing.T, path string) *store.Store {
	t.Helper()
	s := unmigrated(t, path)
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return made(t, filepath.Join(t.TempDir(), "safeconduct.db")) })
}

func opened(t *testing.T) (*store.Store, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "safeconduct.db")
	return made(t, path), raw(t, path)
}

// raw is the database as anybody with the file reaches it.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=synchronous(off)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return db
}

func TestSQLiteSequencing(t *testing.T) { storetest.RunSequencing(t, opened) }

func TestSQLiteTampering(t *testing.T) { storetest.RunTampering(t, opened) }

func TestSQLiteMigrations(t *testing.T) {
	storetest.RunMigrations(t, func(t *testing.T) (*store.Store, *sql.DB) {
		path := filepath.Join(t.TempDir(), "safeconduct.db")
		return unmigrated(t, path), raw(t, path)
	})
}
