package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"safeconduct/authz/evidence"
)

// How the connections of one process to PostgreSQL are shared out. Whatever
// general requests wait for, releases and the log have connections of theirs.
const (
	generalConns = 24
	urgentConns  = 8 // for what evidence.Urgent marks
	pullConns    = 6 // for what evidence.Pulling marks; more than first parts are handed over at once
	logConns     = 2 // for the sequencer, whose steps follow one another
)

// pools are the connections that are kept back. They are nil on SQLite, whose
// one writer is everybody's.
type pools struct{ urgent, pull, log *sql.DB }

type logKey struct{}

// apart marks what the sequencer does.
func apart(ctx context.Context) context.Context { return context.WithValue(ctx, logKey{}, true) }

// pool chooses the connections for what is done under ctx.
func (s *Store) pool(ctx context.Context, general *sql.DB) *sql.DB {
	if s.pools.log != nil && ctx.Value(logKey{}) != nil {
		return s.pools.log
	}
	if s.pools.urgent != nil && evidence.IsUrgent(ctx) {
		return s.pools.urgent
	}
	if s.pools.pull != nil && evidence.IsPulling(ctx) {
		return s.pools.pull
	}
	return general
}

func (p pools) close() error {
	var err error
	for _, db := range []*sql.DB{p.urgent, p.pull, p.log} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// connRest is how long a connection that nobody needs is kept. Until then all
// are: to connect, and to prepare every statement anew, costs more than the work
// of a referral, which takes and gives back a connection many times.
const connRest = 5 * time.Minute

// openPool prepares a pool; it connects at first use.
func openPool(config pgx.ConnConfig, most int) *sql.DB {
	db := stdlib.OpenDB(config)
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(connRest)
	db.SetConnMaxLifetime(30 * time.Minute)
	return db
}
