package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // registers the driver

	"safeconduct/deploy/schema"
)

// OpenSQLite opens, or makes, the embedded database at path, and sees that only
// its owner can read it (mode 0600, which the files beside it inherit). One
// connection writes; a pool reads.
func OpenSQLite(ctx context.Context, path string, opts Options) (*Store, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	dsn := func(extra ...string) string {
		q := url.Values{"_pragma": append([]string{
			"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(1)", "secure_delete(1)", "temp_store(MEMORY)",
			"recursive_triggers(1)", // else REPLACE would delete past the append-only triggers
		}, extra...), "_txlock": {"immediate"}}
		return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
	}
	write, err := sql.Open("sqlite", dsn())
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", strings.Replace(dsn("query_only(1)"), "_txlock=immediate", "_txlock=deferred", 1))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database: %w", err), write.Close())
	}
	read.SetMaxOpenConns(max(4, runtime.NumCPU()))
	s := &Store{engine: SQLite, schema: schema.Newest(), write: write, read: read, opts: opts}
	if err := write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", filepath.Base(path), err), s.Close())
	}
	return s, nil
}

// OpenSQLiteReadOnly opens the database at path for verification. The folder
// may be read-only, a copy, or moved, and a gateway may be at work in it; no
// file is added to it, and nothing is written but locks in the index of a
// write-ahead log that is there already.
func OpenSQLiteReadOnly(ctx context.Context, path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+readMode(path)+"&_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	s := &Store{engine: SQLite, schema: schema.Newest(), write: db, read: db}
	// Counting tables reads the file, which a mere query does not.
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master").Scan(&tables); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s to read: %w; copy the folder to where it can be written, and verify there", filepath.Base(path), err), db.Close())
	}
	return s, nil
}

// readMode chooses how the files beside the database are treated. The index
// (-shm) is there while a program has the database open; it is made anew at
// need and holds no data.
func readMode(path string) string {
	_, err := os.Stat(path + "-shm")
	open := err == nil || !errors.Is(err, fs.ErrNotExist)
	log, err := os.Stat(path + "-wal")
	switch {
	case open || err != nil && !errors.Is(err, fs.ErrNotExist):
		return "mode=ro"
	case err != nil || log.Size() == 0:
		// The file alone is the database.
		return "immutable=1"
	case runtime.GOOS == "windows":
		return "mode=ro"
	default:
		// A log that nobody has open: with no locks and exclusive, its index
		// is kept in memory.
		return "mode=ro&vfs=unix-none&_pragma=locking_mode(exclusive)"
	}
}

// silence is how long a sequencer may say nothing within its transaction; less
// than a release waits by default.
const silence = "3s"

// OpenPostgres opens the database that the connection string names. The string
// holds a password and appears in no error.
func OpenPostgres(ctx context.Context, dsn string, opts Options) (*Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the connection string of the database cannot be read; write postgres://user:password@host:port/name")
	}
	config.ConnectTimeout = 10 * time.Second
	config.RuntimeParams["application_name"] = "safeconduct"
	config.RuntimeParams["timezone"] = "UTC"
	// Bounded waits: a lock that is held, or a statement that hangs, is an
	// error that can be tried again.
	for name, bound := range map[string]string{"lock_timeout": "10s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "15s"} {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = bound
		}
	}
	bounded(&config.Config)
	db := openPool(*config, generalConns)
	// A sequencer that hangs in its transaction, or whose machine is gone without
	// a word, would keep the end of the log from the others, who answer no release
	// in that time. What it was to place is then placed by another.
	brief := *config
	brief.RuntimeParams = maps.Clone(config.RuntimeParams)
	brief.RuntimeParams["idle_in_transaction_session_timeout"] = silence
	kept := pools{urgent: openPool(*config, urgentConns), pull: openPool(*config, pullConns), log: openPool(brief, logConns)}
	s := &Store{engine: Postgres, schema: schema.Newest(), write: db, read: db, pools: kept, opts: opts}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(explain(fmt.Errorf("opening the database: %w", err)), s.Close())
	}
	return s, nil
}
