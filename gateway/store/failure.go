package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"safeconduct/authz/evidence"
)

// lostRace reports whether the transaction may simply be begun again: nothing
// of it was done.
func lostRace(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization failure, deadlock
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// unique reports whether a unique key was taken already.
func unique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && (lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// ErrForbidden says that the user of the database has not the right to what was
// tried (deploy/postgres).
var ErrForbidden = errors.New("the user of the database may not do this")

// forbidden reports whether err is PostgreSQL's insufficient_privilege.
func forbidden(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501"
}

// explain turns the failures of a driver into the sentinels that callers
// branch on. Errors of the caller's own pass as they are.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, evidence.ErrUnavailable) {
		return err
	}
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var lite *sqlite.Error
	var network net.Error
	switch {
	case unique(err):
		return fmt.Errorf("%w: %w", evidence.ErrExists, err)
	case forbidden(err):
		return fmt.Errorf("%w: %w", ErrForbidden, err)
	case errors.As(err, &connect), errors.As(err, &network), pgconn.SafeToRetry(err), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone):
		return fmt.Errorf("%w: %w", evidence.ErrUnavailable, err)
	case errors.As(err, &pg):
		// Classes 08 connection, 40 rolled back by the server, 53 resources, 54
		// limits, 55 locks, 57 operator intervention, 58 system; 25006 is a standby,
		// or a database that was set to be read only; 25P03 and 25P04 end a
		// transaction by timeout.
		if slices.Contains([]string{"08", "40", "53", "54", "55", "57", "58"}, pg.Code[:min(2, len(pg.Code))]) ||
			slices.Contains([]string{"25006", "25P03", "25P04"}, pg.Code) {
			return fmt.Errorf("%w: %w", evidence.ErrUnavailable, err)
		}
	case errors.As(err, &lite):
		return fmt.Errorf("%w: %w", evidence.ErrUnavailable, err)
	}
	return err
}
