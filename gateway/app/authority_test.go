package app_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/gateway/telemetry/telemetrytest"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/localkeys"
)

func TestAuthorityKey(t *testing.T) {
	again := func(w *apptest.World, keys seal.KeyWrapper) error {
		_, err := w.Again(keys)
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
		w.Hand().Exec("DELETE FROM authority_keys")
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
	for name, statement := range map[string]string{
		"a second version":        "INSERT INTO authority_keys (version, key_name, wrapped) SELECT 2, key_name, wrapped FROM authority_keys",
		"another version":         "UPDATE authority_keys SET version = 2",
		"a key of another's name": "UPDATE authority_keys SET key_name = 'mis-x'",
	} {
		t.Run("R53 "+name+" is not believed", func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			w.Hand().Exec(statement)
			if err := again(w, w.Ring); err == nil || !strings.Contains(err.Error(), "authority_keys must hold one row") {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("R52 it is in the log, and a change of it is found", func(t *testing.T) {
		w := apptest.Ready(t, apptest.Options{})
		w.Verify()
		w.Hand().Exec("UPDATE authority_keys SET wrapped = 'local:v1:AAAA'")
		if found := w.Findings(); len(found) != 1 || found[0].Table != "authority_keys" {
			t.Errorf("%v", found)
		}
	})
}

// TestAlarmsTellNoText: the id of a row that was written by hand may be any text, and none of it is told.
func TestAlarmsTellNoText(t *testing.T) {
	const name = "Amina Diallo"
	log := &telemetrytest.Log{}
	w := apptest.Ready(t, apptest.Options{})
	w.Settings.Logger = slog.New(slog.NewTextHandler(log, nil))
	s, err := w.Again(w.Ring)
	w.Must(err)
	h := w.Hand()
	h.Exec("INSERT INTO tallies (id, actor, source, code, minute, count) VALUES ($1, $1, $1, $1, 0, 1)", name)
	if n, err := s.Refusals.Log(w.Ctx); err != nil || n != 0 {
		t.Errorf("%d entries, %v", n, err)
	}
	if told := log.String(); strings.Contains(told, "Amina") || !strings.Contains(told, "kind=tally") || !strings.Contains(told, "not an id") {
		t.Errorf("the log of operations: %s", told)
	}
	if w.Recorded(store.KindTally) != 1 || h.Text("SELECT COUNT(*) || '' FROM log_entries WHERE CAST(body AS TEXT) LIKE '%Amina%'") != "0" {
		t.Error("the log of evidence does not tell it, or tells a name")
	}
	if e := (&evidence.TamperedError{Ref: evidence.Ref{Kind: "tally", ID: name}}); strings.Contains(e.Error(), "Amina") {
		t.Error(e)
	}
}

// TestAlarmsAreBounded: a row that is met a thousand times is counted each time,
// and recorded once a minute.
func TestAlarmsAreBounded(t *testing.T) {
	alarms := &apptest.Alarms{}
	w := apptest.Ready(t, apptest.Options{Alarms: alarms})
	w.Hand().Exec("UPDATE parties SET version = 1")
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
	_, err := w.Transfers.Request(w.Ctx, ro, w.Order())
	if entries := w.Recorded("party"); !errors.Is(err, evidence.ErrTampered) || entries != 2 {
		t.Errorf("%d entries a minute later, %v", entries, err)
	}
}
