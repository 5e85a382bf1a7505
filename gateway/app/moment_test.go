package app_test

import (
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
	h := w.Hand()
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
	if found := w.Findings(); len(found) == 0 || !strings.Contains(found[0].String(), r.ID) {
		t.Errorf("R52 nothing says that transfer %s rested on a consent that was withdrawn: %v", sent.ID, found)
	}
}
