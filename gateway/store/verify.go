package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

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
// body is not what was evidenced, one that is gone, one that a second entry
// names again, a record whose current version is not the last one evidenced,
// and a look-up column or list that contradicts the body are all findings.
// kept is a checkpoint kept elsewhere, or nil. It needs some 150 bytes of
// memory for each record version.
func (s *Store) Verify(ctx context.Context, keys []seal.PublicKey, origin string, kept []byte) (Verification, error) {
	var v Verification
	err := s.view(ctx, func(t *tx) error {
		t.comparing = true
		gone, strange, err := t.tables(ctx)
		if err != nil {
			return err
		}
		if len(gone) > 0 {
			v.Report = ledger.Report{Findings: append(gone, strange...), Caveats: []string{CaveatGone}}
			return nil
		}
		mistyped, err := t.mistyped(ctx)
		if err != nil {
			return err
		}
		if len(mistyped) > 0 {
			// No row of such a table can be trusted to be read at all.
			v.Report = ledger.Report{Findings: mistyped, Caveats: []string{CaveatMistyped}}
			return nil
		}
		c := comparison{tx: t, verification: &v, versions: map[versionKey]digest{}, latest: map[recordKey]newest{}, keys: map[int]string{}}
		v.Report, err = ledger.Verify(ctx, source{t}, keys, origin, ledger.Options{Kept: kept, OnEntry: func(row ledger.Entry) error { return c.entry(ctx, row) }})
		if err != nil {
			return err
		}
		v.Findings = append(v.Findings, strange...)
		return c.run(ctx)
	})
	return v, err
}

// Keys are hashes, so that a large log needs little memory.
type (
	versionKey [16]byte
	recordKey  [16]byte
	digest     [sha256.Size]byte
)

func keyOf(parts ...string) [16]byte {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return [16]byte(sum[:16])
}

// comparison compares the records with what the entries say that they are.
type comparison struct {
	tx           *tx
	verification *Verification
	versions     map[versionKey]digest // evidenced, and not seen yet
	latest       map[recordKey]newest
	twice        []ledger.Finding // and decisions on what was over
	keys         map[int]string   // of the authority, by version: what the log says of them
}

// entry takes down which versions a good entry evidences. A version is saved
// once, so only the first entry that names it counts: with a second one, even
// in good form, an altered record could be made to look evidenced.
func (c *comparison) entry(ctx context.Context, row ledger.Entry) error {
	c.keyNamed(row)
	for o := range objects(row) {
		key := versionKey(keyOf(o.Kind, o.ID, strconv.Itoa(o.Version)))
		if _, again := c.versions[key]; again {
			if len(c.twice) < maxRecordFindings {
				c.twice = append(c.twice, ledger.Finding{
					Table: ledger.TableEntries, Row: place(row), What: "names again a version that an earlier entry evidences: " + label(o.Kind, o.ID, o.Version),
				})
			}
			continue
		}
		c.versions[key] = o.digest
		record := recordKey(keyOf(o.Kind, o.ID))
		if c.latest[record].version < o.Version {
			c.latest[record] = newest{o.Version, o.at}
		}
	}
	return c.decided(ctx, row)
}

// newest is the last version of a record that the log evidences so far, and
// when it was made.
type newest struct {
	version int
	at      time.Time
}

// meanwhile is how far apart the clocks and the order of entries of two replicas
// may be.
const meanwhile = time.Minute

// decided finds decisions that rested on a version that was long over: somebody
// rolled a record back for a moment, and put it back.
func (c *comparison) decided(ctx context.Context, row ledger.Entry) error {
	var said evidence.Entry
	if readable := row.Body != nil && json.Unmarshal(row.Body, &said) == nil; !readable {
		return nil // found where the log itself is verified
	}
	facts, err := c.restedOn(ctx, row, said)
	if err != nil {
		return err
	}
	for _, fact := range facts {
		last, ok := c.latest[recordKey(keyOf(fact.Kind, fact.ID))]
		if ok && fact.Version < last.version && said.Time.Sub(last.at) > meanwhile && len(c.twice) < maxRecordFindings {
			c.twice = append(c.twice, ledger.Finding{
				Table: ledger.TableEntries, Row: place(row),
				What: fmt.Sprintf("rests on %s, when version %d was there for long", label(fact.Kind, fact.ID, fact.Version), last.version),
			})
		}
	}
	return nil
}

type object struct {
	evidence.Ref
	digest digest
	at     time.Time // of the entry
}

// objects are the versions that an entry evidences. The leaf proves the body;
// one that is no entry of this program names no record.
func objects(row ledger.Entry) iter.Seq[object] {
	return func(yield func(object) bool) {
		var said evidence.Entry
		if row.Body == nil || json.Unmarshal(row.Body, &said) != nil {
			return
		}
		for _, o := range said.Objects {
			sum, err := hex.DecodeString(o.Digest)
			if err == nil && len(sum) == sha256.Size && !yield(object{o, digest(sum), said.Time}) {
				return
			}
		}
	}
}

func place(row ledger.Entry) string {
	if row.Seq == ledger.Unsequenced {
		return "id=" + row.ID
	}
	return fmt.Sprintf("seq=%d", row.Seq)
}

func label(kind, id string, version int) string {
	return fmt.Sprintf("%s id=%s version=%d", kind, id, version)
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
	for _, f := range c.twice {
		c.found(f.Table, f.Row, f.What)
	}
	for _, step := range append(tables(), (*comparison).subjects, (*comparison).missions, (*comparison).orphans, (*comparison).caseKeys, (*comparison).landed, (*comparison).authority, (*comparison).tags, (*comparison).integrity) {
		if err := step(c, ctx); err != nil {
			return err
		}
	}
	return nil
}

type versionRow struct {
	kind, id string
	version  int
	body     []byte
	mac      []byte
}

// bodies compares every version with its entry, and finds those that are gone.
func (c *comparison) bodies(ctx context.Context) error {
	authority, tag := c.tx.store.opts.Authority, "NULL" // without the key no tag can be checked
	if authority != nil {
		tag = "mac"
	}
	same := func(a, b versionRow) bool { return a.kind == b.kind && a.id == b.id && a.version == b.version }
	rows := pages(same, func(last *versionRow, skip int) (page []versionRow, more bool, err error) {
		after := versionRow{}
		if last != nil {
			after = *last
		}
		err = c.tx.query(ctx, func(rows *sql.Rows) error {
			var r versionRow
			err := rows.Scan(&r.kind, &r.id, &r.version, &r.body, &r.mac)
			page = append(page, r)
			return err
		}, "SELECT kind, id, version, body, "+tag+" FROM record_versions WHERE (kind, id, version) >= ($1, $2, $3) ORDER BY kind, id, version LIMIT $4 OFFSET $5",
			after.kind, after.id, after.version, pageRows, skip)
		return page, len(page) == pageRows, failed("record versions", err)
	})
	for r, err := range rows {
		if err != nil {
			return err
		}
		c.verification.Records++
		key := versionKey(keyOf(r.kind, r.id, strconv.Itoa(r.version)))
		written := authority == nil
		if !written {
			_, written = tagged(authority, r.mac, r.kind, r.id, r.version, r.body)
		}
		switch said, ok := c.versions[key]; {
		case !ok:
			c.found("record_versions", label(r.kind, r.id, r.version), "no entry of the log evidences it")
		case sha256.Sum256(r.body) != said:
			c.found("record_versions", label(r.kind, r.id, r.version), "its content is not what the log evidences")
		case !written:
			c.found("record_versions", label(r.kind, r.id, r.version), "its tag does not fit")
		}
		delete(c.versions, key)
	}
	return c.gone(ctx)
}

// gone names the versions that are left over, by walking the log again: what
// they are called is not kept, since mostly none is.
func (c *comparison) gone(ctx context.Context) error {
	if len(c.versions) == 0 {
		return nil
	}
	for row, err := range (source{c.tx}).Entries(ctx) {
		if err != nil {
			return err
		}
		for o := range objects(row) {
			key := versionKey(keyOf(o.Kind, o.ID, strconv.Itoa(o.Version)))
			if _, left := c.versions[key]; left {
				c.found("record_versions", label(o.Kind, o.ID, o.Version), "an entry of the log evidences it, and it is gone")
				delete(c.versions, key)
			}
		}
	}
	return nil
}
