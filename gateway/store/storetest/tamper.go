package storetest

import (
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/sequencer"
	"safeconduct/gateway/sequencer/sequencertest"
	"safeconduct/gateway/store"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

// Open gives an empty store, migrated and made with Options, and the same
// database as its administrator reaches it.
type Open func(t *testing.T) (*store.Store, *sql.DB)

// RunSequencing checks the store as the sequencer needs it.
func RunSequencing(t *testing.T, open Open) {
	t.Helper()
	sequencertest.Run(t, func(t *testing.T) (sequencer.Store, sequencertest.Inserter) {
		s, db := open(t)
		return store.Log{Store: s}, tables{db}
	})
}

// RunTampering checks that whatever an administrator of the database changes,
// with the triggers dropped, is found and named.
func RunTampering(t *testing.T, open Open) {
	t.Helper()
	t.Run("records", func(t *testing.T) {
		l := newLogged(t, open)
		for _, k := range kinds() {
			if k.called() != "transfer" {
				k.add(t, l.bench, k.called()+"-1")
			}
		}
		addTransfer(t, l.bench)
		addRules(t, l.bench)
		addFacts(t, l.bench)
		if _, err := l.db.ExecContext(t.Context(), "INSERT INTO mission_keys (mission, key_name, wrapped) SELECT DISTINCT mission, 'mis-x', 'w' FROM subjects"); err != nil {
			t.Fatal(err)
		}
		if err := l.AddAuthorityKey(t.Context(), store.AuthorityKey{Version: 1, Name: "authority", Wrapped: "w"}, l.entry()); err != nil {
			t.Fatal(err)
		}
		l.sign(t)
		l.sound(t)
		l.dropTriggers(t)
		tamperRecords(t, l)
	})
	t.Run("lists of jobs", func(t *testing.T) { tamperJobs(t, newLogged(t, open)) })
	t.Run("tallies", func(t *testing.T) { tamperTallies(t, newLogged(t, open)) })
	t.Run("claims", func(t *testing.T) { tamperClaims(t, newLogged(t, open)) })
	t.Run("log", func(t *testing.T) {
		l := newLogged(t, open)
		for range 4 {
			for range 5 {
				if err := l.work(t, func(tx Tx) error { return tx.Record(t.Context(), l.entry()) }); err != nil {
					t.Fatal(err)
				}
			}
			l.sign(t)
		}
		l.sound(t)
		l.dropTriggers(t)
		tamperLog(t, l)
	})
}

// logged is a store with a sequencer and a way past every rule.
type logged struct {
	*bench
	db   *sql.DB
	keys *ledgertest.Keys
	seq  *sequencer.Sequencer
}

func newLogged(t *testing.T, open Open) *logged {
	t.Helper()
	s, db := open(t)
	l := &logged{bench: &bench{Store: s, tx: store.For[Tx](s)}, db: db, keys: ledgertest.NewKeys("log")}
	var err error
	if l.seq, err = sequencer.New(store.Log{Store: s}, l.keys, ledgertest.Origin, slog.New(slog.DiscardHandler), sequencer.Options{}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *logged) sign(t *testing.T) {
	t.Helper()
	if _, err := l.seq.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (l *logged) verify(t *testing.T) store.Verification {
	t.Helper()
	v, err := l.Verify(t.Context(), l.keys.Public(), ledgertest.Origin, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (l *logged) sound(t *testing.T) {
	t.Helper()
	if v := l.verify(t); !v.OK() {
		t.Fatalf("before anything was altered: %v", v.Findings)
	}
}

// exec is the administrator's hand.
func (l *logged) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := l.db.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func (l *logged) texts(t *testing.T, query string) []string {
	t.Helper()
	rows, err := l.db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func (l *logged) dropTriggers(t *testing.T) {
	t.Helper()
	query := "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
	if l.Engine() == store.Postgres {
		query = "SELECT 'DROP TRIGGER ' || tgname || ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal"
	}
	drops := l.texts(t, query)
	if len(drops) == 0 {
		t.Fatal("there are no triggers to drop")
	}
	l.exec(t, drops...)
}

// tables are those that hold the business, and not working state.
func (l *logged) tables(t *testing.T) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
	if l.Engine() == store.Postgres {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
	}
	return slices.DeleteFunc(l.texts(t, query), func(name string) bool {
		return slices.Contains([]string{"uploads", "mission_keys", "claims", "rates", "tallies", "rejudgings"}, name) || // working state
			strings.HasPrefix(name, "log_") || strings.HasPrefix(name, "goose_") || strings.HasPrefix(name, "river_") || strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "kept_")
	})
}

// tamperLog plays every mutation of the log, on tables without constraints.
func tamperLog(t *testing.T, l *logged) {
	l.exec(t,
		"ALTER TABLE log_entries RENAME TO kept_entries", "ALTER TABLE log_hashes RENAME TO kept_hashes", "ALTER TABLE log_checkpoints RENAME TO kept_checkpoints",
		"CREATE TABLE log_entries (id TEXT, seq BIGINT, version BIGINT, kind TEXT, commitment BYTEA, salt BYTEA, body BYTEA, mac BYTEA)",
		"CREATE TABLE log_hashes (id BIGINT, hash BYTEA)", "CREATE TABLE log_checkpoints (size BIGINT, prev BIGINT, note BYTEA)",
		"INSERT INTO log_entries SELECT * FROM kept_entries", "INSERT INTO log_hashes SELECT * FROM kept_hashes", "INSERT INTO log_checkpoints SELECT * FROM kept_checkpoints",
	)
	l.sound(t)
	rows := tables{l.db}
	good, err := rows.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for at, m := range ledgertest.Mutations() {
		t.Run("R52 "+m.Name, func(t *testing.T) {
			for round := range uint64(3) {
				target, err := m.Run(t.Context(), rows, rand.New(rand.NewPCG(uint64(at), round)).IntN) // a test that repeats itself
				if err != nil {
					t.Fatal(err)
				}
				if v := l.verify(t); !target.Found(v.Report) {
					t.Errorf("%v is not found: %v", target, v.Findings)
				}
				if err := rows.Replace(t.Context(), good); err != nil {
					t.Fatal(err)
				}
			}
			l.sound(t)
		})
	}
}

// forge is an entry in good form that names a version of a record.
func (l *logged) forge(t *testing.T, id string, ref evidence.Ref) {
	t.Helper()
	e := l.entry()
	e.ID, e.Objects = id, []evidence.Ref{ref}
	body, err := e.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	row, err := ledger.NewEntry(id, string(e.Kind), body, Options().Random)
	if err != nil {
		t.Fatal(err)
	}
	if err := (tables{l.db}).Insert(t.Context(), row); err != nil {
		t.Fatal(err)
	}
}

func named(v store.Verification, table, row string) bool {
	return slices.ContainsFunc(v.Findings, func(f ledger.Finding) bool { return f.Table == table && strings.Contains(f.Row, row) })
}

func quoted(s string) string { return fmt.Sprintf("'%s'", strings.ReplaceAll(s, "'", "''")) }
