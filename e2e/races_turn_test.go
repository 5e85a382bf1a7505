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

// turns looks, beside the gateway, at who waits for their turn in its database.
type turns struct {
	t  *testing.T
	db *sql.DB
}

func watchTurns(t *testing.T, dsn string) turns {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return turns{t, db}
}

// awaited returns when at least so many wait.
func (s turns) awaited(what string, least int) {
	s.t.Helper()
	eventually(s.t, what, func() bool {
		var waiting int
		if err := s.db.QueryRowContext(s.t.Context(), `SELECT COUNT(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE a.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`).Scan(&waiting); err != nil {
			s.t.Error(err)
		}
		return waiting >= least
	})
}

// TestALongWaitForTheVolume: releases under an agreement go one by one, and one
// that came while the agreement was in force has its turn after that.
func TestALongWaitForTheVolume(t *testing.T) {
	dsn := servertest.Database(t, sharedPostgres(t))
	turns := watchTurns(t, dsn)
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
		turns.awaited("the release waits for its turn", 1)
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
	turns := watchTurns(t, dsn)
	w := apptest.New(t, apptest.Options{Store: storeOn(t, dsn)})
	w.AddCategory(terms.Category{Code: "gbv", Fields: []string{"incident"}, Sensitivity: terms.Severe, Sensitive: true, ApprovalScope: "transfer"})
	w.AddRetention("gbv")
	w.Categories = []string{"identity", "gbv"}
	agreed := []agreements.Agreement{w.Agreement(), w.Agreement()}
	w.Enforce(agreed[0])
	w.Enforce(agreed[1])
	w.Consent("CASE-1", "CASE-2")
	_, err := w.Approvals.Decide(w.Ctx, w.As(authz.DPO), approvals.Decision{
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
		turns.awaited("both releases wait for their turn", len(sent))
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
