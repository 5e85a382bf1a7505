package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"safeconduct/agreements"
	"safeconduct/authz/evidence"
	"safeconduct/transfer"
)

// current walks the records of one kind with their current versions; those
// that cannot be read were found already.
func current[T, Said any](ctx context.Context, c *comparison, r record[T], check func(id string, said Said) error) error {
	for row, err := range currentRows(ctx, c.tx, r) {
		if err != nil {
			return err
		}
		var said Said
		if row.body == nil || json.Unmarshal(row.body, &said) != nil {
			continue
		}
		if err := check(row.id, said); err != nil {
			return err
		}
	}
	return nil
}

// subjects compares who is in each transfer with the digest that the transfer
// holds.
func (c *comparison) subjects(ctx context.Context) error {
	type transferSays struct {
		Digest string `json:"subjects_digest"`
	}
	return current(ctx, c, transfers(), func(id string, said transferSays) error {
		ids, numbered := []string{}, true
		if err := c.tx.query(ctx, func(rows *sql.Rows) error {
			var subject string
			var number int
			err := rows.Scan(&subject, &number)
			ids = append(ids, subject)
			numbered = numbered && number == len(ids)
			return err
		}, "SELECT subject, row_number FROM transfer_subjects WHERE transfer = $1 ORDER BY row_number", id); err != nil {
			return failed("who is in a transfer", err)
		}
		body, err := evidence.Canonical(ids)
		if err != nil {
			return err
		}
		if evidence.DigestOf(body) != said.Digest || !numbered {
			c.found("transfer_subjects", "transfer="+id, "who is in the transfer is not what the log evidences")
		}
		return nil
	})
}

// missions compares which missions an agreement is found under with those that
// its document names.
func (c *comparison) missions(ctx context.Context) error {
	return current(ctx, c, agreementRecords(), func(id string, said agreements.Agreement) error {
		type named struct {
			partner, mission, state string
			until                   int64
		}
		var have []named
		if err := c.tx.query(ctx, func(rows *sql.Rows) error {
			var row named
			err := rows.Scan(&row.partner, &row.mission, &row.state, &row.until)
			have = append(have, row)
			return err
		}, "SELECT partner, mission, state, valid_until FROM agreement_missions WHERE agreement = $1", id); err != nil {
			return failed("the missions of an agreement", err)
		}
		for _, mission := range missionsNamed(said.Document) {
			at := slices.Index(have, named{said.Document.Partner, mission, string(said.State), said.Document.ValidUntil.UnixMicro()})
			if at < 0 {
				c.found("agreement_missions", fmt.Sprintf("agreement=%s mission=%s", id, mission), "the agreement names the mission, and its row is gone or says something else")
				continue
			}
			have = slices.Delete(have, at, at+1)
		}
		for _, row := range have {
			c.found("agreement_missions", fmt.Sprintf("agreement=%s mission=%s", id, row.mission), "the agreement does not name this mission with this partner, or is in another state")
		}
		return nil
	})
}

// orphans finds rows of lists whose record is not there.
func (c *comparison) orphans(ctx context.Context) error {
	for _, list := range []struct{ table, column, of string }{
		{"transfer_subjects", "transfer", "transfers"},
		{"agreement_missions", "agreement", "agreements"},
	} {
		if err := c.tx.query(ctx, func(rows *sql.Rows) error {
			var id string
			if err := rows.Scan(&id); err != nil {
				return fmt.Errorf("scanning: %w", err)
			}
			c.found(list.table, list.column+"="+id, "there is no such record")
			return nil
		}, "SELECT DISTINCT l."+list.column+" FROM "+list.table+" l WHERE NOT EXISTS (SELECT 1 FROM "+list.of+
			" r WHERE r.id = l."+list.column+") ORDER BY l."+list.column); err != nil {
			return failed(list.table, err)
		}
	}
	return nil
}

// caseKeys finds missions whose key for case numbers is gone while they have
// subjects: with another key those would be unknown, and their refusals too.
func (c *comparison) caseKeys(ctx context.Context) error {
	err := c.tx.query(ctx, func(rows *sql.Rows) error {
		var mission string
		if err := rows.Scan(&mission); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		c.found("mission_keys", "mission="+mission, "the mission has subjects, and its key is gone")
		return nil
	}, "SELECT DISTINCT s.mission FROM subjects s WHERE NOT EXISTS (SELECT 1 FROM mission_keys k WHERE k.mission = s.mission) ORDER BY s.mission")
	return failed("the keys of missions", err)
}

// CaveatKeysLeft stands on the report of an exported copy.
const CaveatKeysLeft = "The wrapped keys were left out of this copy: whether they are those that were sealed with was not compared."

// landed compares each sealed file with the working row that holds its wrapped
// key, as long as somebody may still pull it.
func (c *comparison) landed(ctx context.Context) error {
	held, err := c.tx.uploads(ctx, "ORDER BY id")
	if err != nil {
		return err
	}
	rows, left := make(map[string]transfer.Upload, len(held)), len(held) > 0
	for _, u := range held {
		rows[u.ID] = u
		left = left && u.Wrapped == ""
	}
	if left {
		c.verification.Caveats = append(c.verification.Caveats, CaveatKeysLeft)
	}
	files, err := find(ctx, c.tx, sealedFiles(),
		"JOIN transfers x ON x.id = r.transfer WHERE x.state NOT IN ('refused', 'recalled', 'unclaimed') AND (x.state = 'held' OR x.window_ends = 0 OR x.window_ends > $1) ORDER BY r.id",
		c.tx.store.now().UnixMicro())
	if err != nil {
		return err
	}
	for _, f := range files {
		t, err := c.tx.Transfer(ctx, f.Transfer)
		if err != nil {
			continue // found already
		}
		u, there := rows[f.ID]
		if left {
			u.Wrapped = ""
		}
		if left && there {
			f.Wrapped = u.WrappedDigest()
		}
		switch {
		case t.Ended(c.tx.store.now()):
		case !there:
			c.found("uploads", "id="+f.ID, "the file is sealed, and the row with its wrapped key is gone")
		case !f.Carries(u) || u.State != transfer.UploadSealed:
			c.found("uploads", "id="+f.ID, "it is not what the file was sealed with")
		}
	}
	return nil
}

// integrity asks SQLite whether its indexes say what its tables say: a query
// would trust an index that was tampered with. PostgreSQL has no such question.
func (c *comparison) integrity(ctx context.Context) error {
	if c.tx.store.engine != SQLite {
		return nil
	}
	err := c.tx.query(ctx, func(rows *sql.Rows) error {
		var says string
		if err := rows.Scan(&says); err != nil {
			return fmt.Errorf("scanning: %w", err)
		}
		if says != "ok" {
			c.found("database", "integrity", says)
		}
		return nil
	}, "PRAGMA integrity_check(100)")
	return failed("the integrity of the database", err)
}
