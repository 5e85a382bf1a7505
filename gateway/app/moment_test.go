package app_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer/consent"
)

// TestARollbackForAMoment: who undoes a withdrawal, has a file released, and puts
// the withdrawal back leaves rows that are all as they were. The decision says
// what it rested on.
func TestARollbackForAMoment(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	db, err := sql.Open("sqlite", filepath.Join(w.Dir, "safeconduct.db")+"?_pragma=busy_timeout(10000)")
	w.Must(err)
	t.Cleanup(func() { w.Must(db.Close()) })
	h := apptest.NewHand(t, db, false)
	r, err := w.Consents.Withdraw(w.Ctx, w.As(authz.RO), w.Consented[0].ID, "asked")
	w.Must(err)
	w.Clock.Add(time.Hour)
	w.Verify()
	h.Exec("CREATE TABLE kept AS SELECT * FROM record_versions WHERE kind = $1 AND id = $2 AND version = $3", consent.KindConsent, r.ID, r.Version)
	h.Exec("DELETE FROM record_versions WHERE kind = $1 AND id = $2 AND version = $3", consent.KindConsent, r.ID, r.Version)
	h.Exec("UPDATE consents SET version = version - 1 WHERE id = $1", r.ID)
	sent := w.Available([]byte("a payload"))
	h.Exec("UPDATE consents SET version = version + 1 WHERE id = $1", r.ID)
	h.Exec("INSERT INTO record_versions SELECT * FROM kept")
	w.Settled()
	keys, err := w.Ring.LogSigner().PublicKeys(w.Ctx)
	w.Must(err)
	v, err := w.Store.Verify(w.Ctx, keys, apptest.Origin, nil)
	w.Must(err)
	if len(v.Findings) == 0 || !strings.Contains(v.Findings[0].String(), r.ID) {
		t.Errorf("R52 nothing says that transfer %s rested on a consent that was withdrawn: %v", sent.ID, v.Findings)
	}
}
