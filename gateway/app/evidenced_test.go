package app_test

import (
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"strings"
	"testing"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer/ledger"
	"safeconduct/transfer/seal"
)

// TestReplacedAuthorityKey: somebody who may draw data keys (duty intake) and writes to the database puts a key of their own
// into authority_keys. No process that starts then believes it (R49, R53).
func TestReplacedAuthorityKey(t *testing.T) {
	for name, c := range map[string]struct {
		forge func(*testing.T, *apptest.World, *sql.DB, *evidence.Authority, string)
		says  string
	}{
		"and nothing else":                    {func(*testing.T, *apptest.World, *sql.DB, *evidence.Authority, string) {}, "its tag does not fit"},
		"and tags every entry anew":           {tagAnew, "restore the table from a backup"},
		"and has the log name it":             {nameAnew, "in the tree"},
		"and takes away what named the other": {takeAway, "its first entries name none"},
	} {
		t.Run("R49 R53 "+name, func(t *testing.T) {
			alarms := &apptest.Alarms{}
			w := apptest.Ready(t, apptest.Options{Alarms: alarms})
			w.Settled()
			key, wrapped, err := w.Ring.NewDataKey(w.Ctx, app.AuthorityKey, seal.NewBinding("authority", "1"))
			w.Must(err)
			theirs, err := evidence.NewAuthority(map[uint32][]byte{1: key.Bytes()})
			w.Must(err)
			h := w.Hand() // which takes the triggers away
			h.Exec("UPDATE authority_keys SET wrapped = $1", string(wrapped))
			db, err := sql.Open("sqlite", w.Database()+"?_pragma=busy_timeout(10000)")
			w.Must(err)
			t.Cleanup(func() { w.Must(db.Close()) })
			c.forge(t, w, db, theirs, string(app.AuthorityKey)+":"+evidence.DigestOf([]byte(wrapped)))
			entries := h.Text("SELECT COUNT(*) || '' FROM log_entries")
			_, err = w.Again(w.Ring)
			if err == nil || !strings.Contains(err.Error(), "authority_keys does not hold the key that the evidence log names") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
			if now := h.Text("SELECT COUNT(*) || '' FROM log_entries"); now != entries || alarms.Count() != 0 {
				t.Errorf("%s entries after %s, %d alarms: something was recorded under a key that is not believed", now, entries, alarms.Count())
			}
		})
	}
}

// tagAnew gives every entry a tag under the other key.
func tagAnew(t *testing.T, w *apptest.World, db *sql.DB, theirs *evidence.Authority, _ string) {
	t.Helper()
	for _, e := range entriesOf(t, w, db) {
		retag(t, w, db, theirs, e)
	}
}

// nameAnew also writes the entry of the key anew, with the commitment that goes with it.
func nameAnew(t *testing.T, w *apptest.World, db *sql.DB, theirs *evidence.Authority, said string) {
	t.Helper()
	all := entriesOf(t, w, db)
	var had string
	w.Must(db.QueryRowContext(w.Ctx, "SELECT json_extract(CAST(body AS TEXT), '$.result') FROM log_entries WHERE seq = 0").Scan(&had))
	if !strings.HasPrefix(had, string(app.AuthorityKey)+":") {
		t.Fatalf("the first entry says %q", had)
	}
	first, err := ledger.NewEntry(all[0].ID, all[0].Kind, []byte(strings.Replace(string(all[0].Body), had, said, 1)), rand.Reader)
	w.Must(err)
	_, err = db.ExecContext(w.Ctx, "UPDATE log_entries SET salt = $1, body = $2, commitment = $3 WHERE seq = 0", first.Salt, first.Body, first.Commitment)
	w.Must(err)
	all[0] = first
	for _, e := range all {
		retag(t, w, db, theirs, e)
	}
}

// takeAway deletes the entry of the key.
func takeAway(t *testing.T, w *apptest.World, db *sql.DB, theirs *evidence.Authority, said string) {
	t.Helper()
	tagAnew(t, w, db, theirs, said)
	_, err := db.ExecContext(w.Ctx, "DELETE FROM log_entries WHERE seq = 0")
	w.Must(err)
}

func entriesOf(t *testing.T, w *apptest.World, db *sql.DB) (all []ledger.Entry) {
	t.Helper()
	rows, err := db.QueryContext(w.Ctx, "SELECT id, version, kind, commitment, body FROM log_entries ORDER BY seq")
	w.Must(err)
	defer func() { w.Must(rows.Close()) }()
	for rows.Next() {
		var e ledger.Entry
		w.Must(rows.Scan(&e.ID, &e.Version, &e.Kind, &e.Commitment, &e.Body))
		all = append(all, e)
	}
	w.Must(rows.Err())
	return all
}

// retag writes the tag of an entry as gateway/store makes it.
func retag(t *testing.T, w *apptest.World, db *sql.DB, theirs *evidence.Authority, e ledger.Entry) {
	t.Helper()
	tag := theirs.Tag("entry", []byte(e.ID), binary.BigEndian.AppendUint64(nil, uint64(e.Version)), []byte(e.Kind), e.Commitment)
	_, err := db.ExecContext(w.Ctx, "UPDATE log_entries SET mac = $1 WHERE id = $2", tag, e.ID)
	w.Must(err)
}

// TestAuthorityKeyBeforeTheLog: a key is believed while the log has no evidence of it yet, as at the first start.
func TestAuthorityKeyBeforeTheLog(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	w.Settled()
	h := w.Hand()
	h.Exec("DELETE FROM log_checkpoints")
	if _, err := w.Again(w.Ring); err != nil {
		t.Errorf("nobody has signed yet: %v", err)
	}
	h.Exec("DELETE FROM log_hashes")
	h.Exec("UPDATE log_entries SET seq = NULL")
	if _, err := w.Again(w.Ring); err != nil {
		t.Errorf("nothing has its place yet: %v", err)
	}
}
