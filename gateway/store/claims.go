package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Claims is the store as whoever makes writes repeatable needs it.
type Claims struct {
	*Store
	Now func() time.Time
}

// Claim takes the slot for the claim, unless it is another's: it is free where
// nobody has it, where nothing was recorded under it in its lease, and after
// its life. One statement decides, so that of two requests one has it.
func (c Claims) Claim(ctx context.Context, claim evidence.Claim, stamp string) (evidence.Claimed, error) {
	now := c.Now()
	db := c.pool(ctx, c.write)
	for range attempts {
		r, err := db.ExecContext(ctx, `INSERT INTO claims (slot, print, holder, entries, lease, expires) VALUES ($1, $2, $3, '', $4, $5)
ON CONFLICT (slot) DO UPDATE SET print = excluded.print, holder = excluded.holder, entries = '', lease = excluded.lease, expires = excluded.expires
WHERE claims.expires <= $6 OR (claims.entries = '' AND claims.lease <= $6)`,
			claim.Slot, stamp, claim.Holder, now.Add(evidence.ClaimLease).UnixMicro(), now.Add(evidence.ClaimLife).UnixMicro(), now.UnixMicro())
		if err != nil {
			return evidence.Claimed{}, explain(fmt.Errorf("claiming: %w", err))
		}
		if n, err := r.RowsAffected(); err != nil || n == 1 {
			return evidence.Claimed{Held: err == nil, Print: stamp}, err
		}
		have, err := c.claimed(ctx, db, claim.Slot)
		if !errors.Is(err, sql.ErrNoRows) { // else it was released between the two statements
			return have, explain(err)
		}
	}
	return evidence.Claimed{}, fmt.Errorf("%w: claiming, %d times", evidence.ErrUnavailable, attempts)
}

func (c Claims) claimed(ctx context.Context, db *sql.DB, slot string) (evidence.Claimed, error) {
	var have evidence.Claimed
	var entries string
	if err := db.QueryRowContext(ctx, "SELECT print, entries FROM claims WHERE slot = $1", slot).Scan(&have.Print, &entries); err != nil {
		return have, fmt.Errorf("reading a claim: %w", err)
	}
	have.Entries = strings.Fields(entries)
	return have, nil
}

// Release frees the slot, if the claim has it still and nothing is recorded
// under it.
func (c Claims) Release(ctx context.Context, claim evidence.Claim) error {
	if _, err := c.pool(ctx, c.write).ExecContext(ctx, "DELETE FROM claims WHERE slot = $1 AND holder = $2 AND entries = ''", claim.Slot, claim.Holder); err != nil {
		return explain(fmt.Errorf("releasing a claim: %w", err))
	}
	return nil
}

// KindClaim is how an alarm names a claim, by the entry that it points at.
const KindClaim = "claim"

// Acts reads the entries of an act of the person by their ids, in that order.
// ErrNotFound: one is gone, or its body was erased. One that this system did not
// write, or not so, is a TamperedError, and so is one that does not record an act
// of the person, or, after the first, what the system did with it.
func (c Claims) Acts(ctx context.Context, person string, ids []string) ([]evidence.Entry, error) {
	all := make([]evidence.Entry, 0, len(ids))
	err := c.view(ctx, func(t *tx) error {
		all = all[:0]
		for _, id := range ids {
			e, err := t.act(ctx, id)
			if err != nil {
				return err
			}
			if own := e.Actor == person || len(all) > 0 && e.Actor == string(authz.SYS); !own || !e.Kind.IsAct() {
				return &evidence.TamperedError{Ref: evidence.Ref{Kind: KindClaim, ID: id}, What: "the act is another's"}
			}
			all = append(all, e)
		}
		return nil
	})
	return all, err
}

func (t *tx) act(ctx context.Context, id string) (evidence.Entry, error) {
	rows, _, err := t.entryRows(ctx, true, 1, "WHERE id = $1", id)
	if err != nil {
		return evidence.Entry{}, err
	}
	if len(rows) == 0 || rows[0].Body == nil {
		return evidence.Entry{}, evidence.ErrNotFound
	}
	var e evidence.Entry
	return e, decode(rows[0].Body, &e)
}

// ForgetClaims removes the claims whose life is over, and answers with how
// many.
func (c Claims) ForgetClaims(ctx context.Context) (int, error) {
	return c.forget(ctx, "claims", "expires", c.Now().UnixMicro())
}

// forget removes the rows of table whose column is at most limit.
func (s *Store) forget(ctx context.Context, table, column string, limit int64) (int, error) {
	r, err := s.write.ExecContext(ctx, "DELETE FROM "+table+" WHERE "+column+" <= $1", limit)
	if err != nil {
		return 0, explain(fmt.Errorf("forgetting %s: %w", table, err))
	}
	n, err := r.RowsAffected()
	return int(n), err
}

// underClaim writes the id of an act's entry down beside the claim of its
// context, in the transaction of the act. A claim that another has taken since,
// or that is gone, is ErrConflict.
func (t *tx) underClaim(ctx context.Context, e evidence.Entry) error {
	claim, ok := evidence.ClaimIn(ctx)
	if !ok || !e.Kind.IsAct() {
		return nil
	}
	claim.Act()
	return t.execOne(ctx, "UPDATE claims SET entries = entries || CAST($1 AS TEXT) WHERE slot = $2 AND holder = $3", " "+e.ID, claim.Slot, claim.Holder)
}
