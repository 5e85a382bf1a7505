package store

import (
	"database/sql"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
)

// JobDriver is what a queue of jobs stands on that the replicas share. Only
// PostgreSQL has replicas; a file of SQLite has one process.
func (s *Store) JobDriver() (driver riverdriver.Driver[*sql.Tx], shared bool) {
	if s.engine != Postgres {
		return nil, false
	}
	return riverdatabasesql.New(s.write), true
}
