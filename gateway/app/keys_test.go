package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
)

// TestMissionKeyLost: with a new key every subject would be unknown, and every
// refusal with them.
func TestMissionKeyLost(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	w.Hand().Exec("DELETE FROM mission_keys")
	t.Run("R53 no new key is made, and nothing passes", func(t *testing.T) {
		other, err := w.Again(w.Ring)
		w.Must(err)
		if _, err := other.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order()); !errors.Is(err, consent.ErrKeyLost) {
			t.Errorf("a request without the key: %v", err)
		}
	})
	t.Run("R52 verification names it", func(t *testing.T) {
		if found := w.Findings(); len(found) != 1 || !strings.Contains(found[0].String(), "mission_keys") {
			t.Errorf("%v", found)
		}
	})
}

// TestWorkingRowsAltered: the rows that hold the wrapped keys are no records,
// and yet nobody can turn the sweeper or a pull with them.
func TestWorkingRowsAltered(t *testing.T) {
	for name, change := range map[string]string{
		"open and old":   "UPDATE uploads SET state = 'open', touched = 0",
		"doomed and old": "UPDATE uploads SET state = 'doomed', touched = 0",
		"another file":   "UPDATE uploads SET file = 2",
		"another key":    "UPDATE uploads SET wrapped = 'local:v1:AAAA'",
		"gone":           "DELETE FROM uploads",
	} {
		t.Run("R49 "+name, func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			sent := w.Available(payload(10))
			objects := len(w.Objects())
			w.Hand().Exec(change)
			// An upload that is up for pull is compared by the world's clock.
			if found := w.Findings(); len(found) != 1 || found[0].Table != "uploads" {
				t.Errorf("verification says %v", found)
			}
			if _, err := w.Transfers.Sweep(w.Ctx); err != nil || len(w.Objects()) != objects {
				t.Errorf("the sweeper took a released payload: %v", err)
			}
			if strings.Contains(name, "old") {
				return // the payload can still be pulled
			}
			if _, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); !errors.Is(err, transfer.ErrNotAvailable) {
				t.Errorf("pulling it: %v", err)
			}
		})
	}
}

// What is wrong with one upload keeps no other's key and objects from their end.
func TestOneBadRowStopsNoSweep(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	bad, good := w.Available(payload(10)), w.Available(payload(10))
	for _, sent := range []transfer.Transfer{bad, good} { // the bad one is first in the list
		_, err := w.Transfers.Recall(w.Ctx, w.As(authz.FP), sent.ID, "sent in error")
		w.Must(err)
		w.Clock.Add(time.Minute)
	}
	w.Hand().Alter(transfer.KindTransfer, bad.ID, func(said map[string]any) { said["pull_limit"] = 9 })
	w.Clock.Add(time.Hour)
	n, err := w.Transfers.Sweep(w.Ctx)
	if n != 1 || !errors.Is(err, evidence.ErrTampered) {
		t.Errorf("%d swept, %v", n, err)
	}
	for _, name := range w.Objects() {
		if strings.Contains(name, good.ID) {
			t.Errorf("%s is left", name)
		}
	}
}

// TestDeliveryOfADeadProcess: what a killed process was sending gets its abort.
func TestDeliveryOfADeadProcess(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent := w.Available(payload(10))
	_, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0) // and never sent
	w.Must(err)
	if n, err := w.Transfers.Abandoned(w.Ctx); err != nil || n != 0 {
		t.Errorf("%d closed while it may still run, %v", n, err)
	}
	w.Clock.Add(25 * time.Hour)
	for _, want := range []int{1, 0} {
		if n, err := w.Transfers.Abandoned(w.Ctx); err != nil || n != want {
			t.Errorf("%d closed, want %d, %v", n, want, err)
		}
	}
	w.Settled()
	lines, _, err := w.Log.Entries(w.Ctx, w.As(authz.LEG), transfer.LogFilter{After: -1, AtMost: 500, Kind: evidence.Abort})
	w.Must(err)
	if len(lines) != 1 || lines[0].Entry.Subject.ID != sent.ID {
		t.Errorf("aborts: %+v", lines)
	}
	w.Verify()
}
