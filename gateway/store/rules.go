package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
)

func rulebooks() record[rulebook.Book] {
	return record[rulebook.Book]{
		kind: rulebook.KindRulebook, table: "rulebooks",
		values: func(rulebook.Book) []any { return nil },
		ident:  func(b rulebook.Book) (string, int) { return b.ID, b.Version },
	}
}

// Rulebook implements rulebook.Reader. A book that was recorded, and of which the row is gone, is not the shipped one again.
func (t *tx) Rulebook(ctx context.Context) (rulebook.Book, error) {
	b, err := t.rulebook(ctx)
	if err == nil && t.rules == nil {
		t.rules = &b
	}
	return b, err
}

func (t *tx) rulebook(ctx context.Context) (rulebook.Book, error) {
	b, err := one(ctx, t, rulebooks(), "WHERE r.id = $1", rulebook.ID)
	if !errors.Is(err, evidence.ErrNotFound) {
		return b, err
	}
	gone := false
	if err := t.query(ctx, func(rows *sql.Rows) error {
		gone = true
		return errEnough
	}, "SELECT 1 FROM record_versions WHERE kind = $1 AND id = $2 LIMIT 1", rulebook.KindRulebook, rulebook.ID); err != nil {
		return rulebook.Book{}, fmt.Errorf("looking for a rulebook: %w", err)
	}
	if gone {
		return rulebook.Book{}, &evidence.TamperedError{Ref: evidence.Ref{Kind: rulebook.KindRulebook, ID: rulebook.ID}, What: "its row is gone"}
	}
	return rulebook.Shipped()
}

// turnOfRules is the key of the one turn that the rules in force have.
const turnOfRules = "hashtextextended('turn of rulebooks', 0)"

// LockRules implements rulebook.Tx.
func (t *tx) LockRules(ctx context.Context) error {
	return t.lock(ctx, "SELECT pg_advisory_xact_lock("+turnOfRules+")")
}

// SaveRulebook implements rulebook.Tx.
func (t *tx) SaveRulebook(ctx context.Context, b rulebook.Book) error {
	return save(ctx, t, rulebooks(), b)
}
