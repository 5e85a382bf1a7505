package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Locks of rows are not fair: a decision that shares a row passes a change that
// waits for it, and under many decisions a suspension might wait for ever. So
// what many decisions share has turns, which the server grants in the order in
// which they were asked for: a decision shares the turn of what it is about to
// share, a change takes it before it changes a row, and whoever asks while a
// change waits, waits behind it.
//
// The server has room for few turns: about 64 for each connection that it
// allows. So rows of which anybody may make many have the turn of whose they
// are, and subjects share turns among them.

// turns are, for each table, the column by which its rows have their turn.
var turns = map[string]string{
	"tokens": "person", "persons": "id", "grants": "person", "missions": "id", "parties": "id", "agreements": "id", "assessments": "agreement",
}

// subjectTurns is how many turns all subjects have; a power of two.
const subjectTurns = 64

// turn is the SQL of the key of a turn of the table.
func turn(table, of string) string {
	return "hashtextextended('turn of " + table + " ' || " + of + ", 0)"
}

// inTurn is the SQL that shares the turns of the rows which where selects, and
// then the rows.
func inTurn(table, where string) string {
	by := turns[table]
	return fmt.Sprintf(`(SELECT COUNT(*) FROM (SELECT pg_advisory_xact_lock_shared(%[1]s) FROM (SELECT DISTINCT %[2]s FROM %[3]s WHERE %[4]s ORDER BY %[2]s) i) l),
(SELECT COUNT(*) FROM (SELECT id FROM %[3]s WHERE %[4]s ORDER BY id FOR SHARE) l)`, turn(table, by), by, table, where)
}

// assessmentsInTurn is the SQL that shares the turn of the assessments of an
// agreement, without which none of them changes, and then the rows of those of a
// mission that are approved: the others, of which there may be any number, let
// nothing pass.
func assessmentsInTurn(agreement, mission string) string {
	return fmt.Sprintf(`(SELECT COUNT(*) FROM (SELECT pg_advisory_xact_lock_shared(%s)) l),
(SELECT COUNT(*) FROM (SELECT id FROM assessments WHERE agreement = %s AND mission = %s AND state = 'approved' ORDER BY id FOR SHARE) l)`,
		turn("assessments", "CAST("+agreement+" AS TEXT)"), agreement, mission)
}

// subjectsInTurn is the SQL that has lock take the turns of the subjects that
// the column of from names.
func subjectsInTurn(lock, column, from string) string {
	return fmt.Sprintf(`(SELECT COUNT(*) FROM (SELECT %s(%s) FROM (SELECT DISTINCT hashtextextended(%s, 0) & %d AS bucket FROM %s ORDER BY bucket) i) l)`,
		lock, turn("subjects", "CAST(bucket AS TEXT)"), column, subjectTurns-1, from)
}

// takeTurn waits for the turn of a row that is about to change, and keeps it
// until the transaction ends.
func (t *tx) takeTurn(ctx context.Context, table string, columns []string, id string, values []any) error {
	by, ok := turns[table]
	if t.store.engine == SQLite || !ok {
		return nil
	}
	var of any = id
	if i := slices.Index(columns, by); i >= 0 {
		of = values[i]
	}
	return t.lock(ctx, "SELECT pg_advisory_xact_lock("+turn(table, "CAST($1 AS TEXT)")+")", of)
}

// LockMission implements approvals.TargetTx, anonymous.Tx and clearance.ClearanceTx: for the rare change of what decisions of a mission read and
// that has no row of its own which they lock.
func (t *tx) LockMission(ctx context.Context, id string) error {
	return t.lockAnchor(ctx, "missions", id)
}

// LockGrants implements people.GrantTurnTx: in the order of the ids.
func (t *tx) LockGrants(ctx context.Context, persons ...string) error {
	for _, p := range slices.Compact(slices.Sorted(slices.Values(persons))) {
		if err := t.lock(ctx, "SELECT pg_advisory_xact_lock("+turn("grants", "CAST($1 AS TEXT)")+")", p); err != nil {
			return err
		}
	}
	return nil
}

// RolesBound implements people.GrantTurnTx.
func (t *tx) RolesBound(ctx context.Context, person string) (time.Time, error) {
	var newest time.Time
	all, err := t.TokensOf(ctx, person)
	for _, k := range all {
		if k.RolesAsOf.After(newest) {
			newest = k.RolesAsOf
		}
	}
	return newest, err
}
