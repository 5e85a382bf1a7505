package e2e

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/store"
	"safeconduct/gateway/store/storetest"
)

// What the clock asks for each minute reads what there is to do, and what lies there still, however much there was.
func TestClockReadsWhatThereIsToDo(t *testing.T) {
	dsn := servertest.Database(t, sharedPostgres(t))
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	s, err := store.OpenPostgres(t.Context(), dsn, storetest.Options())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Migrate(t.Context())
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	const many = 20_000
	for _, q := range []string{
		// All was pulled, and its window is over; of the newest few the files lie there.
		`INSERT INTO transfers (id, version, mission, partner, state, agreement, subjects, released, window_ends, held_since)
SELECT 't-' || lpad(i::text, 9, '0'), 1, 'm', 'x', 'pulled', 'a', 0, 1, 1, 0 FROM generate_series(1, $1::int) i`,
		`INSERT INTO uploads (id, transfer, file, key_name, wrapped, state, started, touched)
SELECT 'u-' || i, 't-' || lpad(i::text, 9, '0'), 1, '', '', 'sealed', 1, 1 FROM generate_series($1::int - 50, $1::int) i`,
		// Two in a hundred are suspended, the oldest, and of the others one half is in force for long yet and the other is over.
		`INSERT INTO agreements (id, version, mission, partner, state, valid_until)
SELECT 'a-' || lpad(i::text, 9, '0'), 1, 'm', 'x', CASE WHEN i <= $1::int / 50 THEN 'suspended' WHEN i % 2 = 0 THEN 'active' ELSE 'expired' END,
    CASE WHEN i <= $1::int / 50 OR i % 2 = 0 THEN 9000000000000000 ELSE 1 END
FROM generate_series(1, $1::int) i`,
	} {
		if _, err := db.ExecContext(t.Context(), q, many); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func(tx storetest.Tx) error{
		"windows that ended": func(tx storetest.Tx) error {
			_, err := tx.Lapsed(t.Context(), storetest.Epoch(), storetest.Epoch(), storetest.Epoch(), 100)
			return err
		},
		"suspensions": func(tx storetest.Tx) error {
			_, err := tx.AgreementsSuspended(t.Context(), "a-000000400", 10)
			return err
		},
		"terms that ended": func(tx storetest.Tx) error {
			_, err := tx.AgreementsDue(t.Context(), time.UnixMicro(1), 100)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := rowsRead(t, db)
			s, err := store.OpenPostgres(t.Context(), dsn, storetest.Options())
			if err != nil {
				t.Fatal(err)
			}
			const times = 8 // a server that was asked often enough goes by a plan for any arguments
			for range times {
				err = errors.Join(err, store.For[storetest.Tx](s).View(t.Context(), ask))
			}
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
			if n := (rowsRead(t, db) - before) / times; n > many/50 {
				t.Errorf("it reads %d rows of %d", n, many)
			}
		})
	}
}

// rowsRead is how many rows of the two tables, and how many entries of their indexes, were read since the database began, by
// everybody who has gone: a server says so no sooner.
func rowsRead(t *testing.T, db *sql.DB) (n int64) {
	t.Helper()
	for others := int64(1); others > 0; {
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()").Scan(&others); err != nil {
			t.Fatal(err)
		}
	}
	const tables = "relname IN ('transfers', 'agreements')"
	if err := db.QueryRowContext(t.Context(), `SELECT (SELECT SUM(seq_tup_read) FROM pg_stat_user_tables WHERE `+tables+`)::bigint
+ (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE `+tables+`)::bigint`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
