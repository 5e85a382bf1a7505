package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/authz/evidence"
)

var _ evidence.TallyTx = (*tx)(nil)

// KindTally is how an alarm names a row of what was refused at the door.
const KindTally = "tally"

// useTally is what is authenticated, for evidence.Authority.
const useTally = "tally"

func tallyParts(id string, one evidence.Tally) [][]byte {
	return [][]byte{
		[]byte(id), []byte(one.Actor), []byte(one.Source), []byte(one.Code),
		binary.BigEndian.AppendUint64(nil, uint64(one.Minute.UnixMicro())), binary.BigEndian.AppendUint64(nil, uint64(one.Count)), // the bits count
	}
}

// AddTallies implements evidence.TallyTx. Each is a row of its own: a sum of
// several replicas would have to be read, believed and tagged anew.
func (t *tx) AddTallies(ctx context.Context, all []evidence.Tally) error {
	authority := t.store.opts.Authority
	if authority == nil {
		return errNoAuthority
	}
	rows := make([][]any, len(all))
	for i, one := range all {
		id := t.store.opts.NewID()
		rows[i] = []any{id, one.Actor, one.Source, one.Code, one.Minute.UnixMicro(), one.Count, authority.Tag(useTally, tallyParts(id, one)...)}
	}
	if err := t.insert(ctx, "tallies", []string{"id", "actor", "source", "code", "minute", "count", "mac"}, rows); err != nil {
		return fmt.Errorf("adding to a tally: %w", err)
	}
	return nil
}

// TakeTallies implements evidence.TallyTx. Of two transactions that delete the
// same row, the second finds it gone.
func (t *tx) TakeTallies(ctx context.Context, before time.Time, most int) ([]evidence.Tally, bool, error) {
	if t.readOnly {
		return nil, false, errReadOnly
	}
	authority := t.store.opts.Authority
	if authority == nil {
		return nil, false, errNoAuthority
	}
	taken := 0
	sums := map[evidence.Tally]int64{} // by the tally without its count
	err := t.query(ctx, func(rows *sql.Rows) error {
		var id string
		var one evidence.Tally
		var minute, count any // SQLite takes any text for a number
		var mac []byte
		if err := rows.Scan(&id, &one.Actor, &one.Source, &one.Code, &minute, &count, &mac); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		taken++
		at, isTime := minute.(int64)
		n, isNumber := count.(int64)
		one.Minute, one.Count = time.UnixMicro(at).UTC(), n
		switch ref := (evidence.Ref{Kind: KindTally, ID: id}); {
		case !isTime || !isNumber || !authority.Check(mac, useTally, tallyParts(id, one)...):
			t.pass(&evidence.TamperedError{Ref: ref, What: "its tag does not fit"})
		case !one.Check(t.store.now()): // R55
			t.pass(&evidence.TamperedError{Ref: ref, What: "it is not what a door counts"})
		default:
			one.Count = 0
			sums[one] += n
		}
		return nil
	}, `DELETE FROM tallies WHERE id IN (
    SELECT id FROM tallies WHERE minute < $1 ORDER BY minute, actor, source, code, id LIMIT $2
) RETURNING id, actor, source, code, minute, count, mac`, before.UnixMicro(), most)
	if err != nil {
		return nil, false, t.spoil(fmt.Errorf("taking tallies: %w", err))
	}
	all := make([]evidence.Tally, 0, len(sums))
	for one, n := range sums {
		one.Count = n
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b evidence.Tally) int {
		if c := a.Minute.Compare(b.Minute); c != 0 {
			return c
		}
		return strings.Compare(a.Actor+a.Source+a.Code, b.Actor+b.Source+b.Code)
	})
	return all, taken == most, nil
}
