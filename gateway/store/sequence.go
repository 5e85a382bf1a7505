package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/gateway/sequencer"
	"safeconduct/transfer/ledger"
)

// Log is the store as the sequencer needs it.
type Log struct{ *Store }

var _ sequencer.Store = Log{}

// Sequence implements sequencer.Store. The unique seq and the key of the
// hashes fence: of two transactions that take the same places one fails.
func (l Log) Sequence(ctx context.Context, limit int, fn sequencer.Integrate) (int, error) {
	placed := 0
	_, err := l.once(ctx, func(t *tx) error {
		size, err := t.logSize(ctx)
		if err != nil {
			return err
		}
		waiting, _, err := t.entryRows(ctx, limit, "WHERE seq IS NULL ORDER BY id LIMIT $1", limit)
		if err != nil {
			return err
		}
		batch, err := fn(size, hashReader(ctx, t.db), waiting)
		if err != nil {
			return err
		}
		placed = len(batch.Placed)
		return t.place(ctx, batch)
	})
	switch {
	case err == nil:
		return placed, nil
	case unique(err), lostRace(err):
		return 0, fmt.Errorf("%w: %w", sequencer.ErrConflict, err)
	default:
		return 0, explain(err)
	}
}

func (t *tx) logSize(ctx context.Context) (int64, error) {
	var size int64
	if err := t.db.QueryRowContext(ctx, "SELECT COALESCE(MAX(seq) + 1, 0) FROM log_entries").Scan(&size); err != nil {
		return 0, fmt.Errorf("reading the size of the log: %w", err)
	}
	return size, nil
}

func (t *tx) place(ctx context.Context, b ledger.Batch) error {
	if err := t.number(ctx, b.Placed); err != nil {
		return err
	}
	rows := make([][]any, len(b.Hashes))
	for i, h := range b.Hashes {
		rows[i] = []any{h.ID, h.Hash}
	}
	return t.insert(ctx, "log_hashes", []string{"id", "hash"}, rows)
}

// number gives each entry its place, which it must not have yet.
func (t *tx) number(ctx context.Context, placed []ledger.Placed) (err error) {
	update, err := t.db.PrepareContext(ctx, "UPDATE log_entries SET seq = $1 WHERE id = $2 AND seq IS NULL")
	if err != nil {
		return fmt.Errorf("placing entries: %w", err)
	}
	defer func() { err = errors.Join(err, update.Close()) }()
	for _, p := range placed {
		r, err := update.ExecContext(ctx, p.Seq, p.ID)
		if err != nil {
			return fmt.Errorf("placing an entry: %w", err)
		}
		if n, err := r.RowsAffected(); err != nil || n != 1 {
			return errors.Join(sequencer.ErrConflict, err)
		}
	}
	return nil
}

// Head implements sequencer.Store.
func (l Log) Head(ctx context.Context) (sequencer.Head, error) {
	var head sequencer.Head
	err := l.view(ctx, func(t *tx) (err error) {
		err = t.db.QueryRowContext(ctx, "SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1").Scan(&head.Checkpoint)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("reading the last checkpoint: %w", err)
		}
		head.Size, err = t.logSize(ctx)
		return err
	})
	return head, err
}

// Hashes implements sequencer.Store.
func (l Log) Hashes(ctx context.Context) tlog.HashReader { return hashReader(ctx, l.read) }

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func hashReader(ctx context.Context, db querier) tlog.HashReader {
	return tlog.HashReaderFunc(func(ids []int64) ([]tlog.Hash, error) {
		if len(ids) == 0 {
			return nil, nil
		}
		args, in := make([]any, len(ids)), make([]string, len(ids))
		for i, id := range ids {
			args[i], in[i] = id, "$"+strconv.Itoa(i+1)
		}
		found := make(map[int64]tlog.Hash, len(ids))
		t := scanner{db}
		if err := t.scan(ctx, func(rows *sql.Rows) error {
			var id int64
			var hash []byte
			if err := rows.Scan(&id, &hash); err != nil {
				return fmt.Errorf("scanning: %w", err)
			}
			if len(hash) != tlog.HashSize {
				return fmt.Errorf("log_hashes %d has %d bytes", id, len(hash))
			}
			found[id] = tlog.Hash(hash)
			return nil
		}, "SELECT id, hash FROM log_hashes WHERE id IN ("+strings.Join(in, ", ")+")", args...); err != nil {
			return nil, fmt.Errorf("reading hashes: %w", err)
		}
		all := make([]tlog.Hash, len(ids))
		for i, id := range ids {
			h, ok := found[id]
			if !ok {
				return nil, fmt.Errorf("log_hashes has no row %d", id)
			}
			all[i] = h
		}
		return all, nil
	})
}

type scanner struct{ db querier }

func (s scanner) scan(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// AddCheckpoint implements sequencer.Store.
func (l Log) AddCheckpoint(ctx context.Context, c ledger.StoredCheckpoint) error {
	_, err := l.write.ExecContext(ctx, "INSERT INTO log_checkpoints (size, prev, note) VALUES ($1, $2, $3)", c.Size, c.Prev, c.Note)
	if err != nil && unique(err) {
		return sequencer.ErrConflict
	} else if err != nil {
		return explain(fmt.Errorf("writing a checkpoint: %w", err))
	}
	return nil
}

// Position implements sequencer.Store.
func (l Log) Position(ctx context.Context, entry string) (int64, bool, error) {
	var seq sql.NullInt64
	err := l.read.QueryRowContext(ctx, "SELECT seq FROM log_entries WHERE id = $1", entry).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	} else if err != nil {
		return 0, false, explain(fmt.Errorf("finding an entry: %w", err))
	}
	return seq.Int64, seq.Valid, nil
}

// entryRows reads at most limit rows, which where bounds, and no more after
// pageBytes of bodies. More says that there may be others.
func (t *tx) entryRows(ctx context.Context, limit int, where string, args ...any) (all []ledger.Entry, more bool, err error) {
	weight := 0
	err = t.query(ctx, func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		if err != nil {
			return err
		}
		all = append(all, e)
		if weight += len(e.Body); weight > pageBytes {
			more = true
			return errEnough
		}
		return nil
	}, "SELECT "+entryColumns+" FROM log_entries "+where, args...)
	if err != nil {
		return nil, false, fmt.Errorf("reading the log: %w", err)
	}
	return all, more || len(all) == limit, nil
}

const entryColumns = "id, seq, version, kind, commitment, salt, body"

func scanEntry(rows *sql.Rows) (ledger.Entry, error) {
	var e ledger.Entry
	var seq sql.NullInt64
	if err := rows.Scan(&e.ID, &seq, &e.Version, &e.Kind, &e.Commitment, &e.Salt, &e.Body); err != nil {
		return e, fmt.Errorf("scanning an entry: %w", err)
	}
	e.Seq = ledger.Unsequenced
	if seq.Valid {
		e.Seq = seq.Int64
	}
	return e, nil
}
