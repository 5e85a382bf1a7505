package e2e

import (
	"context"
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver

	"safeconduct/e2e/between"
)

// databaseFails: without the database nobody is known, and nothing happens at all.
func (d *disturbed) databaseFails(t *testing.T) {
	admin := open(t, d.all.Postgres.AdminDSN)
	var name string
	d.must(d.db.QueryRow("SELECT current_database()").Scan(&name))
	statements := func(db *sql.DB, all ...string) {
		for _, s := range all {
			_, err := db.Exec(s)
			d.must(err)
		}
	}
	disconnect := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "' AND application_name = 'safeconduct'"
	down := func(name string, begin, end func(t *testing.T)) fault {
		return fault{name: name, begin: begin, end: end, upload: unavailable, approve: unavailable, pull: unavailable, unready: "database"}
	}
	refusing := func(name string, begin, end func(t *testing.T)) fault {
		f := down(name, begin, end)
		f.unready = "" // it reads
		return f
	}
	recorded := func(tx between.Transaction) bool { return tx.Did("INSERT INTO log_entries") }
	breaking := func(name string, at between.Moment) fault {
		return refusing(name,
			func(*testing.T) {
				d.cutAt(func(tx between.Transaction) bool { return tx.Moment == at && recorded(tx) })
			},
			func(*testing.T) { d.cutAt(nil) })
	}
	var locked *sql.Tx
	d.run(t, "PostgreSQL", []fault{
		down("is gone, and recovers from its log", func(*testing.T) { d.must(d.all.Postgres.Crash()) }, func(t *testing.T) {
			d.must(d.all.Postgres.Resume(t.Context()))
			eventually(t, "the tests reach it again", func() bool { return d.db.Ping() == nil && admin.Ping() == nil })
		}),
		down("says nothing", func(*testing.T) { d.proxy["postgres"].Stall() }, func(*testing.T) { d.proxy["postgres"].Resume() }),
		down("breaks every connection", func(*testing.T) { d.proxy["postgres"].Cut() }, func(*testing.T) { d.proxy["postgres"].Restore() }),
		down("takes no more connections", func(*testing.T) {
			statements(admin, "ALTER ROLE safeconduct CONNECTION LIMIT 0", disconnect)
		}, func(*testing.T) { statements(admin, "ALTER ROLE safeconduct CONNECTION LIMIT -1") }),
		breaking("breaks off before each COMMIT", between.Before),
		breaking("carries out each COMMIT, and the answer is lost", between.After),
		refusing("is read only", func(*testing.T) {
			statements(admin, "ALTER DATABASE "+name+" SET default_transaction_read_only = on", disconnect)
		}, func(*testing.T) {
			statements(admin, "ALTER DATABASE "+name+" RESET default_transaction_read_only", disconnect)
		}),
		refusing("has no space left", func(*testing.T) {
			statements(d.db, "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END$$",
				"CREATE TRIGGER full_disk BEFORE INSERT ON log_entries EXECUTE FUNCTION full_disk()")
		}, func(*testing.T) {
			statements(d.db, "DROP TRIGGER full_disk ON log_entries", "DROP FUNCTION full_disk")
		}),
		refusing("is locked by somebody", func(t *testing.T) {
			var err error
			locked, err = d.db.BeginTx(context.WithoutCancel(t.Context()), nil)
			d.must(err)
			_, err = locked.Exec("LOCK TABLE log_entries IN ACCESS EXCLUSIVE MODE")
			d.must(err)
		}, func(*testing.T) { d.must(locked.Rollback()) }),
	})
}
