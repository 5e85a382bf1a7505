package app_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// acting does something when so many bytes were read.
type acting struct {
	r    io.Reader
	left int
	act  func()
}

func (a *acting) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if a.left -= n; a.left <= 0 && a.act != nil {
		a.act()
		a.act = nil
	}
	return n, err
}

func TestNothingLiesLongerThanItMay(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	ro, pdl := w.As(authz.RO), w.As(authz.PDL)

	t.Run("R49 recalled while it comes in", func(t *testing.T) {
		sent, err := w.Transfers.Request(w.Ctx, ro, w.Order())
		w.Must(err)
		body := &acting{r: bytes.NewReader(payload(500_000)), left: 6 << 20, act: func() {
			_, err := w.Transfers.Recall(w.Ctx, ro, sent.ID, "by mistake")
			w.Must(err)
		}}
		if _, err := w.Transfers.Receive(w.Ctx, ro, sent.ID, 1, "", body); err == nil {
			t.Fatal("a recalled transfer takes bytes")
		}
		w.SweepAll()
		if left := w.Objects(); len(left) > 0 {
			t.Errorf("objects are left: %v", left)
		}
	})
	t.Run("R49 what was doomed just now is left to an attempt that may still run", func(t *testing.T) {
		sent := w.Available(payload(1))
		_, err := w.Transfers.Recall(w.Ctx, ro, sent.ID, "by mistake")
		w.Must(err)
		if n, err := w.Transfers.Sweep(w.Ctx); err != nil || n != 0 {
			t.Errorf("%d swept, %v", n, err)
		}
		w.SweepAll()
	})
	t.Run("pulled, and the window is over", func(t *testing.T) {
		sent := w.Available(payload(1))
		d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
		w.Must(err)
		w.Must(d.Send(w.Ctx, io.Discard))
		w.Clock.Add(15 * 24 * time.Hour)
		if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 1 {
			t.Errorf("%d lapsed, %v", n, err)
		}
		if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 0 {
			t.Errorf("%d lapsed again, %v", n, err)
		}
		ended(w, sent.ID, transfer.Pulled)
	})
	t.Run("never approved", func(t *testing.T) {
		sent, err := w.Transfers.Request(w.Ctx, ro, w.Order())
		w.Must(err)
		_, err = w.Transfers.Receive(w.Ctx, ro, sent.ID, 1, "", bytes.NewReader(payload(1)))
		w.Must(err)
		w.Clock.Add(15 * 24 * time.Hour)
		if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 1 {
			t.Errorf("%d lapsed, %v", n, err)
		}
		ended(w, sent.ID, transfer.Recalled)
	})
	w.Verify()
}

// ended wants the transfer in the state, and nothing of it in the store.
func ended(w *apptest.World, id string, want transfer.State) {
	w.T.Helper()
	w.SweepAll()
	seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), id)
	w.Must(err)
	if left := w.Objects(); seen.State != want || len(left) > 0 {
		w.T.Errorf("it is %s, and these lie there: %v", seen.State, left)
	}
}
