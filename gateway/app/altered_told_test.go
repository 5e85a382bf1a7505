package app_test

import (
	"errors"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// A partner is told PULL_DENIED and no more (gate.md), also where a row was altered by hand; their counterpart at the
// mission, and the alarm, are told the cause.
func TestAnAlteredTransferAsItsPartnerSeesIt(t *testing.T) {
	t.Parallel()
	alarms := &apptest.Alarms{}
	w := apptest.Ready(t, apptest.Options{Alarms: alarms})
	sent := w.Available([]byte("a payload"))
	w.Hand().Alter(transfer.KindTransfer, sent.ID, func(said map[string]any) { said["pull_limit"] = 9 })
	pdl := w.As(authz.PDL)
	for name, act := range map[string]func() error{
		"reads it": func() error { _, err := w.Transfers.Transfer(w.Ctx, pdl, sent.ID); return err },
		"pulls it": func() error { _, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0); return err },
		"acknowledges it": func() error {
			_, err := w.Transfers.Acknowledge(w.Ctx, pdl, sent.ID, map[int]string{1: "x"})
			return err
		},
	} {
		t.Run("PULL_DENIED who "+name, func(t *testing.T) {
			before := alarms.Count()
			if err := act(); !errors.Is(err, transfer.ErrNotAvailable) || !errors.Is(err, evidence.ErrTampered) {
				t.Errorf("%v", err)
			}
			if alarms.Count() == before {
				t.Error("no alarm")
			}
		})
	}
	t.Run("GATE_UNAVAILABLE who sent it", func(t *testing.T) {
		if _, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID); !errors.Is(err, evidence.ErrTampered) || errors.Is(err, transfer.ErrNotAvailable) {
			t.Errorf("%v", err)
		}
	})
}
