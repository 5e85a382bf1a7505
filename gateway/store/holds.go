package store

import (
	"context"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/rights"
)

func holds() record[rights.Hold] {
	return record[rights.Hold]{
		kind: rights.KindHold, table: "holds", columns: []string{"mission", "subject", "transfer", "lifted"},
		values: func(h rights.Hold) []any { return []any{h.Mission, h.Subject, h.Transfer, micros(h.Lifted)} },
		ident:  func(h rights.Hold) (string, int) { return h.ID, h.Version },
		touches: func(h rights.Hold) touch {
			if h.Transfer != "" {
				return ofTransfer(h.Transfer)
			}
			return ofSubject(h.Subject)
		},
	}
}

// Hold implements rights.HoldTx.
func (t *tx) Hold(ctx context.Context, id string) (rights.Hold, error) {
	return one(ctx, t, holds(), "WHERE r.id = $1", id)
}

// OpenHolds implements rights.HoldTx.
func (t *tx) OpenHolds(ctx context.Context, mission string, p evidence.Page) (evidence.Listed[rights.Hold], error) {
	return paged(ctx, t, holds(), order{}, p, "r.lifted = 0 AND ($1 = '' OR r.mission = $1)", mission)
}

// SaveHold implements rights.HoldTx.
func (t *tx) SaveHold(ctx context.Context, h rights.Hold) error {
	return save(ctx, t, holds(), h)
}

// HoldsOf implements rights.FactTx. Whether one is open its record says, which
// carries a tag, and not the column, which does not.
func (t *tx) HoldsOf(ctx context.Context, transfer string) ([]rights.Hold, error) {
	all, err := find(ctx, t, holds(), `WHERE r.id IN (
    SELECT h.id FROM holds h WHERE h.transfer = $1
    UNION SELECT h.id FROM transfer_subjects ts JOIN holds h ON h.subject = ts.subject WHERE ts.transfer = $1 AND ts.subject <> ''
) ORDER BY r.id`, transfer)
	if err != nil {
		return nil, err
	}
	open := make([]rights.Hold, 0, len(all))
	for _, h := range all {
		if h.Open() {
			open = append(open, h)
		}
	}
	return open, nil
}

// Subject implements rights.TargetTx.
func (t *tx) Subject(ctx context.Context, id string) (consent.Subject, error) {
	return one(ctx, t, subjects(), "WHERE r.id = $1", id)
}

// HeldTransfer implements rights.TargetTx.
func (t *tx) HeldTransfer(ctx context.Context, id string) (mission, sender string, err error) {
	x, err := t.Transfer(ctx, id)
	return x.Mission, x.Sender, err
}
