package app_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer/consent"
)

// TestMissionKeyLost: with a new key every subject would be unknown, and every
// refusal with them.
func TestMissionKeyLost(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	db, err := sql.Open("sqlite", filepath.Join(w.Dir, "safeconduct.db")+"?_pragma=busy_timeout(10000)")
	w.Must(err)
	_, err = db.ExecContext(w.Ctx, "DELETE FROM mission_keys")
	w.Must(errors.Join(err, db.Close()))
	t.Run("R53 no new key is made, and nothing passes", func(t *testing.T) {
		other, err := app.Compose(app.Parts{Store: w.Store, Keys: w.Ring, Keeper: w.Ring, Signer: w.Ring.LogSigner(), Blobs: w.Blobs}, w.Settings)
		w.Must(err)
		if _, err := other.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order()); !errors.Is(err, consent.ErrKeyLost) {
			t.Errorf("a request without the key: %v", err)
		}
	})
	t.Run("R52 verification names it", func(t *testing.T) {
		w.Settled()
		keys, err := w.Ring.LogSigner().PublicKeys(w.Ctx)
		w.Must(err)
		v, err := w.Store.Verify(w.Ctx, keys, apptest.Origin, nil)
		w.Must(err)
		if len(v.Findings) != 1 || !strings.Contains(v.Findings[0].String(), "mission_keys") {
			t.Errorf("%v", v.Findings)
		}
	})
}
