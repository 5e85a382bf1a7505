package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/ledger"
)

// authority compares the authority keys with the entries that evidence them. A
// copy holds them without the wrapped key.
func (c *comparison) authority(ctx context.Context) error {
	keys, err := c.tx.authorityKeys(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		said, ok := c.keys[int(k.Version)]
		row := fmt.Sprintf("version=%d", k.Version)
		name, _, _ := strings.Cut(said, ":")
		switch {
		case !ok:
			c.found("authority_keys", row, "no entry of the log evidences it")
		case k.Wrapped == "" && c.tx.store.opts.Authority == nil && name == string(k.Name):
			c.verification.Caveats = append(c.verification.Caveats, CaveatKeysLeft)
		case said != k.said():
			c.found("authority_keys", row, "it is not what the log evidences")
		}
		delete(c.keys, int(k.Version))
	}
	for version := range c.keys {
		c.found("authority_keys", fmt.Sprintf("version=%d", version), "an entry of the log evidences it, and it is gone")
	}
	return nil
}

// keyNamed takes down which authority key an entry evidences.
func (c *comparison) keyNamed(row ledger.Entry) {
	var e evidence.Entry
	if row.Body == nil || json.Unmarshal(row.Body, &e) != nil || e.Action != ActionAuthority {
		return
	}
	if _, again := c.keys[e.Subject.Version]; !again {
		c.keys[e.Subject.Version] = e.Result
	}
}

// tags checks the tag of every entry, where the key is at hand.
func (c *comparison) tags(ctx context.Context) error {
	a := c.tx.store.opts.Authority
	if a == nil {
		return nil
	}
	type tagged struct {
		ledger.Entry
		mac []byte
	}
	rows := pages(func(a, b tagged) bool { return a.ID == b.ID }, func(last *tagged, skip int) (page []tagged, more bool, err error) {
		after := ""
		if last != nil {
			after = last.ID
		}
		err = c.tx.query(ctx, func(rows *sql.Rows) error {
			var e tagged
			var seq sql.NullInt64
			err := rows.Scan(&e.ID, &seq, &e.Version, &e.Kind, &e.Commitment, &e.mac)
			if e.Seq = seq.Int64; !seq.Valid {
				e.Seq = ledger.Unsequenced
			}
			page = append(page, e)
			return err
		}, "SELECT id, seq, version, kind, commitment, mac FROM log_entries WHERE id >= $1 ORDER BY id LIMIT $2 OFFSET $3", after, pageRows, skip)
		return page, len(page) == pageRows, failed("the tags of the log", err)
	})
	for e, err := range rows {
		if err != nil {
			return err
		}
		if !a.Check(e.mac, useEntry, entryParts(e.Entry)...) {
			c.found(ledger.TableEntries, place(e.Entry), "its tag does not fit")
		}
	}
	return nil
}
