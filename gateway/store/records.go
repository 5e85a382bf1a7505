package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/authz/evidence"
)

// record describes how one kind of record lies in its table.
type record[T any] struct {
	kind    string
	table   string
	columns []string          // beyond id and version
	since   map[string]uint32 // of columns that came after their table: the migration that brought them, where programs of the schema before write beside
	values  func(T) []any
	ident   func(T) (id string, version int)
	// touches finds what waits for its partner and rests on the record, which is
	// judged again by the clock; nil where nothing does.
	touches func(T) touch
}

// save writes the next version of v. Version 1 must be new (ErrExists); a
// later one must follow the version that is current (ErrConflict).
func save[T any](ctx context.Context, t *tx, r record[T], v T) error {
	return saveAll(ctx, t, r, []T{v})
}

// saveAll saves all or none; new ones with few statements.
func saveAll[T any](ctx context.Context, t *tx, r record[T], all []T) error {
	return t.spoil(writeAll(ctx, t, r, all))
}

func writeAll[T any](ctx context.Context, t *tx, r record[T], all []T) error {
	if t.readOnly {
		return errReadOnly
	}
	if t.store.opts.Authority == nil {
		return errNoAuthority
	}
	var versions, fresh [][]any
	for _, v := range all {
		id, version := r.ident(v)
		body, err := evidence.Canonical(v)
		if err != nil {
			return err
		}
		versions = append(versions, []any{r.kind, id, version, body, t.store.tag(r.kind, id, version, body)})
		t.saved = append(t.saved, evidence.Ref{Kind: r.kind, ID: id, Version: version, Digest: evidence.DigestOf(body)})
		if version == 1 {
			fresh = append(fresh, append([]any{id, version}, r.values(v)...))
			continue
		}
		if err := t.advance(ctx, r.table, r.columns, id, version, r.values(v)); err != nil {
			return fmt.Errorf("saving a %s: %w", r.kind, err)
		}
	}
	if err := t.insert(ctx, r.table, append([]string{"id", "version"}, r.columns...), fresh); err != nil {
		return fmt.Errorf("saving a %s: %w", r.kind, err)
	}
	if err := t.insert(ctx, "record_versions", []string{"kind", "id", "version", "body", "mac"}, versions); err != nil {
		return fmt.Errorf("saving a version of a %s: %w", r.kind, err)
	}
	return touched(ctx, t, r, all)
}

// advance is compare-and-set on the version, and excludes decisions that hold
// the row.
func (t *tx) advance(ctx context.Context, table string, columns []string, id string, version int, values []any) error {
	if err := t.takeTurn(ctx, table, columns, id, values); err != nil {
		return err
	}
	set := []string{"version = $1"}
	args := []any{version}
	for i, c := range columns {
		args = append(args, values[i])
		set = append(set, c+" = $"+strconv.Itoa(len(args)))
	}
	args = append(args, id, version-1)
	return t.execOne(ctx, fmt.Sprintf("UPDATE %s SET %s WHERE id = $%d AND version = $%d",
		table, strings.Join(set, ", "), len(args)-1, len(args)), args...)
}

// find lists the current version of the records that where selects; r is the
// record's own table, and where may order and limit. A row that is not as this
// system wrote it fails the whole: a TamperedError.
func find[T any](ctx context.Context, t *tx, r record[T], where string, args ...any) ([]T, error) {
	var all []T
	err := each(ctx, t, r, func(v T, err error) error {
		all = append(all, v)
		return err
	}, where, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// due is find for what a job does by the clock, at most so many: where must
// order, and not limit. A row that is not as this system wrote it stops nobody
// else's: it is passed over, and raises the alarm.
func due[T any](ctx context.Context, t *tx, r record[T], most int, where string, args ...any) ([]T, error) {
	var all []T
	where += fmt.Sprintf(" LIMIT $%d OFFSET $%d", len(args)+1, len(args)+2)
	for seen, page := 0, most; page == most && len(all) < most; seen += page {
		page = 0
		if err := each(ctx, t, r, func(v T, err error) error {
			page++
			var row *evidence.TamperedError
			switch {
			case errors.As(err, &row):
				t.pass(row)
				return nil
			case err == nil && len(all) < most:
				all = append(all, v)
			}
			return err
		}, where, append(slices.Clone(args), most, seen)...); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// each hands over the current version of each record that where selects, or
// why it is not to be believed.
func each[T any](ctx context.Context, t *tx, r record[T], hand func(T, error) error, where string, args ...any) error {
	columns := ""
	for _, c := range r.columns {
		columns += ", r." + c
	}
	err := t.query(ctx, func(rows *sql.Rows) error {
		row := stored{columns: make([]any, len(r.columns))}
		dest := []any{&row.mac, &row.body, &row.later, &row.id, &row.version}
		for i := range row.columns {
			dest = append(dest, &row.columns[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		if t.comparing {
			var one []T
			if err := compared(row, &one); err != nil || len(one) == 0 {
				return err
			}
			return hand(one[0], nil)
		}
		return hand(believe(t.store, r, row))
	}, "SELECT "+t.tagColumn()+", v.body, EXISTS (SELECT 1 FROM record_versions n WHERE n.kind = '"+r.kind+"' AND n.id = r.id AND n.version > r.version), r.id, r.version"+
		columns+" FROM "+r.table+" r LEFT JOIN record_versions v ON v.kind = '"+r.kind+"' AND v.id = r.id AND v.version = r.version "+where, args...)
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.table, err)
	}
	return nil
}

// one is find that answers with one, or ErrNotFound.
func one[T any](ctx context.Context, t *tx, r record[T], where string, args ...any) (T, error) {
	var none T
	all, err := find(ctx, t, r, where, args...)
	if err != nil {
		return none, err
	}
	if len(all) == 0 {
		return none, evidence.ErrNotFound
	}
	return all[0], nil
}

func decode(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("a stored %T is damaged: %w", v, err)
	}
	return nil
}

// micros is how instants are looked up by; 0 where there is none.
func micros(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMicro()
}
