package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"safeconduct/transfer/ledger"
)

// pageRows is how many rows of the log are held at a time: one connection can
// walk three tables at once only page by page.
const pageRows = 1000

// source reads the log tables of one snapshot.
type source struct{ t *tx }

var _ ledger.Source = source{}

// pages draws rows page by page. next is asked with the last row of the page
// before, nil at first.
func pages[T any](next func(last *T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last *T
		for {
			page, err := next(last)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
			if len(page) < pageRows {
				return
			}
			last = &page[len(page)-1]
		}
	}
}

// Entries implements ledger.Source.
func (s source) Entries(ctx context.Context) iter.Seq2[ledger.Entry, error] {
	sequenced := pages(func(last *ledger.Entry) ([]ledger.Entry, error) {
		after := int64(-1 << 62)
		if last != nil {
			after = last.Seq
		}
		return s.t.entryRows(ctx, "WHERE seq > $1 ORDER BY seq LIMIT $2", after, pageRows)
	})
	waiting := pages(func(last *ledger.Entry) ([]ledger.Entry, error) {
		after := ""
		if last != nil {
			after = last.ID
		}
		return s.t.entryRows(ctx, "WHERE seq IS NULL AND id > $1 ORDER BY id LIMIT $2", after, pageRows)
	})
	return func(yield func(ledger.Entry, error) bool) {
		for _, part := range []iter.Seq2[ledger.Entry, error]{sequenced, waiting} {
			for e, err := range part {
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// Hashes implements ledger.Source.
func (s source) Hashes(ctx context.Context) iter.Seq2[ledger.StoredHash, error] {
	return pages(func(last *ledger.StoredHash) (page []ledger.StoredHash, err error) {
		after := int64(-1 << 62)
		if last != nil {
			after = last.ID
		}
		err = s.t.query(ctx, func(rows *sql.Rows) error {
			var h ledger.StoredHash
			err := rows.Scan(&h.ID, &h.Hash)
			page = append(page, h)
			return err
		}, "SELECT id, hash FROM log_hashes WHERE id > $1 ORDER BY id LIMIT $2", after, pageRows)
		return page, failed("hashes", err)
	})
}

// Checkpoints implements ledger.Source.
func (s source) Checkpoints(ctx context.Context) iter.Seq2[ledger.StoredCheckpoint, error] {
	return pages(func(last *ledger.StoredCheckpoint) (page []ledger.StoredCheckpoint, err error) {
		after := int64(-1 << 62)
		if last != nil {
			after = last.Size
		}
		err = s.t.query(ctx, func(rows *sql.Rows) error {
			var c ledger.StoredCheckpoint
			err := rows.Scan(&c.Size, &c.Prev, &c.Note)
			page = append(page, c)
			return err
		}, "SELECT size, prev, note FROM log_checkpoints WHERE size > $1 ORDER BY size LIMIT $2", after, pageRows)
		return page, failed("checkpoints", err)
	})
}

func failed(what string, err error) error {
	if err != nil {
		return fmt.Errorf("reading %s of the log: %w", what, err)
	}
	return nil
}
