package e2e

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/jobs"
)

// replica is a process with duty keeper, as far as the clock goes.
type replica struct {
	done, broke, stuck atomic.Int64
	stop               func()
}

// join starts a replica on the database.
func join(t *testing.T, dsn string) *replica {
	t.Helper()
	s := openPostgres(t, dsn)
	driver, shared := s.JobDriver()
	if !shared {
		t.Fatal("PostgreSQL has replicas")
	}
	r := &replica{}
	begun := make(chan struct{}, 1)
	q, err := jobs.NewQueue(driver, slog.New(slog.DiscardHandler), jobs.Options{Every: time.Second},
		jobs.Job{Name: "does", Run: func(context.Context) (int, error) { r.done.Add(1); return 1, nil }},
		jobs.Job{Name: "breaks", Run: func(context.Context) (int, error) { r.broke.Add(1); return 0, errors.New(plantedName) }},
		jobs.Job{Name: "hangs", Run: func(ctx context.Context) (int, error) {
			select {
			case begun <- struct{}{}:
			default:
			}
			if r.stuck.Add(1) > 1 {
				return 0, nil
			}
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); q.Run(ctx) }()
	r.stop = func() { cancel(); <-ended }
	t.Cleanup(r.stop)
	return r
}

// TestQueue: of all replicas one does a job for each period, another when that one is gone, and a job that hangs or breaks
// holds no other up.
func TestQueue(t *testing.T) {
	dsn := servertest.Database(t, sharedPostgres(t))
	if _, err := openPostgres(t, dsn).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db := open(t, servers.Secret(dsn))
	one, two := join(t, dsn), join(t, dsn)
	eventually(t, "a job is done in five periods", func() bool { return one.done.Load()+two.done.Load() >= 5 })
	counted := func(what string) (n int64) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT("+what+") FROM river_job WHERE args ->> 'job' = 'does'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	eventually(t, "what breaks is tried again", func() bool {
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM river_job WHERE attempt > 1").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 0
	})
	var leaders int
	var told sql.NullString
	if err := db.QueryRowContext(t.Context(), "SELECT (SELECT COUNT(*) FROM river_leader), (SELECT string_agg(errors::text, '') FROM river_job)").Scan(&leaders, &told); err != nil {
		t.Fatal(err)
	}
	if leaders != 1 || !told.Valid || strings.Contains(told.String, plantedName) {
		t.Errorf("%d lead; of what broke the database says %q", leaders, told.String)
	}
	one.stop()
	has := counted("*")
	gone := one.done.Load()
	eventually(t, "the other lists them, too", func() bool { return counted("*") >= has+3 })
	if one.done.Load() != gone {
		t.Error("who is gone goes on")
	}
	two.stop()
	listed, both := counted("*"), one.done.Load()+two.done.Load()
	if periods := counted("DISTINCT args"); listed != periods || both > periods+2 { // each replica once when it began
		t.Errorf("%d runs are listed of %d periods, and %d were done", listed, periods, both)
	}
}

// The tables of the migration are those that River would make itself.
func TestQueueTables(t *testing.T) {
	ours, theirs := shapeOf(t, migratedQueue(t)), shapeOf(t, riverOwn(t))
	for _, line := range theirs {
		if !slices.Contains(ours, line) {
			t.Errorf("River has, and the migration has not: %s", line)
		}
	}
	for _, line := range ours {
		if !slices.Contains(theirs, line) {
			t.Errorf("the migration has, and River has not: %s", line)
		}
	}
}

func migratedQueue(t *testing.T) *sql.DB {
	t.Helper()
	_, db := migratedPostgres(t)
	return db
}

func riverOwn(t *testing.T) *sql.DB {
	t.Helper()
	_, db := emptyPostgres(t)
	m, err := rivermigrate.New(riverdatabasesql.New(db), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Migrate(t.Context(), rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal(err)
	}
	return db
}

// shapeOf tells the columns, rules, indexes and functions of the tables that the queue uses.
func shapeOf(t *testing.T, db *sql.DB) []string {
	t.Helper()
	const of = "IN ('river_job', 'river_leader', 'river_queue')"
	var all []string
	for _, query := range []string{
		"SELECT table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable || ' ' || COALESCE(column_default, '') FROM information_schema.columns WHERE table_name " + of,
		"SELECT indexdef FROM pg_indexes WHERE tablename " + of,
		"SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text " + of,
		"SELECT relname || ' ' || relpersistence::text FROM pg_class WHERE relname " + of,
		"SELECT prosrc || provolatile::text FROM pg_proc WHERE proname LIKE 'river_%'",
		"SELECT string_agg(enumlabel, ',' ORDER BY enumlabel) FROM pg_enum JOIN pg_type t ON t.oid = enumtypid WHERE typname = 'river_job_state'",
		"SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text " + of,
	} {
		all = append(all, told(t, db, query)...)
	}
	if len(all) < 20 {
		t.Fatal(fmt.Sprint("too little is seen: ", all))
	}
	return all
}

func told(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // it was only read
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
