package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"

	"safeconduct/deploy/schema"
	"safeconduct/gateway/store"
)

// RunMigrations checks the migrations. open gives an empty database, not
// migrated yet.
func RunMigrations(t *testing.T, open Open) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *logged){
		"from nothing":                  fromNothing,
		"R52 data is kept":              dataKept,
		"assessments are looked up by":  assessmentsFilled,
		"approvals end":                 approvalsFilled,
		"others end":                    endingsFilled,
		"queues are looked up by":       queuesFilled,
		"queues are ordered by":         orderFilled,
		"agreements are chosen by":      choiceFilled,
		"lists are read by":             listsFilled,
		"the nearest are read by":       nearFilled,
		"the officer is asked of":       askedFilled,
		"several at once":               atOnce,
		"the program knows N and N+1":   knownSchemas,
		"R52 the log is append-only":    appendOnly,
		"a migration cannot be skipped": unmigrated,
	} {
		t.Run(name, func(t *testing.T) {
			s, db := open(t)
			test(t, &logged{bench: &bench{Store: s, tx: store.For[Tx](s)}, db: db})
		})
	}
}

func (l *logged) provider(t *testing.T) *goose.Provider {
	t.Helper()
	files, err := schema.For(string(l.Engine()))
	if err != nil {
		t.Fatal(err)
	}
	dialect := goose.DialectSQLite3
	if l.Engine() == store.Postgres {
		dialect = goose.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, l.db, files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (l *logged) newest(t *testing.T) int64 {
	t.Helper()
	sources := l.provider(t).ListSources()
	return sources[len(sources)-1].Version
}

func (l *logged) migrate(t *testing.T) {
	t.Helper()
	if version, err := l.Migrate(t.Context()); err != nil || version != l.newest(t) {
		t.Fatalf("at %d, %v; want %d", version, err, l.newest(t))
	}
}

func fromNothing(t *testing.T, l *logged) {
	for range 2 {
		l.migrate(t)
		if err := l.CheckSchema(t.Context()); err != nil {
			t.Error(err)
		}
	}
	missionKind().add(t, l.bench, "m")
}

func unmigrated(t *testing.T, l *logged) {
	if err := l.CheckSchema(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("an empty database: %v", err)
	}
}

// dataKept puts a row into every table of the first schema by hand, and
// migrates: each row is there as it was.
func dataKept(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	all := append(l.tables(t), "uploads", "mission_keys", "log_entries", "log_hashes", "log_checkpoints")
	before := map[string]string{}
	for _, table := range all {
		var names, values []string
		for name, other := range l.columns(t, table) {
			value := map[bool]string{true: "7", false: "'" + name + "'"}[strings.HasSuffix(other, "+ 7")]
			if strings.HasPrefix(other, "(") && l.Engine() == store.SQLite {
				value = "x'0102'"
			} else if strings.HasPrefix(other, "(") {
				value = `'\x0102'`
			}
			names, values = append(names, name), append(values, value)
		}
		l.exec(t, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(values, ", ")))
		before[table] = l.dump(t, table)
	}
	if err := l.CheckSchema(t.Context()); !errors.Is(err, store.ErrSchema) {
		t.Errorf("an older schema: %v", err)
	}
	l.migrate(t)
	for _, table := range all {
		if after := onlyOf(l.dump(t, table), before[table]); after != before[table] || after == "" {
			t.Errorf("%s held %q and holds %q", table, before[table], after)
		}
	}
}

// onlyOf drops the columns of a dump that came since the one before.
func onlyOf(dump, before string) string {
	var known []string
	for _, part := range strings.Split(before, " ") {
		name, _, _ := strings.Cut(part, "=")
		known = append(known, name)
	}
	return strings.Join(slices.DeleteFunc(strings.Split(dump, " "), func(part string) bool {
		name, _, _ := strings.Cut(part, "=")
		return !slices.Contains(known, name)
	}), " ")
}

func (l *logged) dump(t *testing.T, table string) string {
	t.Helper()
	var parts []string
	for column := range l.columns(t, table) {
		text := "CAST(" + column + " AS TEXT)"
		parts = append(parts, column+"="+strings.Join(l.texts(t, "SELECT "+text+" FROM "+table+" WHERE "+column+" IS NOT NULL ORDER BY 1"), ","))
	}
	return strings.Join(sorted(parts), " ")
}

func atOnce(t *testing.T, l *logged) {
	if l.Engine() == store.SQLite {
		l.migrate(t) // one program has the file
		return
	}
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if _, err := l.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := l.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
}

func knownSchemas(t *testing.T, l *logged) {
	l.migrate(t)
	for ahead, known := range []bool{true, true, false} {
		if ahead > 0 {
			applied := map[store.Engine]string{store.SQLite: "1", store.Postgres: "true"}[l.Engine()]
			l.exec(t, fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, %s)", l.newest(t)+int64(ahead), applied))
		}
		if err := l.CheckSchema(t.Context()); known != (err == nil) || !known && !errors.Is(err, store.ErrSchema) {
			t.Errorf("%d ahead: %v", ahead, err)
		}
	}
}

func appendOnly(t *testing.T, l *logged) {
	l.migrate(t)
	missionKind().add(t, l.bench, "m")
	l.sequence(t)
	log := store.Log{Store: l.Store}
	if err := log.AddCheckpoint(t.Context(), checkpoint()); err != nil {
		t.Fatal(err)
	}
	before := map[string]string{}
	tables := []string{"record_versions", "log_entries", "log_hashes", "log_checkpoints"}
	for _, table := range tables {
		before[table] = l.dump(t, table)
		verbs := []string{"DELETE FROM " + table}
		if l.Engine() == store.Postgres {
			verbs = append(verbs, "TRUNCATE "+table)
		}
		for column := range l.columns(t, table) {
			verbs = append(verbs, "UPDATE "+table+" SET "+column+" = "+column)
		}
		for _, q := range verbs {
			if _, err := l.db.ExecContext(t.Context(), q); err == nil || !strings.Contains(err.Error(), table+" is append-only") {
				t.Errorf("%s: %v", q, err)
			}
		}
	}
	missionKind().add(t, l.bench, "m-waits")
	for column, other := range l.columns(t, "log_entries") {
		if column == "seq" {
			continue // being sequenced is what an entry waits for
		}
		if _, err := l.db.ExecContext(t.Context(), "UPDATE log_entries SET "+column+" = "+other+" WHERE seq IS NULL"); err == nil {
			t.Errorf("%s of an entry that waits was altered", column)
		}
	}
	for _, table := range tables {
		if after := l.dump(t, table); !strings.HasPrefix(table, "log_entries") && table != "record_versions" && after != before[table] {
			t.Errorf("%s changed", table)
		}
	}
}
