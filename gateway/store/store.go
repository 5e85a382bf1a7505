// Package store is the only package that knows SQL. It implements the ports of
// every other package, one file per aggregate, on SQLite and on PostgreSQL.
//
// A record is one row of record_versions per version, as canonical JSON, and
// one row of its own table with what it is looked up by. Saving a record and
// recording its entry happen in one transaction, and a transaction that saved
// something that no entry names does not commit.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"safeconduct/authz/evidence"
	"safeconduct/deploy/schema"
)

// Engine is the database engine.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Options are what a store is made with.
type Options struct {
	Now    func() time.Time
	NewID  func() string
	Random io.Reader
	// Wake is called after a transaction that recorded entries; it must not
	// block. Nil does nothing.
	Wake func()
	// Authority authenticates rows; see SetAuthority.
	Authority *evidence.Authority
	// Alarm is called for a row that was tampered with; see SetAlarm.
	Alarm func(context.Context, *evidence.TamperedError)
}

// Store is a database with every port of the system.
type Store struct {
	engine Engine
	write  *sql.DB
	read   *sql.DB
	pools  pools
	schema uint32 // the newest that this program knows
	opts   Options
}

// now is the clock; a store that is only read has the machine's.
func (s *Store) now() time.Time {
	if s.opts.Now == nil {
		return time.Now()
	}
	return s.opts.Now()
}

// Engine tells which engine this is.
func (s *Store) Engine() Engine { return s.engine }

// SetWake sets what is called after entries were recorded; before first use.
func (s *Store) SetWake(wake func()) { s.opts.Wake = wake }

// Close closes the database. On SQLite it first folds the write-ahead log into
// the database file, so that the file alone is complete.
func (s *Store) Close() error {
	var folded error
	if s.engine == SQLite && s.write != s.read {
		_, folded = s.write.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	err := s.read.Close()
	if s.write != s.read {
		err = errors.Join(err, s.write.Close())
	}
	return errors.Join(folded, err, s.pools.close())
}

// Ready reports whether the database answers.
func (s *Store) Ready(ctx context.Context) error {
	var one int
	if err := s.pool(evidence.Urgent(ctx), s.read).QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("%w: asking the database: %w", evidence.ErrUnavailable, err)
	}
	return nil
}

func (s *Store) provider() (*goose.Provider, error) {
	files, err := schema.For(string(s.engine))
	if err != nil {
		return nil, err
	}
	if s.engine == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, s.write, files, goose.WithVerbose(false))
	}
	// Two replicas that migrate at once: the second waits, and finds it done.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("preparing to lock the schema: %w", err)
	}
	return goose.NewProvider(goose.DialectPostgres, s.write, files, goose.WithVerbose(false), goose.WithSessionLocker(locker))
}

// Migrate brings the schema up to date and answers with its version.
func (s *Store) Migrate(ctx context.Context) (int64, error) {
	p, err := s.provider()
	if err != nil {
		return 0, err
	}
	if _, err := p.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrating the schema: %w", err)
	}
	return p.GetDBVersion(ctx)
}

// ErrSchema says that the schema is not one that this program knows.
var ErrSchema = errors.New("the schema of the database is not one that this program knows")

// CheckSchema fails unless the schema is the newest that the program knows, or
// the one after it: the program runs against schema N and N+1.
func (s *Store) CheckSchema(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	have, err := p.GetDBVersion(ctx)
	if forbidden(err) {
		return fmt.Errorf("%w: as the owner of its tables, run safeconduct migrate and deploy/postgres/run-time-user.sql: %w", ErrSchema, err)
	}
	if err != nil {
		return fmt.Errorf("reading the schema version: %w", err)
	}
	newest := int64(s.schema)
	if have < newest {
		return fmt.Errorf("%w: it is at %d and %d is needed; run safeconduct migrate", ErrSchema, have, newest)
	}
	if have > newest+1 {
		return fmt.Errorf("%w: it is at %d and the program knows %d; install the newer program", ErrSchema, have, newest)
	}
	return nil
}

// unit is one package's view of the store.
type unit[T evidence.Recorder] struct {
	store *Store
	as    func(*tx) T
}

// For answers with the store as a package needs it: T is that package's Tx.
// It panics where *tx does not implement T, which every start-up and every
// test would show.
func For[T evidence.Recorder](s *Store) evidence.Store[T] {
	_ = any((*tx)(nil)).(T) // the panic is the contract
	return unit[T]{s, func(t *tx) T { return any(t).(T) }}
}

func (u unit[T]) Update(ctx context.Context, fn func(T) error) ([]string, error) {
	return u.store.update(ctx, func(t *tx) error { return fn(u.as(t)) })
}

func (u unit[T]) View(ctx context.Context, fn func(T) error) error {
	return u.store.view(ctx, func(t *tx) error { return fn(u.as(t)) })
}

// attempts bounds how often a transaction that lost a race is begun again.
const attempts = 8

func (s *Store) update(ctx context.Context, fn func(*tx) error) ([]string, error) {
	for attempt := 1; ; attempt++ {
		entries, err := s.once(ctx, fn)
		if err == nil {
			if len(entries) > 0 && s.opts.Wake != nil {
				s.opts.Wake()
			}
			return entries, nil
		}
		if attempt == attempts || !lostRace(err) || ctx.Err() != nil {
			return nil, s.alarmed(ctx, explain(ended(ctx, err)))
		}
	}
}

// ended says so where the context is what stopped a transaction: drivers tell
// only of an interrupt, or that the transaction is gone.
func ended(ctx context.Context, err error) error {
	if over := ctx.Err(); over != nil && !errors.Is(err, over) {
		return fmt.Errorf("%w: %w", over, err)
	}
	return err
}

func (s *Store) once(ctx context.Context, fn func(*tx) error) (entries []string, err error) {
	// Anchors exclude at READ COMMITTED (architecture.md, Transactions),
	// whatever the server's default is.
	opts := &sql.TxOptions{}
	if s.engine == Postgres {
		opts.Isolation = sql.LevelReadCommitted
	}
	db, err := s.pool(ctx, s.write).BeginTx(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("%w: beginning a transaction: %w", evidence.ErrUnavailable, err)
	}
	// Also where fn panics and somebody recovers: a transaction that stays
	// open would hold the one writer of SQLite for ever.
	t := &tx{store: s, db: db}
	defer func() {
		if undone := rolledBack(db.Rollback()); undone != nil {
			err = errors.Join(err, undone)
		}
		s.soundAll(ctx, t.strange)
	}()
	if err := fn(t); err != nil {
		return nil, err
	}
	if t.spoilt != nil {
		return nil, t.spoilt
	}
	if len(t.saved) > 0 {
		return nil, fmt.Errorf("a change of %s is named by no entry", t.saved[0].Kind)
	}
	if err := db.Commit(); err != nil {
		return nil, fmt.Errorf("committing: %w", err)
	}
	return t.entries, nil
}

func (s *Store) view(ctx context.Context, fn func(*tx) error) (err error) {
	opts := &sql.TxOptions{ReadOnly: true}
	if s.engine == Postgres {
		opts.Isolation = sql.LevelRepeatableRead
	}
	db, err := s.pool(ctx, s.read).BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("%w: beginning to read: %w", evidence.ErrUnavailable, err)
	}
	t := &tx{store: s, db: db, readOnly: true}
	defer func() {
		if undone := rolledBack(db.Rollback()); undone != nil {
			err = errors.Join(err, undone)
		}
		s.soundAll(ctx, t.strange)
		if err != nil {
			err = s.alarmed(ctx, explain(ended(ctx, err)))
		}
	}()
	return fn(t)
}

func (s *Store) soundAll(ctx context.Context, rows []*evidence.TamperedError) {
	for _, row := range rows {
		s.sound(ctx, row)
	}
}

func rolledBack(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}
