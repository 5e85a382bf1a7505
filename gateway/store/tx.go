package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/ledger"
)

// tx is one transaction. It implements the Tx of every package; their methods
// are in the file of the aggregate.
type tx struct {
	store     *Store
	db        *sql.Tx
	readOnly  bool
	saved     []evidence.Ref // by no entry yet
	entries   []string
	rules     *rulebook.Book            // as the transaction read them: its entries cite the edition
	comparing bool                      // verification: what is read is compared with the log, not believed
	spoilt    error                     // the first write that failed; then nothing commits
	strange   []*evidence.TamperedError // rows that were passed over; each raises the alarm when the transaction has ended
}

var errReadOnly = errors.New("the transaction only reads")

// maxObjects bounds how many records one entry names; a batch takes several
// entries.
const maxObjects = 1000

// spoil keeps a transaction from committing after a write of it failed, also
// where the caller goes on: what was written of a record or an entry may be a
// part. PostgreSQL does the same by itself, SQLite does not.
func (t *tx) spoil(err error) error {
	if err != nil && t.spoilt == nil {
		t.spoilt = err
	}
	return err
}

// maxStrange bounds how many alarms one transaction raises.
const maxStrange = 100

// pass notes a row that this system did not write, and that stops nobody.
func (t *tx) pass(row *evidence.TamperedError) {
	if len(t.strange) < maxStrange {
		t.strange = append(t.strange, row)
	}
}

// Record appends the entry, and with it names every record saved since the
// entry before.
func (t *tx) Record(ctx context.Context, e evidence.Entry) error {
	return t.spoil(t.recordAll(ctx, e))
}

func (t *tx) recordAll(ctx context.Context, e evidence.Entry) error {
	if t.readOnly {
		return errReadOnly
	}
	if err := t.cite(ctx, &e); err != nil {
		return err
	}
	for {
		n := min(len(t.saved), maxObjects)
		e.Objects, t.saved = t.saved[:n:n], t.saved[n:]
		if err := t.record(ctx, e); err != nil {
			return err
		}
		if len(t.saved) == 0 {
			return nil
		}
		e.ID = t.store.opts.NewID()
	}
}

// cite has the entry name the edition of the rules that is in force (R37). Who decided by one of a certain moment has named
// it. Where the transaction has not read the rules, they are read for what decides. A rulebook that was tampered with keeps
// no denial from being recorded (R43), nor what the clock ends, nor what only takes away: the alarm is raised, and they name
// no edition. Whatever gives fails.
func (t *tx) cite(ctx context.Context, e *evidence.Entry) error {
	if rulebook.Cites(e.Policy) {
		return nil
	}
	if t.rules == nil && e.Decides() {
		_, err := t.Rulebook(ctx)
		var row *evidence.TamperedError
		switch {
		case errors.As(err, &row) && (e.Kind == evidence.Denial || e.Role == authz.SYS || e.Takes()):
			t.pass(row)
		case err != nil:
			return fmt.Errorf("reading the rules to cite: %w", err)
		}
	}
	if t.rules != nil {
		e.Policy += " " + t.rules.At(e.Time).Cite()
	}
	return nil
}

func (t *tx) record(ctx context.Context, e evidence.Entry) error {
	authority := t.store.opts.Authority
	if authority == nil {
		return errNoAuthority
	}
	body, err := e.Canonical()
	if err != nil {
		return err
	}
	row, err := ledger.NewEntry(e.ID, string(e.Kind), body, t.store.opts.Random)
	if err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrUnavailable, err)
	}
	if err := t.exec(ctx, `INSERT INTO log_entries (id, seq, version, kind, commitment, salt, body, mac) VALUES ($1, NULL, $2, $3, $4, $5, $6, $7)`,
		row.ID, row.Version, row.Kind, row.Commitment, row.Salt, row.Body, authority.Tag(useEntry, entryParts(row)...)); err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrUnavailable, err)
	}
	t.entries = append(t.entries, e.ID)
	return t.underClaim(ctx, e)
}

func (t *tx) exec(ctx context.Context, query string, args ...any) error {
	if t.readOnly {
		return errReadOnly
	}
	_, err := t.db.ExecContext(ctx, query, args...)
	return t.spoil(err)
}

// execOne is exec that must touch exactly one row; ErrConflict otherwise.
func (t *tx) execOne(ctx context.Context, query string, args ...any) error {
	if t.readOnly {
		return errReadOnly
	}
	r, err := t.db.ExecContext(ctx, query, args...)
	if err != nil {
		return t.spoil(err)
	}
	if n, err := r.RowsAffected(); err != nil {
		return fmt.Errorf("counting rows: %w", err)
	} else if n != 1 {
		return evidence.ErrConflict
	}
	return nil
}

// rowsPerInsert keeps a statement below the engines' limit of parameters.
const rowsPerInsert = 400

// insert adds rows with as few statements as may be.
func (t *tx) insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	for len(rows) > 0 {
		n := min(len(rows), rowsPerInsert)
		var q strings.Builder
		args := make([]any, 0, n*len(columns))
		q.WriteString("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
		for i, row := range rows[:n] {
			if i > 0 {
				q.WriteString(", ")
			}
			q.WriteByte('(')
			for j, v := range row {
				if j > 0 {
					q.WriteString(", ")
				}
				args = append(args, v)
				fmt.Fprintf(&q, "$%d", len(args))
			}
			q.WriteByte(')')
		}
		if err := t.exec(ctx, q.String(), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// errEnough ends a query before its last row.
var errEnough = errors.New("enough rows")

// query scans every row with scan, or until it answers errEnough.
func (t *tx) query(ctx context.Context, scan func(*sql.Rows) error, text string, args ...any) error {
	return query(ctx, t.db, scan, text, args...)
}

// querier is a transaction, or a pool for statements that need none.
type querier interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

func query(ctx context.Context, db querier, scan func(*sql.Rows) error, text string, args ...any) (err error) {
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return rows.Err()
}
