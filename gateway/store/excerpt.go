package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/ledger"
)

// LogExcerpt implements transfer.ExcerptTx: one page of entries at a time, and
// the hashes of their proofs in one query.
func (t *tx) LogExcerpt(ctx context.Context, f transfer.LogFilter, size int64) (transfer.ExcerptPage, error) {
	page := transfer.ExcerptPage{Next: -1}
	rows, more, err := t.entryRows(ctx, true, pageEntries, "WHERE seq > $1 AND seq < $2 ORDER BY seq LIMIT $3", f.After, size, pageEntries)
	if err != nil {
		return page, err
	}
	if more {
		page.Next = rows[len(rows)-1].Seq
	}
	var wanted []ledger.Entry
	var seqs []int64
	narrowed := !f.From.IsZero() || !f.To.IsZero() || f.Mission != ""
	for _, row := range rows {
		if row.Erased() && narrowed { // it says nothing by which it could be
			page.Erased++
			continue
		}
		ok, err := inExcerpt(row, f)
		if err != nil {
			return page, err
		}
		if !ok {
			page.Outside++
			continue
		}
		wanted, seqs = append(wanted, row), append(seqs, row.Seq)
	}
	if len(wanted) == 0 {
		return page, nil
	}
	proofs, err := ledger.Inclusions(size, seqs, hashReader(ctx, t.db))
	if err != nil {
		return page, err
	}
	page.Lines = make([]transfer.ExportLine, len(wanted))
	for i, row := range wanted {
		page.Lines[i] = exportLine(row, proofs[i])
	}
	return page, nil
}

// LogProof implements transfer.ExcerptTx.
func (t *tx) LogProof(ctx context.Context, id string) (transfer.ExportLine, []byte, error) {
	note, err := t.LatestCheckpoint(ctx)
	if err != nil {
		return transfer.ExportLine{}, nil, err
	}
	size, err := ledger.NotedSize(note)
	if err != nil {
		return transfer.ExportLine{}, nil, fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	rows, _, err := t.entryRows(ctx, true, 1, "WHERE id = $1 AND seq < $2", id, size)
	if err != nil {
		return transfer.ExportLine{}, nil, err
	}
	if len(rows) == 0 || rows[0].Erased() {
		return transfer.ExportLine{}, nil, evidence.ErrNotFound
	}
	proof, err := ledger.Inclusion(size, rows[0].Seq, hashReader(ctx, t.db))
	if err != nil {
		return transfer.ExportLine{}, nil, err
	}
	return exportLine(rows[0], proof), note, nil
}

// inExcerpt reports whether the filter wants the entry.
func inExcerpt(row ledger.Entry, f transfer.LogFilter) (bool, error) {
	if row.Erased() {
		return true, nil
	}
	var e evidence.Entry
	if err := decode(row.Body, &e); err != nil {
		return false, err
	}
	return f.Wants(e), nil
}

func exportLine(row ledger.Entry, proof tlog.RecordProof) transfer.ExportLine {
	leaf := tlog.RecordHash(ledger.Leaf(row))
	line := transfer.ExportLine{
		Seq: row.Seq, ID: row.ID, Version: row.Version, Kind: row.Kind, Commitment: hex.EncodeToString(row.Commitment),
		Salt: hex.EncodeToString(row.Salt), Leaf: hex.EncodeToString(leaf[:]), Proof: make([]string, len(proof)), Body: row.Body,
	}
	for i, h := range proof {
		line.Proof[i] = hex.EncodeToString(h[:])
	}
	return line
}
