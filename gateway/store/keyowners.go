package store

import (
	"context"
	"database/sql"
	"fmt"
)

// KeyOwners lists the ids of what has a key of its own in the key service: every mission, and every agreement whatever
// its state.
func (s *Store) KeyOwners(ctx context.Context) (missions, agreements []string, err error) {
	err = s.view(ctx, func(t *tx) error {
		for text, ids := range map[string]*[]string{
			"SELECT id FROM missions ORDER BY id": &missions, "SELECT id FROM agreements ORDER BY id": &agreements,
		} {
			if err := t.query(ctx, func(rows *sql.Rows) error {
				var id string
				if err := rows.Scan(&id); err != nil {
					return fmt.Errorf("scanning: %w", err)
				}
				*ids = append(*ids, id)
				return nil
			}, text); err != nil {
				return fmt.Errorf("listing whose keys there are: %w", err)
			}
		}
		return nil
	})
	return missions, agreements, err
}
