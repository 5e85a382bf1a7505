package e2e

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that raw uses

	"safeconduct/authz/evidence"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/store"
	"safeconduct/gateway/store/storetest"
	"safeconduct/transfer"
)

// openPostgres opens a store on the database for the length of the test.
func openPostgres(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s := storeOn(t, dsn)(storetest.Options())
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

// emptyPostgres is a database of the test's own, as the store and as its
// administrator reach it.
func emptyPostgres(t *testing.T) (*store.Store, *sql.DB) {
	t.Helper()
	dsn := servertest.Database(t, sharedPostgres(t))
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return openPostgres(t, dsn), db
}

func migratedPostgres(t *testing.T) (*store.Store, *sql.DB) {
	t.Helper()
	s, db := emptyPostgres(t)
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, db
}

func TestPostgresStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store {
		s, _ := migratedPostgres(t)
		return s
	})
}

func TestPostgresLocks(t *testing.T) { storetest.RunLocks(t, migratedPostgres) }

func TestPostgresPools(t *testing.T) { storetest.RunPools(t, migratedPostgres) }

func TestPostgresSequencing(t *testing.T) { storetest.RunSequencing(t, migratedPostgres) }

func TestPostgresTampering(t *testing.T) { storetest.RunTampering(t, migratedPostgres) }

func TestPostgresMigrations(t *testing.T) { storetest.RunMigrations(t, emptyPostgres) }

// A lock that is held for too long is an outage, and not a wait for ever.
func TestPostgresLockTimeout(t *testing.T) {
	dsn := servertest.Database(t, sharedPostgres(t))
	s := openPostgres(t, dsn)
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	impatient := store.For[storetest.Tx](openPostgres(t, dsn+"&lock_timeout=100ms"))
	upload := transfer.Upload{ID: "u", State: transfer.UploadOpen}
	mark := func(tx storetest.Tx) error {
		return tx.MarkUpload(t.Context(), "u", storetest.Epoch(), transfer.UploadOpen, transfer.UploadOpen)
	}
	if _, err := store.For[storetest.Tx](s).Update(t.Context(), func(tx storetest.Tx) error { return tx.AddUpload(t.Context(), upload) }); err != nil {
		t.Fatal(err)
	}
	if _, err := store.For[storetest.Tx](s).Update(t.Context(), func(tx storetest.Tx) error {
		if err := mark(tx); err != nil {
			return err
		}
		if _, err := impatient.Update(t.Context(), mark); !errors.Is(err, evidence.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// The server goes down and comes back; nothing is restarted.
func TestPostgresOutage(t *testing.T) {
	p := servertest.Postgres(t)
	s := openPostgres(t, servertest.Database(t, p))
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	tx := store.For[storetest.Tx](s)
	if _, err := tx.Update(t.Context(), func(tx storetest.Tx) error {
		if _, err := tx.Missions(t.Context()); err != nil {
			return err
		}
		if err := p.Crash(); err != nil {
			t.Fatal(err)
		}
		_, err := tx.Missions(t.Context())
		return err
	}); !errors.Is(err, evidence.ErrUnavailable) {
		t.Errorf("amid a transaction: %v", err)
	}
	for range 3 { // the first may find a connection that it takes for good
		_, update := tx.Update(t.Context(), func(storetest.Tx) error { return nil })
		for what, err := range map[string]error{
			"update": update,
			"view":   tx.View(t.Context(), func(storetest.Tx) error { return nil }),
			"ready":  s.Ready(t.Context()),
		} {
			if !errors.Is(err, evidence.ErrUnavailable) {
				t.Errorf("%s without a server: %v", what, err)
			}
		}
	}
	if err := p.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

func TestPostgresOpenErrorsHideThePassword(t *testing.T) {
	const secret = "hunter-two"
	good, err := url.Parse(servertest.Database(t, sharedPostgres(t)))
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*url.URL)) string {
		u := *good
		u.User = url.UserPassword(good.User.Username(), secret)
		change(&u)
		return u.String()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx         context.Context // of one case
		dsn         string
		unavailable bool
	}{
		"wrong password":   {t.Context(), with(func(*url.URL) {}), false},
		"no such database": {t.Context(), with(func(u *url.URL) { u.Path = "/none" }), false},
		"no such host":     {t.Context(), with(func(u *url.URL) { u.Host = "127.0.0.1:1" }), true},
		"not a string":     {t.Context(), "postgres://u:" + secret + "@h:notaport/x", false},
		"a bad setting":    {t.Context(), with(func(u *url.URL) { u.RawQuery = "sslmode=" + secret }), false},
		"no string at all": {t.Context(), "password='" + secret, false},
		"an ended context": {ended, with(func(*url.URL) {}), false},
	} {
		s, err := store.OpenPostgres(c.ctx, c.dsn, storetest.Options())
		if err == nil {
			t.Errorf("%s: opened, %v", name, s.Close())
			continue
		}
		if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), c.dsn) {
			t.Errorf("%s: the error quotes the connection string: %v", name, err)
		}
		if c.unavailable && !errors.Is(err, evidence.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
