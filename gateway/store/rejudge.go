package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"
)

// touch finds the transfers that rest on a record: those that have one of the
// values in the condition. Nothing rests on the zero value, nor on an empty one.
type touch struct{ where, value string }

// What transfers are found by. Each is looked up by an index, and never all that
// wait.
func ofTransfer(id string) touch  { return touch{"w.id IN ", id} }
func ofPartner(id string) touch   { return touch{"w.partner IN ", id} }
func ofMission(id string) touch   { return touch{"w.mission IN ", id} }
func ofAgreement(id string) touch { return touch{"w.agreement IN ", id} }
func ofNobodyIn(mission string) touch {
	return touch{"w.subjects = 0 AND w.mission IN ", mission}
}
func ofSubject(id string) touch { return touch{subjectTouch, id} }

const subjectTouch = "w.id IN (SELECT ts.transfer FROM transfer_subjects ts WHERE ts.subject IN "

// touched has what rests on the records judged again: in the transaction that
// saves them, so that it is asked for exactly where they are saved.
func touched[T any](ctx context.Context, t *tx, r record[T], all []T) error {
	if r.touches == nil {
		return nil
	}
	values, cause := map[string][]string{}, map[string]string{}
	for _, v := range all {
		on := r.touches(v)
		if on.value == "" {
			continue
		}
		id, version := r.ident(v)
		values[on.where], cause[on.where] = append(values[on.where], on.value), r.kind+"/"+id+"/"+strconv.Itoa(version)
	}
	for where, of := range values {
		part := 0
		for args, in := range listed(of) {
			if where == subjectTouch {
				in += ")"
			}
			part++
			if err := t.rejudge(ctx, cause[where]+"/"+strconv.Itoa(part), where+in, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// rejudge has the transfers w that wait and that where selects judged at once.
// Decisions exclude the changes of what they rest on: one that was released
// before is seen here, and one after sees the change. The cause is of one change,
// so that whoever judges meanwhile forgets no other.
func (t *tx) rejudge(ctx context.Context, cause, where string, args ...any) error {
	args = append(args, cause)
	if err := t.exec(ctx, "INSERT INTO rejudgings (transfer, cause, due) SELECT w.id, CAST($"+strconv.Itoa(len(args))+
		" AS TEXT), 0 FROM transfers w WHERE w.state IN ('available', 'held') AND "+where, args...); err != nil {
		return fmt.Errorf("asking for what waits to be judged again: %w", err)
	}
	return nil
}

// Rejudgings implements transfer.RejudgeTx.
func (t *tx) Rejudgings(ctx context.Context, now time.Time, after string, most int) ([]string, error) {
	var ids []string
	if err := t.query(ctx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT DISTINCT transfer FROM rejudgings WHERE due <= $1 AND transfer > $2 ORDER BY transfer LIMIT $3", now.UnixMicro(), after, most); err != nil {
		return nil, fmt.Errorf("listing what is to be judged again: %w", err)
	}
	return ids, nil
}

// TakeRejudgings implements transfer.RejudgeTx.
func (t *tx) TakeRejudgings(ctx context.Context, transfer string, now time.Time) error {
	if err := t.exec(ctx, "DELETE FROM rejudgings WHERE transfer = $1 AND due <= $2", transfer, now.UnixMicro()); err != nil {
		return fmt.Errorf("taking what is to be judged again: %w", err)
	}
	return nil
}

// RejudgeAt implements transfer.RejudgeTx.
func (t *tx) RejudgeAt(ctx context.Context, transfer string, at time.Time) error {
	if err := t.exec(ctx, "INSERT INTO rejudgings (transfer, cause, due) VALUES ($1, 'time', $2) ON CONFLICT (transfer, cause) DO UPDATE SET due = excluded.due",
		transfer, at.UnixMicro()); err != nil {
		return fmt.Errorf("asking for a transfer to be judged again: %w", err)
	}
	return nil
}
