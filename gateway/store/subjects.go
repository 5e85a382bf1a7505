package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal"
)

func subjects() record[consent.Subject] {
	return record[consent.Subject]{
		kind: consent.KindSubject, table: "subjects", columns: []string{"mission", "reference"},
		values: func(s consent.Subject) []any { return []any{s.Mission, s.Reference} },
		ident:  func(s consent.Subject) (string, int) { return s.ID, s.Version },
	}
}

func consents() record[consent.Record] {
	return record[consent.Record]{
		kind: consent.KindConsent, table: "consents", columns: []string{"subject"},
		values:  func(c consent.Record) []any { return []any{c.Subject} },
		ident:   func(c consent.Record) (string, int) { return c.ID, c.Version },
		touches: func(c consent.Record) touch { return ofSubject(c.Subject) },
	}
}

// Consent implements consent.ConsentTx.
func (t *tx) Consent(ctx context.Context, id string) (consent.Record, error) {
	return one(ctx, t, consents(), "WHERE r.id = $1", id)
}

// SaveConsents implements consent.ConsentTx.
func (t *tx) SaveConsents(ctx context.Context, all []consent.Record) error {
	return saveAll(ctx, t, consents(), all)
}

// SaveSubjects implements consent.SubjectTx.
func (t *tx) SaveSubjects(ctx context.Context, all []consent.Subject) error {
	return saveAll(ctx, t, subjects(), all)
}

// SubjectsByReference implements consent.SubjectTx.
func (t *tx) SubjectsByReference(ctx context.Context, mission string, references []string) (map[string]consent.Subject, error) {
	found := make(map[string]consent.Subject, len(references))
	for part := range slices.Chunk(references, 1000) {
		args := []any{mission}
		in := make([]string, len(part))
		for i, ref := range part {
			args = append(args, ref)
			in[i] = "$" + strconv.Itoa(len(args))
		}
		list, err := find(ctx, t, subjects(), "WHERE r.mission = $1 AND r.reference IN ("+strings.Join(in, ", ")+")", args...)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			found[s.Reference] = s
		}
	}
	return found, nil
}

// lockSubjects excludes decisions that hold the subjects, in the order in which
// those lock them.
var lockSubjects = "SELECT " + subjectsInTurn("pg_advisory_xact_lock", "id", "UNNEST(CAST($1 AS TEXT[])) id") + `,
(SELECT COUNT(*) FROM (SELECT id FROM subjects WHERE id = ANY($1) ORDER BY id FOR UPDATE) l)`

// LockSubjects implements consent.SubjectTx.
func (t *tx) LockSubjects(ctx context.Context, ids []string) error {
	return t.lock(ctx, lockSubjects, ids)
}

// SubjectsOf implements transfer.DecisionTx, with three queries however many
// subjects there are.
func (t *tx) SubjectsOf(ctx context.Context, transfer string) ([]gate.Subject, error) {
	var all []gate.Subject
	rowsOf := map[string][]int{}
	err := t.query(ctx, func(rows *sql.Rows) error {
		var s gate.Subject
		if err := rows.Scan(&s.Row, &s.ID); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		rowsOf[s.ID] = append(rowsOf[s.ID], len(all))
		all = append(all, s)
		return nil
	}, "SELECT row_number, subject FROM transfer_subjects WHERE transfer = $1 ORDER BY row_number", transfer)
	if err != nil {
		return nil, fmt.Errorf("reading who is in a transfer: %w", err)
	}
	known, err := find(ctx, t, subjects(), "WHERE r.id IN (SELECT ts.subject FROM transfer_subjects ts WHERE ts.transfer = $1)", transfer)
	if err != nil {
		return nil, err
	}
	for _, s := range known {
		for _, i := range rowsOf[s.ID] {
			all[i].Type, all[i].Child, all[i].Unaccompanied, all[i].Needs = s.Type, s.Child, s.Unaccompanied, len(s.Needs) > 0
		}
	}
	records, err := find(ctx, t, consents(), "WHERE r.subject IN (SELECT ts.subject FROM transfer_subjects ts WHERE ts.transfer = $1) ORDER BY r.id", transfer)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		for _, i := range rowsOf[r.Subject] {
			all[i].Consents = append(all[i].Consents, r)
		}
	}
	return all, nil
}

// SubjectsReleased implements transfer.DecisionTx.
func (t *tx) SubjectsReleased(ctx context.Context, agreement string, since, until time.Time, except string) (int, error) {
	var n int64
	err := t.db.QueryRowContext(ctx,
		"SELECT CAST(COALESCE(SUM(subjects), 0) AS BIGINT) FROM transfers WHERE agreement = $1 AND released >= $2 AND released <= $3 AND id <> $4",
		agreement, since.UnixMicro(), until.UnixMicro(), except).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting released subjects: %w", err)
	}
	return int(n), nil
}

// MissionKey implements consent.CaseKeyTx.
func (t *tx) MissionKey(ctx context.Context, mission string) (consent.CaseKey, error) {
	var k consent.CaseKey
	var name, wrapped string
	err := t.db.QueryRowContext(ctx, "SELECT key_name, wrapped FROM mission_keys WHERE mission = $1", mission).Scan(&name, &wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return k, evidence.ErrNotFound
	} else if err != nil {
		return k, fmt.Errorf("reading the key of a mission: %w", err)
	}
	return consent.CaseKey{Mission: mission, Name: seal.KeyName(name), Wrapped: seal.Wrapped(wrapped)}, nil
}

// AddMissionKey implements consent.CaseKeyTx; ErrExists where there is one.
func (t *tx) AddMissionKey(ctx context.Context, k consent.CaseKey) error {
	return t.insert(ctx, "mission_keys", []string{"mission", "key_name", "wrapped"}, [][]any{{k.Mission, string(k.Name), string(k.Wrapped)}})
}

// HasSubjects implements consent.CaseKeyTx.
func (t *tx) HasSubjects(ctx context.Context, mission string) (bool, error) {
	var n int64
	if err := t.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM subjects WHERE mission = $1 LIMIT 1) s", mission).Scan(&n); err != nil {
		return false, fmt.Errorf("looking for subjects: %w", err)
	}
	return n > 0, nil
}
