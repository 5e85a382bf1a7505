package e2e

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
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

// TestTwoReleasesOnOnePathway: under two agreements their volumes are apart, and
// the later is judged by what the earlier used of the officer's approval.
func TestTwoReleasesOnOnePathway(t *testing.T) {
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
	w := apptest.New(t, apptest.Options{Store: storeOn(t, dsn)})
	w.AddCategory(terms.Category{Code: "gbv", Fields: []string{"incident"}, Sensitivity: terms.Severe, Sensitive: true, ApprovalScope: "transfer"})
	w.AddRetention("gbv")
	w.Categories = []string{"identity", "gbv"}
	agreed := []agreements.Agreement{w.Agreement(), w.Agreement()}
	w.Enforce(agreed[0])
	w.Enforce(agreed[1])
	w.Consent("CASE-1", "CASE-2")
	_, err = w.Approvals.Decide(w.Ctx, w.As(authz.DPO), approvals.Decision{
		Scope: approvals.ForPathway, Granted: true, Pathway: "Clinic", Mission: w.Mission.ID, Partner: w.Partner.ID, Purposes: []string{w.Purpose.ID},
		Categories: []string{"gbv"}, Most: 2, Times: 1,
	})
	w.Must(err)
	answered := make(chan error, len(agreed))
	var sent []string
	for _, a := range agreed {
		o := w.Order()
		o.Agreement, o.Categories, o.Pathway = a.ID, w.Categories, "Clinic"
		x, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
		w.Must(err)
		_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), x.ID, 1, "", strings.NewReader("given_name\nx\n"))
		w.Must(err)
		sent = append(sent, x.ID)
	}
	errAbandoned := errors.New("abandoned")
	_, err = store.For[transfer.Tx](w.Store).Update(w.Ctx, func(tx transfer.Tx) error {
		if err := tx.LockPathways(w.Ctx, w.Mission.ID, w.Partner.ID); err != nil {
			return err
		}
		for _, id := range sent {
			go func() {
				_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), id, true, "")
				answered <- err
			}()
		}
		eventually(t, "both releases wait for their turn", func() bool {
			var waiting int
			err := db.QueryRowContext(w.Ctx, `SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE a.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`).Scan(&waiting)
			if err != nil {
				t.Error(err)
			}
			return waiting >= len(sent)
		})
		return errAbandoned
	})
	if !errors.Is(err, errAbandoned) {
		t.Fatal(err)
	}
	t.Run("DPO_REQUIRED of two at once the one that comes second is refused", func(t *testing.T) {
		released := 0
		for range sent {
			err := <-answered
			var refused *transfer.RefusedError
			switch {
			case err == nil:
				released++
			case !errors.As(err, &refused) || !slices.Equal(refused.Decision.Codes(), []string{"DPO_REQUIRED"}):
				t.Errorf("it was answered %v", err)
			}
		}
		if released != 1 {
			t.Errorf("%d were released", released)
		}
	})
	w.Verify()
}
