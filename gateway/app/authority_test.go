package app_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/localkeys"
)

func TestAuthorityKey(t *testing.T) {
	change := func(w *apptest.World, statements ...string) {
		db, err := sql.Open("sqlite", filepath.Join(w.Dir, "safeconduct.db")+"?_pragma=busy_timeout(10000)")
		w.Must(err)
		for _, q := range statements {
			_, err = db.ExecContext(w.Ctx, q)
			w.Must(err)
		}
		w.Must(db.Close())
	}
	again := func(w *apptest.World, keys seal.KeyWrapper) error {
		_, err := app.Compose(w.Ctx, app.Parts{Store: w.Store, Keys: keys, Keeper: w.Ring, Signer: w.Ring.LogSigner(), Blobs: w.Blobs}, w.Settings)
		return err
	}
	t.Run("R49 another process unwraps the same", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		w.Must(again(w, w.Ring))
		if _, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order()); err != nil {
			t.Error(err)
		}
	})
	t.Run("R53 no new key is made where records are", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		change(w, "DELETE FROM authority_keys")
		if err := again(w, w.Ring); !errors.Is(err, store.ErrNoAuthority) || !strings.Contains(err.Error(), "restore the table authority_keys from a backup") {
			t.Errorf("%v", err)
		}
	})
	t.Run("R53 a key that the key service does not unwrap opens nothing", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		other, err := localkeys.Open(filepath.Join(t.TempDir(), "keys.json"))
		w.Must(err)
		if err := again(w, other); err == nil {
			t.Error("it was opened")
		}
	})
	t.Run("R52 it is in the log, and a change of it is found", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		w.Verify()
		change(w, "UPDATE authority_keys SET wrapped = 'local:v1:AAAA'")
		w.Settled()
		keys, err := w.Ring.LogSigner().PublicKeys(w.Ctx)
		w.Must(err)
		v, err := w.Store.Verify(w.Ctx, keys, apptest.Origin, nil)
		w.Must(err)
		if len(v.Findings) != 1 || v.Findings[0].Table != "authority_keys" {
			t.Errorf("%v", v.Findings)
		}
	})
}

// TestAlarmsAreBounded: a row that is met a thousand times is counted each time,
// and recorded once a minute.
func TestAlarmsAreBounded(t *testing.T) {
	alarms := &apptest.Alarms{}
	w := apptest.Ready(t, apptest.Options{Alarms: alarms})
	db, err := sql.Open("sqlite", filepath.Join(w.Dir, "safeconduct.db")+"?_pragma=busy_timeout(10000)")
	w.Must(err)
	h := apptest.NewHand(t, db, false)
	h.Exec("UPDATE parties SET version = 1")
	w.Must(db.Close())
	ro := w.As(authz.RO)
	for range 20 {
		if _, err := w.Transfers.Request(context.WithoutCancel(w.Ctx), ro, w.Order()); !errors.Is(err, evidence.ErrTampered) {
			t.Fatal(err)
		}
	}
	if n, entries := alarms.Count(), w.Recorded("party"); n != 20 || entries != 1 {
		t.Errorf("%d alarms, %d entries", n, entries)
	}
	w.Clock.Add(app.AlarmEvery)
	_, err = w.Transfers.Request(w.Ctx, ro, w.Order())
	if entries := w.Recorded("party"); !errors.Is(err, evidence.ErrTampered) || entries != 2 {
		t.Errorf("%d entries a minute later, %v", entries, err)
	}
}
