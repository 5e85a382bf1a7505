package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/seal"
)

func transfers() record[transfer.Transfer] {
	return record[transfer.Transfer]{
		kind: transfer.KindTransfer, table: "transfers",
		columns: []string{"mission", "partner", "state", "agreement", "subjects", "released", "window_ends", "held_since", "awaits_dpo", "asks_dpo", "sender", "told", "assessment"},
		since:   map[string]uint32{"asks_dpo": 28},
		values: func(t transfer.Transfer) []any {
			return []any{t.Mission, t.Partner, string(t.State), t.Agreement, t.Subjects, micros(t.Released), micros(t.WindowEnds), micros(t.HeldSince), awaitsDPO(t), asksDPO(t), t.Sender, string(t.Unheld()), t.Assessment}
		},
		ident: func(t transfer.Transfer) (string, int) { return t.ID, t.Version },
	}
}

func sealedFiles() record[transfer.SealedFile] {
	return record[transfer.SealedFile]{
		kind: transfer.KindFile, table: "sealed_files", columns: []string{"transfer"},
		values: func(f transfer.SealedFile) []any { return []any{f.Transfer} },
		ident:  func(f transfer.SealedFile) (string, int) { return f.ID, f.Version },
	}
}

func pullSessions() record[transfer.PullSession] {
	return record[transfer.PullSession]{
		kind: transfer.KindPull, table: "pull_sessions", columns: []string{"transfer", "file", "open_since"},
		values: func(p transfer.PullSession) []any {
			open := int64(0)
			if p.Written == nil && p.Aborted == nil {
				open = p.Updated.UnixMicro()
			}
			return []any{p.Transfer, p.File, open}
		},
		ident: func(p transfer.PullSession) (string, int) { return p.ID, p.Version },
	}
}

// Transfer implements transfer.TransferTx.
func (t *tx) Transfer(ctx context.Context, id string) (transfer.Transfer, error) {
	return one(ctx, t, transfers(), "WHERE r.id = $1", id)
}

// SaveTransfer implements transfer.TransferTx.
func (t *tx) SaveTransfer(ctx context.Context, x transfer.Transfer) error {
	return save(ctx, t, transfers(), x)
}

// SaveTransferSubjects implements transfer.TransferTx.
func (t *tx) SaveTransferSubjects(ctx context.Context, id string, subjects []string) error {
	rows := make([][]any, len(subjects))
	for i, s := range subjects {
		rows[i] = []any{id, i + 1, s}
	}
	if err := t.insert(ctx, "transfer_subjects", []string{"transfer", "row_number", "subject"}, rows); err != nil {
		return fmt.Errorf("saving who is in a transfer: %w", err)
	}
	return nil
}

// SealedFile implements transfer.TransferTx.
func (t *tx) SealedFile(ctx context.Context, id string) (transfer.SealedFile, error) {
	return one(ctx, t, sealedFiles(), "WHERE r.id = $1", id)
}

// SaveSealedFile implements transfer.TransferTx.
func (t *tx) SaveSealedFile(ctx context.Context, f transfer.SealedFile) error {
	return save(ctx, t, sealedFiles(), f)
}

// PullSessions implements transfer.PullTx.
func (t *tx) PullSessions(ctx context.Context, id string, file int) ([]transfer.PullSession, error) {
	return find(ctx, t, pullSessions(), "WHERE r.transfer = $1 AND r.file = $2 ORDER BY r.id", id, file)
}

// PullSession implements transfer.PullTx.
func (t *tx) PullSession(ctx context.Context, id string) (transfer.PullSession, error) {
	return one(ctx, t, pullSessions(), "WHERE r.id = $1", id)
}

// SavePullSession implements transfer.PullTx.
func (t *tx) SavePullSession(ctx context.Context, p transfer.PullSession) error {
	return save(ctx, t, pullSessions(), p)
}

// OpenSessions implements transfer.PullTx.
func (t *tx) OpenSessions(ctx context.Context, before time.Time, most int) ([]transfer.PullSession, error) {
	return due(ctx, t, pullSessions(), most, "WHERE r.open_since > 0 AND r.open_since < $1 ORDER BY r.open_since, r.id", before.UnixMicro())
}

// Lapsed implements transfer.PullTx. It begins with the uploads that lie there,
// which are few: what was pulled keeps its state and the end of its window for
// ever, and there may be millions of it.
func (t *tx) Lapsed(ctx context.Context, now, heldBefore, landedBefore time.Time, most int) ([]transfer.Transfer, error) {
	return due(ctx, t, transfers(), most, `WHERE (
    (r.state IN ('available', 'pulled', 'acknowledged') AND r.window_ends <= $1)
    OR (r.state = 'held' AND r.held_since <= $2)
    OR r.state IN ('draft', 'uploading', 'sealed', 'awaiting_approval')
) AND r.id `+t.gathered("SELECT u.transfer FROM uploads u WHERE u.state = 'sealed'")+` AND EXISTS (
    SELECT 1 FROM uploads u WHERE u.transfer = r.id AND u.state = 'sealed' AND (r.released > 0 OR u.touched <= $3)
) ORDER BY r.id`, now.UnixMicro(), heldBefore.UnixMicro(), landedBefore.UnixMicro())
}

// gathered is the condition to be among what the query selects, which is done
// first: as a join, a planner that expects many would rather read the whole table
// in the order that is asked for.
func (t *tx) gathered(query string) string {
	if t.store.engine == Postgres {
		return "= ANY(ARRAY(" + query + "))"
	}
	return "IN (" + query + ")"
}

const uploadColumns = "id, transfer, file, key_name, wrapped, state, started, touched"

// Upload implements transfer.UploadTx.
func (t *tx) Upload(ctx context.Context, id string) (transfer.Upload, error) {
	all, err := t.uploads(ctx, "WHERE id = $1", id)
	if err != nil {
		return transfer.Upload{}, err
	}
	if len(all) == 0 {
		return transfer.Upload{}, evidence.ErrNotFound
	}
	return all[0], nil
}

func (t *tx) uploads(ctx context.Context, where string, args ...any) ([]transfer.Upload, error) {
	var all []transfer.Upload
	err := t.query(ctx, func(rows *sql.Rows) error {
		var u transfer.Upload
		var key, wrapped, state string
		var started, touched int64
		if err := rows.Scan(&u.ID, &u.Transfer, &u.File, &key, &wrapped, &state, &started, &touched); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		u.Key, u.Wrapped, u.State = seal.KeyName(key), seal.Wrapped(wrapped), transfer.UploadState(state)
		u.Started, u.Touched = time.UnixMicro(started).UTC(), time.UnixMicro(touched).UTC()
		all = append(all, u)
		return nil
	}, "SELECT "+uploadColumns+" FROM uploads "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading uploads: %w", err)
	}
	return all, nil
}

// AddUpload implements transfer.UploadTx.
func (t *tx) AddUpload(ctx context.Context, u transfer.Upload) error {
	return t.insert(ctx, "uploads", strings.Split(uploadColumns, ", "), [][]any{{
		u.ID, u.Transfer, u.File, string(u.Key), string(u.Wrapped), string(u.State), u.Started.UnixMicro(), u.Touched.UnixMicro(),
	}})
}

// MarkUpload implements transfer.UploadTx.
func (t *tx) MarkUpload(ctx context.Context, id string, now time.Time, to transfer.UploadState, from ...transfer.UploadState) error {
	args := []any{string(to), now.UnixMicro(), id}
	in := make([]string, len(from))
	for i, f := range from {
		args = append(args, string(f))
		in[i] = "$" + strconv.Itoa(len(args))
	}
	return t.execOne(ctx, "UPDATE uploads SET state = $1, touched = $2 WHERE id = $3 AND state IN ("+strings.Join(in, ", ")+")", args...)
}

// DoomUploads implements transfer.UploadTx.
func (t *tx) DoomUploads(ctx context.Context, id string, now time.Time) error {
	return t.exec(ctx, "UPDATE uploads SET state = $1, touched = $2 WHERE transfer = $3", string(transfer.UploadDoomed), now.UnixMicro(), id)
}

// Sweepable implements transfer.UploadTx.
func (t *tx) Sweepable(ctx context.Context, untouchedSince, doomedBefore time.Time, most int) ([]transfer.Upload, error) {
	return t.uploads(ctx, "WHERE (state = $1 AND touched <= $2) OR (state = $3 AND touched < $4) ORDER BY touched, id LIMIT $5",
		string(transfer.UploadDoomed), doomedBefore.UnixMicro(), string(transfer.UploadOpen), untouchedSince.UnixMicro(), most)
}

// DeleteUpload implements transfer.UploadTx. The wrapped key goes with it.
func (t *tx) DeleteUpload(ctx context.Context, id string) error {
	return t.execOne(ctx, "DELETE FROM uploads WHERE id = $1", id)
}

// lockShared locks what a decision rests on, in the order in which it stands
// here: expressions are evaluated from the left. What is not wanted is empty, or
// NULL, and matches no row. Ids are gathered first, in an array, which is looked
// up by index: of a condition OR id IN (SELECT ...) every row of the table is read.
var lockShared = "SELECT " + strings.Join([]string{
	inTurn("tokens", `id = ANY(ARRAY(SELECT unnest(CAST($1 AS TEXT[])) UNION
    SELECT k.id FROM grants g JOIN tokens k ON k.person = g.person AND k.ends > 0 WHERE g.partner = $2 AND g.role = 'PDL'))`),
	inTurn("persons", "id = ANY(ARRAY(SELECT unnest(CAST($3 AS TEXT[])) UNION SELECT person FROM grants WHERE partner = $2 AND role = 'PDL'))"),
	inTurn("grants", "id = ANY(ARRAY(SELECT id FROM grants WHERE person = ANY($3) UNION SELECT id FROM grants WHERE partner = $2 AND role = 'PDL'))"),
	inTurn("missions", "id = $4"),
	inTurn("parties", "id = $5"),
	inTurn("agreements", "id = $6"),
	assessmentsInTurn("$6", "$4"),
	subjectsInTurn("pg_advisory_xact_lock_shared", "subject", "transfer_subjects WHERE transfer = $7"),
	`(SELECT COUNT(*) FROM (SELECT s.id FROM transfer_subjects ts JOIN subjects s ON s.id = ts.subject
    WHERE ts.transfer = $7 ORDER BY s.id FOR SHARE OF s) l)`,
	"(SELECT COUNT(*) FROM (SELECT pg_advisory_xact_lock_shared(" + turnOfCauses + ")) l)",
	"(SELECT COUNT(*) FROM (SELECT pg_advisory_xact_lock_shared(" + turnOfRules + ")) l)",
}, ",\n")

// LockTransfer implements transfer.AnchorTx.
func (t *tx) LockTransfer(ctx context.Context, id string) error {
	return t.lock(ctx, "SELECT id FROM transfers WHERE id = $1 FOR UPDATE", id)
}

// LockAnchors implements transfer.AnchorTx. Every changer updates the row of
// its record, and a change of consent locks its subject. The order of the locks,
// and of the keys of each kind, is the same everywhere: the transfer, then
// lockShared, then the volume, then the pathways.
func (t *tx) LockAnchors(ctx context.Context, a transfer.Anchors) error {
	var downloaders any // no partner equals NULL
	if a.Downloaders && a.Partner != "" {
		downloaders = a.Partner
	}
	return t.lock(ctx, lockShared, a.Tokens, downloaders, a.Persons, a.Mission, a.Partner, a.Agreement, a.Subjects)
}

// LockVolume implements transfer.AnchorTx. It comes late, since a release that
// has it waits for nothing but LockPathways: what it writes from then on is its own.
func (t *tx) LockVolume(ctx context.Context, agreement string) error {
	return t.lock(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('volume of ' || CAST($1 AS TEXT), 0))", agreement)
}

// LockPathways implements transfer.AnchorTx. It comes last of what a decision
// reads; after it a refusal alone locks, the case that it opens (OpenedFor).
func (t *tx) LockPathways(ctx context.Context, mission, partner string) error {
	return t.lock(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('pathways of ' || CAST($1 AS TEXT) || ' to ' || CAST($2 AS TEXT), 0))", mission, partner)
}

// lock runs a statement that locks. SQLite has one writer, which this
// transaction is.
func (t *tx) lock(ctx context.Context, statement string, args ...any) error {
	if t.store.engine == SQLite {
		return nil
	}
	if err := t.query(ctx, func(*sql.Rows) error { return nil }, statement, args...); err != nil {
		return fmt.Errorf("locking what a decision rests on: %w", err)
	}
	return nil
}
