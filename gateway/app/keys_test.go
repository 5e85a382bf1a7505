package app_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/app"
	"safeconduct/transfer/consent"
)

// TestMissionKeyLost: with a new key every subject would be unknown, and every
// refusal with them.
func TestMissionKeyLost(t *testing.T) {
	w := ready(t, func(*app.Parts) {})
	db, err := sql.Open("sqlite", filepath.Join(w.dir, "safeconduct.db")+"?_pragma=busy_timeout(10000)")
	w.must(err)
	_, err = db.ExecContext(w.ctx, "DELETE FROM mission_keys")
	w.must(errors.Join(err, db.Close()))
	t.Run("R53 no new key is made, and nothing passes", func(t *testing.T) {
		other, err := app.Compose(app.Parts{Store: w.store, Keys: w.ring, Keeper: w.ring, Signer: w.ring.LogSigner(), Blobs: w.blobs}, w.settings)
		w.must(err)
		if _, err := other.Transfers.Request(w.ctx, w.as(authz.RO), w.order()); !errors.Is(err, consent.ErrKeyLost) {
			t.Errorf("a request without the key: %v", err)
		}
	})
	t.Run("R52 verification names it", func(t *testing.T) {
		w.settled()
		keys, err := w.ring.LogSigner().PublicKeys(w.ctx)
		w.must(err)
		v, err := w.store.Verify(w.ctx, keys, origin, nil)
		w.must(err)
		if len(v.Findings) != 1 || !strings.Contains(v.Findings[0].String(), "mission_keys") {
			t.Errorf("%v", v.Findings)
		}
	})
}
