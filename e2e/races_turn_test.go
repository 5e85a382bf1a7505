package e2e

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
)

// TestALongWaitForTheVolume: releases under an agreement go one by one, and one
// that came while the agreement was in force has its turn after that.
func TestALongWaitForTheVolume(t *testing.T) {
	dsn := servertest.Database(t, sharedPostgres(t))
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	w := apptest.Ready(t, apptest.Options{Store: storeOn(t, dsn)})
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", strings.NewReader("x"))
	w.Must(err)
	answered := make(chan error, 1)
	release := func() {
		_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		answered <- err
	}
	errAbandoned := errors.New("abandoned")
	_, err = store.For[transfer.Tx](w.Store).Update(w.Ctx, func(tx transfer.Tx) error {
		if err := tx.LockVolume(w.Ctx, sent.Agreement); err != nil {
			return err
		}
		go release()
		eventually(t, "the release waits for its turn", func() bool {
			var waiting int
			err := db.QueryRowContext(w.Ctx, `SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE a.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`).Scan(&waiting)
			if err != nil {
				t.Error(err)
			}
			return waiting > 0
		})
		w.Clock.Add(800 * 24 * time.Hour)
		return errAbandoned
	})
	if !errors.Is(err, errAbandoned) {
		t.Fatal(err)
	}
	var refused *transfer.RefusedError
	if err := <-answered; !errors.As(err, &refused) {
		t.Fatalf("it was answered %v", err)
	}
	for _, code := range []string{"AGR_EXPIRED", "RBA_EXPIRED", "RECIPIENT_NO_USER", "TRAINING_EXPIRED", "CONFIDENTIALITY_MISSING"} {
		t.Run(code+" is judged when its turn has come", func(t *testing.T) {
			if !slices.Contains(refused.Decision.Codes(), code) {
				t.Errorf("%v", refused.Decision.Codes())
			}
		})
	}
	w.Verify()
}
