package store

import (
	"context"
	"time"

	"safeconduct/agreements/parties"
)

func partners() record[parties.Party] {
	return record[parties.Party]{
		kind: parties.KindParty, table: "parties", columns: []string{"waits", "vetted", "ends", "state"},
		values: func(p parties.Party) []any {
			since, until := p.Stands()
			return []any{yes(p.Suspension != nil), micros(since), micros(until), string(p.State)}
		},
		ident:   func(p parties.Party) (string, int) { return p.ID, p.Version },
		touches: func(p parties.Party) touch { return ofPartner(p.ID) },
	}
}

// Party implements parties.PartyTx.
func (t *tx) Party(ctx context.Context, id string) (parties.Party, error) {
	return one(ctx, t, partners(), "WHERE r.id = $1", id)
}

// Parties implements parties.PartyTx.
func (t *tx) Parties(ctx context.Context) ([]parties.Party, error) {
	return find(ctx, t, partners(), "ORDER BY r.id")
}

// PartiesDue implements parties.DueTx.
func (t *tx) PartiesDue(ctx context.Context, old, now time.Time, most int) ([]parties.Party, error) {
	return due(ctx, t, partners(), most, "WHERE r.vetted > 0 AND (r.vetted <= $1 OR r.ends > 0 AND r.ends <= $2) ORDER BY r.vetted, r.id", old.UnixMicro(), now.UnixMicro())
}

// SaveParty implements parties.PartyTx.
func (t *tx) SaveParty(ctx context.Context, p parties.Party) error {
	return save(ctx, t, partners(), p)
}

// Enrols implements people.EnrolmentTx.
func (t *tx) Enrols(ctx context.Context, partner string, at time.Time) (bool, error) {
	p, err := t.Party(ctx, partner)
	if err != nil {
		return false, err
	}
	book, err := t.Rulebook(ctx)
	if err != nil {
		return false, err
	}
	return p.MayEnrol(book.At(at).Rules), nil
}

// LockAgreement implements agreements.AssessmentTx.
func (t *tx) LockAgreement(ctx context.Context, id string) error {
	return t.lockAnchor(ctx, "agreements", id)
}

// LockPartner implements parties.LockTx.
func (t *tx) LockPartner(ctx context.Context, id string) error {
	return t.lockAnchor(ctx, "parties", id)
}

// lockAnchor takes the turn of a record that decisions share, and its row: what
// the transaction writes beside that record then excludes them, as a change of
// the record itself does.
func (t *tx) lockAnchor(ctx context.Context, table, id string) error {
	return t.lock(ctx, "SELECT pg_advisory_xact_lock("+turn(table, "CAST($1 AS TEXT)")+"), (SELECT COUNT(*) FROM (SELECT id FROM "+table+" WHERE id = $1 FOR UPDATE) l)", id)
}
