package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
)

// tables compares the versions with the log, and the look-up table of each kind
// of record with its versions.
func tables() []func(*comparison, context.Context) error {
	return []func(*comparison, context.Context) error{
		(*comparison).bodies,
		compare(rulebooks()), compare(missions()), compare(persons()), compare(grants()), compare(signingKeys()), compare(tokens()),
		compare(partners()), compare(trainings()), compare(undertakings()), compare(nominations()),
		compare(purposes()), compare(categories()), compare(retentionRules()), compare(agreementRecords()), compare(assessments()),
		compare(staleCauses()), compare(assessmentTemplates()),
		compare(subjects()), compare(consents()), compare(transfers()), compare(sealedFiles()), compare(pullSessions()),
		compare(holds()), compare(dpoApprovals()), compare(notices()), compare(disclosures()), compare(legalCases()), compare(incidentRecords()),
		compare(clearances()), compare(destructions()), compare(agreementTemplates()), compare(agreementScans()),
	}
}

type currentRow struct {
	id      string
	version int
	columns []any
	body    []byte
	mac     []byte
}

func compare[T any](r record[T]) func(*comparison, context.Context) error {
	return func(c *comparison, ctx context.Context) error {
		before := currentRow{version: -1}
		for row, err := range currentRows(ctx, c.tx, r) {
			if err != nil {
				return err
			}
			if before.version >= 0 && before.id == row.id {
				c.found(r.table, "id="+row.id, "it is there twice")
			}
			before = row
			c.current(r.kind, r.table, row.id, row.version)
			var v T
			if row.body == nil || json.Unmarshal(row.body, &v) != nil {
				c.found(r.table, "id="+row.id, "its current version is gone or cannot be read")
				continue
			}
			known := knownBy(row.mac[min(len(row.mac), tagSize):])
			for i, want := range r.values(v) {
				if r.knew(known, r.columns[i]) && fmt.Sprint(want) != fmt.Sprint(row.columns[i]) {
					c.found(r.table, "id="+row.id, "column "+r.columns[i]+" contradicts the record")
				}
			}
		}
		return c.rowsGone(ctx, r.kind, r.table)
	}
}

// currentRows walks a table of records, each with its current version.
func currentRows[T any](ctx context.Context, t *tx, r record[T]) iter.Seq2[currentRow, error] {
	columns := ""
	for _, name := range r.columns {
		columns += ", r." + name
	}
	tag := "NULL" // a copy of before there were tags has none
	if t.store.opts.Authority != nil {
		tag = "v.mac"
	}
	same := func(a, b currentRow) bool { return a.id == b.id }
	return pages(same, func(last *currentRow, skip int) (page []currentRow, more bool, err error) {
		after := ""
		if last != nil {
			after = last.id
		}
		err = t.query(ctx, func(rows *sql.Rows) error {
			row := currentRow{columns: make([]any, len(r.columns))}
			dest := []any{&row.id, &row.version, &row.body, &row.mac}
			for i := range row.columns {
				dest = append(dest, &row.columns[i])
			}
			err := rows.Scan(dest...)
			page = append(page, row)
			return err
		}, "SELECT r.id, r.version, v.body, "+tag+columns+" FROM "+r.table+" r LEFT JOIN record_versions v ON v.kind = '"+r.kind+
			"' AND v.id = r.id AND v.version = r.version WHERE r.id >= $1 ORDER BY r.id LIMIT $2 OFFSET $3", after, pageRows, skip)
		return page, len(page) == pageRows, failed(r.table, err)
	})
}

func (c *comparison) current(kind, table, id string, version int) {
	last, ok := c.latest[recordKey(keyOf(kind, id))]
	switch {
	case !ok:
		c.found(table, "id="+id, "no entry of the log evidences it")
	case version != last.version:
		c.found(table, "id="+id, fmt.Sprintf("its current version is %d, and the last one that the log evidences is %d", version, last.version))
	}
}

// rowsGone finds records whose row is gone while their versions are there.
func (c *comparison) rowsGone(ctx context.Context, kind, table string) error {
	return c.tx.query(ctx, func(rows *sql.Rows) error {
		var id string
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		c.found(table, "id="+id, "the record has versions, and its row is gone")
		return nil
	}, "SELECT DISTINCT v.id FROM record_versions v WHERE v.kind = $1 AND NOT EXISTS (SELECT 1 FROM "+table+" r WHERE r.id = v.id) ORDER BY v.id", kind)
}
