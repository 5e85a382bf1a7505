package app_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/seal"
)

// mute is a signer that can be silenced, and can hang.
type mute struct {
	seal.Signer
	silent, hangs atomic.Bool
}

func (m *mute) Sign(ctx context.Context, message []byte) ([]byte, int, error) {
	if m.hangs.Load() {
		<-ctx.Done()
		return nil, 0, context.Cause(ctx)
	}
	if m.silent.Load() {
		return nil, 0, seal.ErrUnavailable
	}
	return m.Signer.Sign(ctx, message)
}

func TestLogUnavailable(t *testing.T) {
	signer := &mute{}
	w := apptest.Ready(t, apptest.Options{Wait: 300 * time.Millisecond, Parts: func(p *app.Parts) {
		signer.Signer = p.Signer
		p.Signer = signer
	}})
	ro, hom, pdl := w.As(authz.RO), w.As(authz.HOM), w.As(authz.PDL)
	sent, err := w.Transfers.Request(w.Ctx, ro, w.Order())
	w.Must(err)
	_, err = w.Transfers.Receive(w.Ctx, ro, sent.ID, 1, "", bytes.NewReader(payload(1)))
	w.Must(err)
	signer.silent.Store(true)
	t.Run("LOG_UNAVAILABLE a release without its checkpoint is not answered", func(t *testing.T) {
		if _, err := w.Transfers.Approve(w.Ctx, hom, sent.ID, true, ""); !errors.Is(err, transfer.ErrLogUnavailable) {
			t.Errorf("approving: %v", err)
		}
		if _, err := w.Transfers.Commit(w.Ctx, ro, sent.ID); !errors.Is(err, transfer.ErrLogUnavailable) {
			t.Errorf("asking again: %v", err)
		}
	})
	t.Run("LOG_UNAVAILABLE nothing leaves", func(t *testing.T) {
		if _, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0); !errors.Is(err, transfer.ErrLogUnavailable) {
			t.Errorf("pulling: %v", err)
		}
		if _, err := w.Transfers.Transfer(w.Ctx, pdl, sent.ID); !errors.Is(err, transfer.ErrLogUnavailable) {
			t.Errorf("the partner sees it: %v", err)
		}
	})
	signer.silent.Store(false)
	t.Run("and when the signer is back the same request succeeds", func(t *testing.T) {
		_, err := w.Sequencer.Step(w.Ctx) // the loop backs off for a while yet
		w.Must(err)
		got, err := w.Transfers.Commit(w.Ctx, ro, sent.ID)
		if err != nil || got.State != transfer.Available {
			t.Errorf("%s, %v", got.State, err)
		}
	})
	_, err = w.Sequencer.Step(w.Ctx)
	w.Must(err)
	t.Run("R43 a release that did not happen ends with an abort", func(t *testing.T) {
		lines, _, err := w.Log.Entries(w.Ctx, w.As(authz.LEG), transfer.LogFilter{After: -1, AtMost: 500, Kind: evidence.Abort})
		if err != nil || len(lines) != 1 {
			t.Errorf("it has %d aborts, %v", len(lines), err)
		}
	})
}

func TestOutOfTurn(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent := w.Available(payload(1))
	ro := w.As(authz.RO)
	_, uploading := w.Transfers.Receive(w.Ctx, ro, sent.ID, 1, "", bytes.NewReader(nil))
	_, approving := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
	_, acknowledging := w.Transfers.Acknowledge(w.Ctx, w.As(authz.PDL), sent.ID, map[int]string{1: "00"})
	_, activating := w.Agreements.Activate(w.Ctx, w.As(authz.LEG), sent.Agreement)
	_, submitting := w.Assessments.Submit(w.Ctx, ro, sent.Assessment)
	for name, err := range map[string]error{
		"upload": uploading, "approve": approving, "acknowledge": acknowledging, "activate": activating, "submit": submitting,
	} {
		if !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Settled()
	lines, _, err := w.Log.Entries(w.Ctx, w.As(authz.LEG), transfer.LogFilter{After: -1, AtMost: 500, Kind: evidence.Denial, Code: lifecycle.Code})
	w.Must(err)
	t.Run("R43 each act out of turn is an entry", func(t *testing.T) {
		if len(lines) != 5 {
			t.Errorf("%d entries: %+v", len(lines), lines)
		}
	})
	w.Verify()
}
