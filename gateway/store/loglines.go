package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

// scanEntries bounds how many entries one page looks at: a filter that nothing
// matches must not read the whole log.
const scanEntries = 20_000

// LogLines implements transfer.LogTx. What narrows is in the sealed-in body, so
// it reads on in order until the page is full: the log is read by people, a
// page at a time, and its tables hold no column that could contradict a body.
func (t *tx) LogLines(ctx context.Context, f transfer.LogFilter) (lines []transfer.LogLine, next int64, err error) {
	after := f.After
	for looked := 0; looked < scanEntries; {
		page, more, err := t.entryRows(ctx, true, pageEntries, "WHERE seq > $1 ORDER BY seq LIMIT $2", after, pageEntries)
		if err != nil {
			return nil, 0, err
		}
		looked += len(page)
		for _, row := range page {
			after = row.Seq
			line, ok, err := logLine(row, f)
			if err != nil {
				return nil, 0, err
			}
			if ok {
				lines = append(lines, line)
			}
			if len(lines) == f.AtMost {
				return lines, after, nil
			}
		}
		if !more {
			return lines, -1, nil
		}
	}
	return lines, after, nil
}

// LogLine implements transfer.LogTx.
func (t *tx) LogLine(ctx context.Context, seq int64) (transfer.LogLine, error) {
	page, _, err := t.entryRows(ctx, true, 1, "WHERE seq = $1", seq)
	if err != nil {
		return transfer.LogLine{}, err
	}
	if len(page) == 0 || page[0].Body == nil {
		return transfer.LogLine{}, evidence.ErrNotFound
	}
	line, _, err := logLine(page[0], transfer.LogFilter{})
	return line, err
}

func logLine(row ledger.Entry, f transfer.LogFilter) (transfer.LogLine, bool, error) {
	if row.Body == nil || f.Kind != "" && row.Kind != string(f.Kind) {
		return transfer.LogLine{}, false, nil
	}
	line := transfer.LogLine{Seq: row.Seq, Leaf: hex.EncodeToString(row.Commitment)}
	if err := decode(row.Body, &line.Entry); err != nil {
		return transfer.LogLine{}, false, err
	}
	return line, matches(line.Entry, f), nil
}

func matches(e evidence.Entry, f transfer.LogFilter) bool {
	return f.Shows(e) && (f.From.IsZero() || !e.Time.Before(f.From)) && (f.To.IsZero() || e.Time.Before(f.To)) &&
		(f.Verdict == "" || e.Verdict == f.Verdict) && (f.Code == "" || slices.Contains(e.Codes, f.Code)) &&
		(f.Mission == "" || e.Mission == f.Mission) && (f.Partner == "" || e.Partner == f.Partner) &&
		(f.Actor == "" || e.Actor == f.Actor) && (f.Object == "" || e.Subject.ID == f.Object)
}

// LatestCheckpoint implements transfer.LogTx.
func (t *tx) LatestCheckpoint(ctx context.Context) ([]byte, error) {
	var note []byte
	err := t.db.QueryRowContext(ctx, "SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1").Scan(&note)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, evidence.ErrNotFound
	} else if err != nil {
		return nil, fmt.Errorf("reading the last checkpoint: %w", err)
	}
	return note, nil
}
