package between_test

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver

	"safeconduct/e2e/between"
	"safeconduct/e2e/servers/servertest"
)

func TestPostgres(t *testing.T) {
	server := servertest.Postgres(t)
	direct, err := sql.Open("pgx", servertest.Database(t, server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = direct.Close() })
	if _, err := direct.Exec("CREATE TABLE things (name TEXT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	var name string
	if err := direct.QueryRow("SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	// through is the database by way of a proxy; hook sees what concerns things.
	through := func(t *testing.T, hook func(between.Transaction) bool) *sql.DB {
		t.Helper()
		u, err := url.Parse(server.DSN.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		p, err := between.Postgres(t.Context(), u.Host, func(_ context.Context, tx between.Transaction) bool {
			return tx.Did("INSERT INTO things") && hook(tx)
		})
		u.Host, u.Path = closing(t, p, err).Addr(), "/"+name
		db, err := sql.Open("pgx", u.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	count := func(thing string) (n int) {
		if err := direct.QueryRow("SELECT count(*) FROM things WHERE name = $1", thing).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	insert := func(db *sql.DB, names ...string) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		for _, n := range names {
			if _, err := tx.Exec("INSERT INTO things (name) VALUES ($1)", n); err != nil {
				return err
			}
		}
		return tx.Commit()
	}
	t.Run("it numbers transactions, and shows what they did", func(t *testing.T) {
		var said []string
		seen := map[between.Moment]int{}
		db := through(t, func(tx between.Transaction) bool {
			seen[tx.Moment]++
			said = tx.Statements
			return false
		})
		if err := insert(db, "a", "b"); err != nil {
			t.Fatal(err)
		}
		if seen[between.Before] != 1 || seen[between.After] != 1 || len(said) != 2 || !strings.HasSuffix(said[1], "\nb") {
			t.Fatal(seen, said)
		}
		if _, err := db.Exec("INSERT INTO things (name) VALUES ('c')"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("INSERT INTO things (name) VALUES ($1)", "d"); err != nil {
			t.Fatal(err)
		}
		if seen[between.Before] != 3 || seen[between.After] != 3 {
			t.Error("statements alone:", seen)
		}
		if err := insert(db, "e", "e"); err == nil {
			t.Error("twice the same")
		}
		if seen[between.Before] != 3 {
			t.Error("what was rolled back is shown:", seen)
		}
	})
	for name, c := range map[string]struct {
		moment between.Moment
		stays  int
	}{
		"broken before, it is rolled back": {between.Before, 0},
		"broken after, its answer is lost": {between.After, 1},
	} {
		t.Run(name, func(t *testing.T) {
			db := through(t, func(tx between.Transaction) bool { return tx.Moment == c.moment })
			thing := "broken " + c.moment.String()
			if err := insert(db, thing); err == nil {
				t.Error("the client got an answer")
			}
			if n := count(thing); n != c.stays {
				t.Errorf("%d rows", n)
			}
		})
	}
	t.Run("within, it is shown with each statement so far, and broken it is rolled back", func(t *testing.T) {
		var seen atomic.Pointer[string] // a broken connection orders nothing
		db := through(t, func(tx between.Transaction) bool {
			seen.Store(&tx.Statements[len(tx.Statements)-1])
			return tx.Moment == between.Within && tx.N == 0 && len(tx.Statements) == 2
		})
		if err := insert(db, "v", "w", "x"); err == nil {
			t.Error("the client got an answer")
		}
		last := seen.Load()
		if n := count("v") + count("w"); n != 0 || last == nil || !strings.HasSuffix(*last, "\nw") {
			t.Errorf("%d rows, broken at %v", n, last)
		}
	})
	t.Run("within and before, it is not there; after, it is", func(t *testing.T) {
		there := map[between.Moment]*atomic.Int64{between.Within: {}, between.Before: {}, between.After: {}}
		db := through(t, func(tx between.Transaction) bool {
			there[tx.Moment].Store(int64(count("z")))
			return false
		})
		if err := insert(db, "z"); err != nil {
			t.Fatal(err)
		}
		if there[between.Within].Load() != 0 || there[between.Before].Load() != 0 || there[between.After].Load() != 1 {
			t.Error("within:", there[between.Within].Load(), "before:", there[between.Before].Load(), "after:", there[between.After].Load())
		}
	})
}
