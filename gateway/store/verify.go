package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/seal"
)

// Verification is what the verification of log and records found.
type Verification struct {
	ledger.Report
	Records int64 `json:"records"` // record versions compared with their entries
}

// Verify recomputes the whole log from one snapshot, and compares every record
// with the entries that evidence it: a version that no entry names, one whose
// body is not what was evidenced, one that is gone, a record whose current
// version is not the last one evidenced, and a look-up column that contradicts
// the body are all findings. kept is a checkpoint kept elsewhere, or nil.
func (s *Store) Verify(ctx context.Context, keys []seal.PublicKey, origin string, kept []byte) (Verification, error) {
	var v Verification
	err := s.view(ctx, func(t *tx) error {
		named := evidenced{versions: map[versionKey]version{}, latest: map[recordKey]int{}}
		report, err := ledger.Verify(ctx, source{t}, keys, origin, ledger.Options{Kept: kept, OnEntry: named.entry})
		if err != nil {
			return err
		}
		v.Report = report
		c := comparison{tx: t, named: named, verification: &v}
		return c.run(ctx)
	})
	return v, err
}

// Keys are hashes, so that a large log needs little memory.
type (
	versionKey [16]byte
	recordKey  [16]byte
)

type version struct {
	digest [sha256.Size]byte
	seen   bool
	label  string // of its record, for a version that is gone
}

func keyOf(parts ...string) [16]byte {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return [16]byte(sum[:16])
}

// evidenced is what the entries say that the records are.
type evidenced struct {
	versions map[versionKey]version
	latest   map[recordKey]int
}

func (e evidenced) entry(row ledger.Entry) error {
	if row.Body == nil {
		return nil
	}
	var said evidence.Entry
	if err := json.Unmarshal(row.Body, &said); err != nil {
		return nil //nolint:nilerr // the leaf proves the body; one that is no entry names no record
	}
	for _, o := range said.Objects {
		digest, err := hex.DecodeString(o.Digest)
		if err != nil || len(digest) != sha256.Size {
			continue
		}
		label := fmt.Sprintf("%s id=%s version=%d", o.Kind, o.ID, o.Version)
		e.versions[keyOf(o.Kind, o.ID, fmt.Sprint(o.Version))] = version{digest: [sha256.Size]byte(digest), label: label}
		record := recordKey(keyOf(o.Kind, o.ID))
		e.latest[record] = max(e.latest[record], o.Version)
	}
	return nil
}

type comparison struct {
	tx           *tx
	named        evidenced
	verification *Verification
}

const maxRecordFindings = 1000

func (c *comparison) found(table, row, what string) {
	if len(c.verification.Findings) >= maxRecordFindings {
		c.verification.More++
		return
	}
	c.verification.Findings = append(c.verification.Findings, ledger.Finding{Table: table, Row: row, What: what})
}

func (c *comparison) run(ctx context.Context) error {
	if err := c.versions(ctx); err != nil {
		return err
	}
	for _, v := range c.named.versions {
		if !v.seen {
			c.found("record_versions", v.label, "an entry of the log evidences it, and it is gone")
		}
	}
	for _, table := range tables() {
		if err := table(ctx, c); err != nil {
			return err
		}
	}
	return c.subjects(ctx)
}

type versionRow struct {
	kind, id string
	version  int
	body     []byte
}

func (c *comparison) versions(ctx context.Context) error {
	rows := pages(func(last *versionRow) (page []versionRow, err error) {
		after := versionRow{}
		if last != nil {
			after = *last
		}
		err = c.tx.query(ctx, func(rows *sql.Rows) error {
			var r versionRow
			err := rows.Scan(&r.kind, &r.id, &r.version, &r.body)
			page = append(page, r)
			return err
		}, "SELECT kind, id, version, body FROM record_versions WHERE (kind, id, version) > ($1, $2, $3) ORDER BY kind, id, version LIMIT $4",
			after.kind, after.id, after.version, pageRows)
		return page, failed("record versions", err)
	})
	for r, err := range rows {
		if err != nil {
			return err
		}
		c.verification.Records++
		key := versionKey(keyOf(r.kind, r.id, fmt.Sprint(r.version)))
		label := fmt.Sprintf("%s id=%s version=%d", r.kind, r.id, r.version)
		said, ok := c.named.versions[key]
		switch {
		case !ok:
			c.found("record_versions", label, "no entry of the log evidences it")
			continue
		case sha256.Sum256(r.body) != said.digest:
			c.found("record_versions", label, "its content is not what the log evidences")
		}
		said.seen = true
		c.named.versions[key] = said
	}
	return nil
}

// tables compares the look-up table of each kind of record with its versions.
func tables() []func(context.Context, *comparison) error {
	return []func(context.Context, *comparison) error{
		compare(missions()), compare(persons()), compare(grants()), compare(signingKeys()), compare(tokens()), compare(partners()),
		compare(purposes()), compare(categories()), compare(retentionRules()), compare(agreementRecords()), compare(assessments()),
		compare(subjects()), compare(consents()), compare(transfers()), compare(sealedFiles()), compare(pullSessions()),
	}
}

type currentRow struct {
	id      string
	version int
	columns []any
	body    []byte
}

func compare[T any](r record[T]) func(context.Context, *comparison) error {
	return func(ctx context.Context, c *comparison) error {
		rows := pages(func(last *currentRow) ([]currentRow, error) {
			after := ""
			if last != nil {
				after = last.id
			}
			return currentRows(ctx, c.tx, r, after)
		})
		for row, err := range rows {
			if err != nil {
				return err
			}
			c.current(r.kind, r.table, row.id, row.version)
			var v T
			if row.body == nil || json.Unmarshal(row.body, &v) != nil {
				c.found(r.table, "id="+row.id, "its current version is gone or cannot be read")
				continue
			}
			for i, want := range r.values(v) {
				if fmt.Sprint(want) != fmt.Sprint(row.columns[i]) {
					c.found(r.table, "id="+row.id, "column "+r.columns[i]+" contradicts the record")
				}
			}
		}
		return c.rowsGone(ctx, r.kind, r.table)
	}
}

func currentRows[T any](ctx context.Context, t *tx, r record[T], after string) ([]currentRow, error) {
	columns := ""
	for _, name := range r.columns {
		columns += ", r." + name
	}
	var page []currentRow
	err := t.query(ctx, func(rows *sql.Rows) error {
		row := currentRow{columns: make([]any, len(r.columns))}
		dest := []any{&row.id, &row.version, &row.body}
		for i := range row.columns {
			dest = append(dest, &row.columns[i])
		}
		err := rows.Scan(dest...)
		page = append(page, row)
		return err
	}, "SELECT r.id, r.version, v.body"+columns+" FROM "+r.table+" r LEFT JOIN record_versions v ON v.kind = '"+r.kind+
		"' AND v.id = r.id AND v.version = r.version WHERE r.id > $1 ORDER BY r.id LIMIT $2", after, pageRows)
	return page, failed(r.table, err)
}

func (c *comparison) current(kind, table, id string, version int) {
	last, ok := c.named.latest[recordKey(keyOf(kind, id))]
	switch {
	case !ok:
		c.found(table, "id="+id, "no entry of the log evidences it")
	case version != last:
		c.found(table, "id="+id, fmt.Sprintf("its current version is %d, and the last one that the log evidences is %d", version, last))
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
	}, "SELECT DISTINCT v.id FROM record_versions v WHERE v.kind = $1 AND NOT EXISTS (SELECT 1 FROM "+table+" r WHERE r.id = v.id) ORDER BY v.id LIMIT 100", kind)
}

// subjects compares who is in each transfer with the digest that the transfer
// holds.
func (c *comparison) subjects(ctx context.Context) error {
	rows := pages(func(last *currentRow) ([]currentRow, error) {
		after := ""
		if last != nil {
			after = last.id
		}
		return currentRows(ctx, c.tx, transfers(), after)
	})
	for row, err := range rows {
		if err != nil {
			return err
		}
		var said struct {
			Digest string `json:"subjects_digest"`
		}
		if row.body == nil || json.Unmarshal(row.body, &said) != nil {
			continue // found already
		}
		ids := []string{}
		if err := c.tx.query(ctx, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		}, "SELECT subject FROM transfer_subjects WHERE transfer = $1 ORDER BY row_number", row.id); err != nil {
			return failed("who is in a transfer", err)
		}
		body, err := evidence.Canonical(ids)
		if err != nil {
			return err
		}
		if evidence.DigestOf(body) != said.Digest {
			c.found("transfer_subjects", "transfer="+row.id, "who is in the transfer is not what the log evidences")
		}
	}
	return nil
}
