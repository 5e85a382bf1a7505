package store

import (
	"context"
	"slices"
)

// Locks of rows are not fair: a decision that shares a row passes a change that
// waits for it, and under many decisions a suspension might wait for ever. So
// the rows that many decisions share have turns, which the server grants in the
// order in which they were asked for: a decision shares the turn of a row before
// it shares the row, a change takes it before it changes the row, and whoever
// asks while a change waits, waits behind it.
var turns = []string{"tokens", "grants", "missions", "parties", "agreements", "assessments"}

// turnOf begins the name of the turn of each row of the table; its id follows.
func turnOf(table string) string { return "turn of " + table + " " }

// takeTurn waits for the turn of a row that is about to change, and keeps it
// until the transaction ends.
func (t *tx) takeTurn(ctx context.Context, table, id string) error {
	if t.store.engine == SQLite || !slices.Contains(turns, table) {
		return nil
	}
	return t.lock(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", turnOf(table)+id)
}
