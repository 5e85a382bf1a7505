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

// A decision about many people names thousands of records: the rows of entries
// are bounded by what they weigh, too.
const (
	pageEntries = 250
	pageBytes   = 8 << 20
)

// source reads the log tables of one snapshot.
type source struct{ t *tx }

var _ ledger.Source = source{}

// pages draws rows page by page, in order of their key. next answers with a
// page from the row last on, the first skip of them left out, and says whether
// there may be more; last is nil at first. Where somebody dropped the unique
// key, rows of the same key may lie on both sides of the end of a page: same
// tells them, and skip counts them, so that none is passed over.
func pages[T any](same func(a, b T) bool, next func(last *T, skip int) (page []T, more bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last *T
		skip := 0
		for {
			page, more, err := next(last, skip)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for i, row := range page {
				if last == nil || !same(*last, row) {
					skip = 0
				}
				last, skip = &page[i], skip+1
				if !yield(row, nil) {
					return
				}
			}
			if !more || len(page) == 0 {
				return
			}
		}
	}
}

// Entries implements ledger.Source.
func (s source) Entries(ctx context.Context) iter.Seq2[ledger.Entry, error] {
	sequenced := pages(func(a, b ledger.Entry) bool { return a.Seq == b.Seq }, func(last *ledger.Entry, skip int) ([]ledger.Entry, bool, error) {
		after := int64(-1 << 62)
		if last != nil {
			after = last.Seq
		}
		return s.t.entryRows(ctx, false, pageEntries, "WHERE seq >= $1 ORDER BY seq LIMIT $2 OFFSET $3", after, pageEntries, skip)
	})
	waiting := pages(func(a, b ledger.Entry) bool { return a.ID == b.ID }, func(last *ledger.Entry, skip int) ([]ledger.Entry, bool, error) {
		after := ""
		if last != nil {
			after = last.ID
		}
		return s.t.entryRows(ctx, false, pageEntries, "WHERE seq IS NULL AND id >= $1 ORDER BY id LIMIT $2 OFFSET $3", after, pageEntries, skip)
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
	return pages(func(a, b ledger.StoredHash) bool { return a.ID == b.ID }, func(last *ledger.StoredHash, skip int) (page []ledger.StoredHash, more bool, err error) {
		after := int64(-1 << 62)
		if last != nil {
			after = last.ID
		}
		err = s.t.query(ctx, func(rows *sql.Rows) error {
			var h ledger.StoredHash
			err := rows.Scan(&h.ID, &h.Hash)
			page = append(page, h)
			return err
		}, "SELECT id, hash FROM log_hashes WHERE id >= $1 ORDER BY id LIMIT $2 OFFSET $3", after, pageRows, skip)
		return page, len(page) == pageRows, failed("hashes", err)
	})
}

// Checkpoints implements ledger.Source.
func (s source) Checkpoints(ctx context.Context) iter.Seq2[ledger.StoredCheckpoint, error] {
	return pages(func(a, b ledger.StoredCheckpoint) bool { return a.Size == b.Size }, func(last *ledger.StoredCheckpoint, skip int) (page []ledger.StoredCheckpoint, more bool, err error) {
		after := int64(-1 << 62)
		if last != nil {
			after = last.Size
		}
		err = s.t.query(ctx, func(rows *sql.Rows) error {
			var c ledger.StoredCheckpoint
			err := rows.Scan(&c.Size, &c.Prev, &c.Note)
			page = append(page, c)
			return err
		}, "SELECT size, prev, note FROM log_checkpoints WHERE size >= $1 ORDER BY size LIMIT $2 OFFSET $3", after, pageRows, skip)
		return page, len(page) == pageRows, failed("checkpoints", err)
	})
}

func failed(what string, err error) error {
	if err != nil {
		return fmt.Errorf("reading %s of the log: %w", what, err)
	}
	return nil
}
