package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/sequencer"
	"safeconduct/transfer/ledger"
)

// Log is the store as the sequencer needs it.
type Log struct{ *Store }

var _ sequencer.Store = Log{}

// Sequence implements sequencer.Store. What waits is read before the
// transaction, which one that finds nothing does not need. The unique seq, that
// an entry has none yet, and the key of the hashes fence: of two transactions
// that take the same places, or the same entries, one fails.
func (l Log) Sequence(ctx context.Context, signed int64, limit int, fn sequencer.Integrate) (int, error) {
	ctx = apart(ctx)
	waiting, err := l.waiting(ctx, limit)
	if err != nil || len(waiting) == 0 {
		return 0, explain(ended(ctx, err))
	}
	placed := 0
	_, err = l.once(ctx, func(t *tx) error {
		end, err := l.end(ctx, t.db)
		if err != nil {
			return err
		}
		end.signed = signed // what the rows say of that was verified by nobody
		// Nothing is placed upon an entry that this system did not write: taking
		// that one away must mend the log.
		tail, err := l.unsigned(ctx, t.db, end)
		if err != nil {
			return err
		}
		if int64(len(tail)) != end.size-end.signed {
			return sequencer.ErrConflict // there is a gap
		}
		batch, err := fn(end.size, hashReader(ctx, t.db), waiting)
		if err != nil {
			return err
		}
		placed = len(batch.Placed)
		return t.place(ctx, batch)
	})
	switch {
	case err == nil:
		return placed, nil
	case errors.Is(err, sequencer.ErrConflict):
		return 0, err
	case unique(err), lostRace(err):
		return 0, fmt.Errorf("%w: %w", sequencer.ErrConflict, err)
	default:
		return 0, l.alarmed(ctx, explain(err))
	}
}

// waiting lists entries that this system wrote and that have no place yet.
// Others never get one: each raises the alarm.
func (l Log) waiting(ctx context.Context, limit int) ([]ledger.Entry, error) {
	authority := l.opts.Authority
	if authority == nil {
		return nil, errNoAuthority
	}
	var all []ledger.Entry
	var strange []*evidence.TamperedError
	weight := 0
	err := query(ctx, l.pool(ctx, l.read), func(rows *sql.Rows) error {
		var e ledger.Entry
		var mac []byte
		if err := rows.Scan(&e.ID, &e.Version, &e.Kind, &e.Commitment, &e.Salt, &e.Body, &mac); err != nil {
			return fmt.Errorf("scanning an entry: %w", err)
		}
		e.Seq = ledger.Unsequenced
		if !authority.Check(mac, useEntry, entryParts(e)...) {
			strange = append(strange, strangeEntry(e))
			return nil
		}
		all = append(all, e)
		if weight += len(e.Body); weight > pageBytes {
			return errEnough
		}
		return nil
	}, "SELECT id, version, kind, commitment, salt, body, mac FROM log_entries WHERE seq IS NULL ORDER BY id LIMIT $1", limit)
	for _, e := range strange {
		l.sound(ctx, e)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what waits for its place: %w", err)
	}
	return all, nil
}

func strangeEntry(e ledger.Entry) *evidence.TamperedError {
	return &evidence.TamperedError{Ref: evidence.Ref{Kind: KindEntry, ID: e.ID, Version: e.Version}, What: "its tag does not fit"}
}

// end is where the log ends, from one snapshot.
type end struct {
	size   int64  // entries that have a place
	signed int64  // how many of them are under a checkpoint
	note   []byte // the last checkpoint
}

func (l Log) end(ctx context.Context, db querier) (end, error) {
	var e end
	if err := db.QueryRowContext(ctx, `SELECT (SELECT COALESCE(MAX(seq) + 1, 0) FROM log_entries), (SELECT COALESCE(MAX(size), 0) FROM log_checkpoints),
(SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1)`).Scan(&e.size, &e.signed, &e.note); err != nil {
		return end{}, fmt.Errorf("reading the end of the log: %w", err)
	}
	return e, nil
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
func (t *tx) number(ctx context.Context, placed []ledger.Placed) error {
	for part := range slices.Chunk(placed, rowsPerInsert) {
		rows, args := make([]string, len(part)), make([]any, 0, 2*len(part))
		for i, p := range part {
			args = append(args, p.Seq, p.ID)
			rows[i] = fmt.Sprintf("(CAST($%d AS BIGINT), CAST($%d AS TEXT))", len(args)-1, len(args))
		}
		r, err := t.db.ExecContext(ctx, "WITH place (seq, id) AS (VALUES "+strings.Join(rows, ", ")+
			") UPDATE log_entries SET seq = place.seq FROM place WHERE log_entries.id = place.id AND log_entries.seq IS NULL", args...)
		if err != nil {
			return fmt.Errorf("placing entries: %w", err)
		}
		if n, err := r.RowsAffected(); err != nil || n != int64(len(part)) {
			return errors.Join(sequencer.ErrConflict, err)
		}
	}
	return nil
}

// Head implements sequencer.Store. Entries never lose their place, so that what
// is read after the end was, up to there, is of the same snapshot.
func (l Log) Head(ctx context.Context) (sequencer.Head, error) {
	ctx = apart(ctx)
	db := l.pool(ctx, l.read)
	end, err := l.end(ctx, db)
	if err != nil {
		return sequencer.Head{}, explain(ended(ctx, err))
	}
	tail, err := l.unsigned(ctx, db, end)
	if err != nil {
		return sequencer.Head{}, l.alarmed(ctx, explain(ended(ctx, err)))
	}
	return sequencer.Head{Size: end.size, Checkpoint: end.note, Unsigned: tail}, nil
}

// unsigned lists the entries up to the end that have a place after the last
// checkpoint, without salt and body. One that this system did not write fails
// it: a TamperedError.
func (l Log) unsigned(ctx context.Context, db querier, end end) ([]ledger.Entry, error) {
	if end.size <= end.signed {
		return nil, nil
	}
	all, err := l.places(ctx, db, "seq >= $1 AND seq < $2 ORDER BY seq", end.signed, end.size)
	if err != nil {
		return nil, fmt.Errorf("reading what is not signed yet: %w", err)
	}
	return all, nil
}

// places lists entries that have a place, without salt and body. One that this
// system did not write fails it: a TamperedError.
func (l Log) places(ctx context.Context, db querier, where string, args ...any) ([]ledger.Entry, error) {
	authority := l.opts.Authority
	if authority == nil {
		return nil, errNoAuthority
	}
	var all []ledger.Entry
	err := query(ctx, db, func(rows *sql.Rows) error {
		var e ledger.Entry
		var mac []byte
		if err := rows.Scan(&e.ID, &e.Seq, &e.Version, &e.Kind, &e.Commitment, &mac); err != nil {
			return fmt.Errorf("scanning an entry: %w", err)
		}
		if !authority.Check(mac, useEntry, entryParts(e)...) {
			return strangeEntry(e)
		}
		all = append(all, e)
		return nil
	}, "SELECT id, seq, version, kind, commitment, mac FROM log_entries WHERE "+where, args...)
	return all, err
}

// Hashes implements sequencer.Store.
func (l Log) Hashes(ctx context.Context) tlog.HashReader {
	return hashReader(ctx, l.pool(apart(ctx), l.read))
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
		if err := query(ctx, db, func(rows *sql.Rows) error {
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

// AddCheckpoint implements sequencer.Store.
func (l Log) AddCheckpoint(ctx context.Context, c ledger.StoredCheckpoint) error {
	_, err := l.pool(apart(ctx), l.write).ExecContext(ctx, "INSERT INTO log_checkpoints (size, prev, note) VALUES ($1, $2, $3)", c.Size, c.Prev, c.Note)
	if err != nil && unique(err) {
		return sequencer.ErrConflict
	} else if err != nil {
		return explain(fmt.Errorf("writing a checkpoint: %w", err))
	}
	return nil
}

// Placed implements sequencer.Store.
func (l Log) Placed(ctx context.Context, entries ...string) ([]ledger.Entry, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	args, in := make([]any, len(entries)), make([]string, len(entries))
	for i, id := range entries {
		args[i], in[i] = id, "$"+strconv.Itoa(i+1)
	}
	all, err := l.places(ctx, l.pool(ctx, l.read), "seq IS NOT NULL AND id IN ("+strings.Join(in, ", ")+")", args...)
	if err != nil {
		return nil, l.alarmed(ctx, explain(ended(ctx, fmt.Errorf("finding entries: %w", err))))
	}
	return all, nil
}

// entryRows reads at most limit rows, which where bounds, and no more after
// pageBytes of bodies. More says that there may be others. With believe, an
// entry that this system did not write, or not so, fails it: a TamperedError.
func (t *tx) entryRows(ctx context.Context, believe bool, limit int, where string, args ...any) (all []ledger.Entry, more bool, err error) {
	columns := entryColumns
	if believe {
		columns += ", mac"
	}
	weight := 0
	err = t.query(ctx, func(rows *sql.Rows) error {
		e, err := t.scanEntry(rows, believe)
		if err != nil {
			return err
		}
		all = append(all, e)
		if weight += len(e.Body); weight > pageBytes {
			more = true
			return errEnough
		}
		return nil
	}, "SELECT "+columns+" FROM log_entries "+where, args...)
	if err != nil {
		return nil, false, fmt.Errorf("reading the log: %w", err)
	}
	return all, more || len(all) == limit, nil
}

const entryColumns = "id, seq, version, kind, commitment, salt, body"

func (t *tx) scanEntry(rows *sql.Rows, believe bool) (ledger.Entry, error) {
	var e ledger.Entry
	var seq sql.NullInt64
	var mac []byte
	dest := []any{&e.ID, &seq, &e.Version, &e.Kind, &e.Commitment, &e.Salt, &e.Body}
	if believe {
		dest = append(dest, &mac)
	}
	if err := rows.Scan(dest...); err != nil {
		return e, fmt.Errorf("scanning an entry: %w", err)
	}
	e.Seq = ledger.Unsequenced
	if seq.Valid {
		e.Seq = seq.Int64
	}
	switch {
	case !believe:
		return e, nil
	case t.store.opts.Authority == nil:
		return e, errNoAuthority
	case ledger.CheckEntry(e) != nil || !t.store.opts.Authority.Check(mac, useEntry, entryParts(e)...):
		return e, strangeEntry(e)
	}
	return e, nil
}
