package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Backlog is how far behind the log and the sweeper are.
type Backlog struct {
	Unsequenced int64            // entries without a place
	Unsigned    string           // id of the oldest entry that no checkpoint covers; empty without one
	Signed      string           // id of the newest entry under a checkpoint; empty before the first
	Uploads     map[string]int64 // announced uploads by state, but for those that landed
}

// Backlog reads how far behind the log and the sweeper are, from one snapshot and by indexes.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	b := Backlog{Uploads: map[string]int64{"open": 0, "doomed": 0}}
	err := s.view(ctx, func(t *tx) error {
		var size int64
		for _, q := range []struct {
			into  any
			query string
			args  []any
		}{
			{&size, "SELECT COALESCE(MAX(size), 0) FROM log_checkpoints", nil},
			{&b.Unsequenced, "SELECT COUNT(*) FROM log_entries WHERE seq IS NULL", nil},
			{&b.Unsigned, "SELECT COALESCE(MIN(id), '') FROM log_entries WHERE seq IS NULL", nil},
		} {
			if err := t.db.QueryRowContext(ctx, q.query, q.args...).Scan(q.into); err != nil {
				return fmt.Errorf("reading the backlog of the log: %w", err)
			}
		}
		if err := t.ends(ctx, size, &b); err != nil {
			return err
		}
		return t.query(ctx, func(rows *sql.Rows) error {
			var state string
			var n int64
			if err := rows.Scan(&state, &n); err != nil {
				return fmt.Errorf("scanning: %w", err)
			}
			b.Uploads[state] = n
			return nil
		}, "SELECT state, COUNT(*) FROM uploads WHERE state IN ('open', 'doomed') GROUP BY state")
	})
	return b, err
}

// ends finds the entries on both sides of the last checkpoint, which is of the given size.
func (t *tx) ends(ctx context.Context, size int64, b *Backlog) error {
	var next string
	for _, at := range []struct {
		into *string
		seq  int64
	}{{&b.Signed, size - 1}, {&next, size}} {
		err := t.db.QueryRowContext(ctx, "SELECT id FROM log_entries WHERE seq = $1", at.seq).Scan(at.into)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("finding the ends of the log: %w", err)
		}
	}
	if next != "" && (b.Unsigned == "" || next < b.Unsigned) {
		b.Unsigned = next
	}
	return nil
}
