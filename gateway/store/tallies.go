package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"safeconduct/authz/evidence"
)

var _ evidence.TallyTx = (*tx)(nil)

// AddTallies implements evidence.TallyTx.
func (t *tx) AddTallies(ctx context.Context, all []evidence.Tally) error {
	for _, one := range all {
		if err := t.exec(ctx, `INSERT INTO tallies (actor, source, code, minute, count) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (actor, source, code, minute) DO UPDATE SET count = tallies.count + excluded.count`,
			one.Actor, one.Source, one.Code, one.Minute.UnixMicro(), one.Count); err != nil {
			return fmt.Errorf("adding to a tally: %w", err)
		}
	}
	return nil
}

// TakeTallies implements evidence.TallyTx. Of two transactions that delete the
// same row, the second finds it gone.
func (t *tx) TakeTallies(ctx context.Context, before time.Time, most int) ([]evidence.Tally, error) {
	if t.readOnly {
		return nil, errReadOnly
	}
	var all []evidence.Tally
	err := t.query(ctx, func(rows *sql.Rows) error {
		var one evidence.Tally
		var minute int64
		if err := rows.Scan(&one.Actor, &one.Source, &one.Code, &minute, &one.Count); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		one.Minute = time.UnixMicro(minute).UTC()
		all = append(all, one)
		return nil
	}, `DELETE FROM tallies WHERE (actor, source, code, minute) IN (
    SELECT actor, source, code, minute FROM tallies WHERE minute < $1 ORDER BY minute, actor, source, code LIMIT $2
) RETURNING actor, source, code, minute, count`, before.UnixMicro(), most)
	if err != nil {
		return nil, t.spoil(fmt.Errorf("taking tallies: %w", err))
	}
	return all, nil
}
