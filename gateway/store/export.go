package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Export writes one snapshot of the records and of the log into a new SQLite
// file at path, for whoever verifies or studies them apart from the system. The
// wrapped keys stay behind: nothing can be opened with it.
func (s *Store) Export(ctx context.Context, path string) (err error) {
	to, err := OpenSQLite(ctx, path, s.opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if _, err := to.Migrate(ctx); err != nil {
		return err
	}
	out, err := to.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning the copy: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, rolledBack(out.Rollback()))
		}
	}()
	if err := s.view(ctx, func(from *tx) error {
		copied := &tx{store: to, db: out}
		for _, table := range exported() {
			if err := copyTable(ctx, from, copied, table, "SELECT * FROM "+table); err != nil {
				return fmt.Errorf("copying %s: %w", table, err)
			}
		}
		if err := copyTable(ctx, from, copied, "authority_keys", "SELECT version, key_name, '' AS wrapped FROM authority_keys"); err != nil {
			return fmt.Errorf("copying authority_keys: %w", err)
		}
		// That a mission has a key is evidence; the key itself stays.
		if err := copyTable(ctx, from, copied, "uploads", "SELECT id, transfer, file, key_name, '' AS wrapped, state, started, touched FROM uploads"); err != nil {
			return fmt.Errorf("copying uploads: %w", err)
		}
		return copyTable(ctx, from, copied, "mission_keys", "SELECT mission, key_name, '' AS wrapped FROM mission_keys")
	}); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return fmt.Errorf("ending the copy: %w", err)
	}
	return nil
}

// exported are all tables but the working state, which holds wrapped keys.
func exported() []string {
	return append(recordTables(), "record_versions", "decision_facts", "transfer_subjects", "agreement_missions", "log_entries", "log_hashes", "log_checkpoints")
}

func copyTable(ctx context.Context, from, to *tx, table, query string) error {
	var columns []string
	var batch [][]any
	flush := func() error {
		err := to.insert(ctx, table, columns, batch)
		batch = batch[:0]
		return err
	}
	err := from.query(ctx, func(rows *sql.Rows) (err error) {
		if columns == nil {
			if columns, err = rows.Columns(); err != nil {
				return err
			}
		}
		row, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		batch = append(batch, row)
		if len(batch) < rowsPerInsert {
			return nil
		}
		return flush()
	}, query)
	return errors.Join(err, flush())
}
