package storetest

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

// tables are the log tables below every rule of the store.
type tables struct{ db *sql.DB }

var _ ledgertest.Tables = tables{}

// Insert implements sequencertest.Inserter.
func (t tables) Insert(ctx context.Context, entries ...ledger.Entry) error {
	for _, e := range entries {
		var seq any
		if e.Seq != ledger.Unsequenced {
			seq = e.Seq
		}
		if _, err := t.db.ExecContext(ctx, "INSERT INTO log_entries (id, seq, version, kind, commitment, salt, body, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			e.ID, seq, e.Version, e.Kind, e.Commitment, e.Salt, e.Body, tag(e)); err != nil {
			return fmt.Errorf("inserting an entry: %w", err)
		}
	}
	return nil
}

// tag is what the store writes beside an entry.
func tag(e ledger.Entry) []byte {
	return evidencetest.Authority().Tag("entry", []byte(e.ID), binary.BigEndian.AppendUint64(nil, uint64(e.Version)), []byte(e.Kind), e.Commitment)
}

// Load implements ledgertest.Tables.
func (t tables) Load(ctx context.Context) (*ledgertest.Rows, error) {
	all := &ledgertest.Rows{}
	return all, errors.Join(
		t.each(ctx, "SELECT id, seq, version, kind, commitment, salt, body FROM log_entries ORDER BY seq, id", func(r *sql.Rows) error {
			var e ledger.Entry
			var seq sql.NullInt64
			err := r.Scan(&e.ID, &seq, &e.Version, &e.Kind, &e.Commitment, &e.Salt, &e.Body)
			if e.Seq = seq.Int64; !seq.Valid {
				e.Seq = ledger.Unsequenced
			}
			all.Entries = append(all.Entries, e)
			return err
		}),
		t.each(ctx, "SELECT id, hash FROM log_hashes ORDER BY id", func(r *sql.Rows) error {
			var h ledger.StoredHash
			err := r.Scan(&h.ID, &h.Hash)
			all.Hashes = append(all.Hashes, h)
			return err
		}),
		t.each(ctx, "SELECT size, prev, note FROM log_checkpoints ORDER BY size", func(r *sql.Rows) error {
			var c ledger.StoredCheckpoint
			err := r.Scan(&c.Size, &c.Prev, &c.Note)
			all.Checkpoints = append(all.Checkpoints, c)
			return err
		}))
}

func (t tables) each(ctx context.Context, query string, scan func(*sql.Rows) error) error {
	rows, err := t.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Replace implements ledgertest.Tables.
func (t tables) Replace(ctx context.Context, all *ledgertest.Rows) error {
	for _, table := range []string{ledger.TableEntries, ledger.TableHashes, ledger.TableCheckpoints} {
		if _, err := t.db.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	if err := t.Insert(ctx, all.Entries...); err != nil {
		return err
	}
	for _, h := range all.Hashes {
		if _, err := t.db.ExecContext(ctx, "INSERT INTO log_hashes (id, hash) VALUES ($1, $2)", h.ID, h.Hash); err != nil {
			return err
		}
	}
	for _, c := range all.Checkpoints {
		if _, err := t.db.ExecContext(ctx, "INSERT INTO log_checkpoints (size, prev, note) VALUES ($1, $2, $3)", c.Size, c.Prev, c.Note); err != nil {
			return err
		}
	}
	return nil
}

func checkpoint() ledger.StoredCheckpoint {
	return ledger.StoredCheckpoint{Size: 2, Prev: 0, Note: []byte("note")}
}

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}
