package app_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// ending is a world whose agreement ends in two minutes, while everything else goes on.
func ending(t *testing.T) (*apptest.World, time.Time) {
	t.Helper()
	w, a, _ := inForce(t)
	until := a.Document.ValidUntil
	w.Clock.Add(until.Add(-24 * time.Hour).Sub(w.Clock.Now()))
	w.Assess(a)
	_, _, err := w.Identity.Issue(w.Ctx, w.As(authz.LEG), w.Persons[authz.PDL], 7*24*time.Hour, nil)
	w.Must(err)
	w.Clock.Add(until.Add(-2 * time.Minute).Sub(w.Clock.Now()))
	return w, until
}

// An agreement that ends while bytes come, or before the last approval: nothing is released, and what landed is destroyed.
func TestAgreementEndsDuringUpload(t *testing.T) {
	w, until := ending(t)
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	body := &acting{r: bytes.NewReader(payload(200_000)), left: 1 << 20, act: func() { w.Clock.Add(until.Sub(w.Clock.Now())) }}
	_, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, "", body)
	w.Must(err)
	if len(w.Objects()) == 0 {
		t.Fatal("nothing has landed")
	}
	t.Run("AGR_EXPIRED at COMMIT", func(t *testing.T) {
		_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		var refused *transfer.RefusedError
		if !errors.As(err, &refused) || refused.Decision.Phase != gate.Commit || !slices.Equal(refused.Decision.Codes(), []string{"AGR_EXPIRED"}) {
			t.Fatalf("%v", err)
		}
		h := w.Hand()
		if n := h.Text("SELECT COUNT(*) || '' FROM log_entries WHERE CAST(body AS TEXT) LIKE '%AGR_EXPIRED%' AND CAST(body AS TEXT) LIKE '%\"phase\":\"COMMIT\"%'"); n != "1" {
			t.Errorf("the log has %s entries of it", n)
		}
	})
	t.Run("R49 bytes and data key are destroyed", func(t *testing.T) {
		w.SweepAll()
		if left := w.Objects(); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
		if n := w.Hand().Text("SELECT COUNT(*) || '' FROM uploads"); n != "0" {
			t.Errorf("%s keys are left", n)
		}
	})
	w.Verify()
}

// An agreement that ends between release and pull holds the file; what is held ends by itself.
func TestAgreementEndsBeforeThePull(t *testing.T) {
	w, until := ending(t)
	sent, other := w.Available(payload(1)), w.Available(payload(2))
	d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), other.ID, 1, 0)
	w.Must(err)
	w.Must(d.Send(w.Ctx, io.Discard))
	w.Clock.Add(until.Sub(w.Clock.Now()))
	t.Run("AGR_EXPIRED holds", func(t *testing.T) {
		pullRefused(w, sent.ID, "AGR_EXPIRED")
		if seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID); err != nil || seen.State != transfer.Held || seen.HeldSince == nil {
			t.Errorf("%s, %v", seen.State, err)
		}
	})
	t.Run("after the days that the rulebook gives, the data key is destroyed", func(t *testing.T) {
		held := int64(30 * 24 * time.Hour / time.Microsecond)
		h := w.Hand()
		was, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID)
		w.Must(err)
		ends := was.HeldSince.UnixMicro() + held // and not with the window, which is shorter
		w.Clock.Add(time.UnixMicro(ends).Add(-time.Second).Sub(w.Clock.Now()))
		if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 1 || was.WindowEnds.After(w.Clock.Now()) {
			t.Errorf("%d lapsed before, %v: what was pulled alone", n, err)
		}
		w.Clock.Add(2 * time.Second)
		if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 1 {
			t.Errorf("%d lapsed, %v", n, err)
		}
		w.SweepAll()
		seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID)
		if err != nil || seen.State != transfer.Unclaimed || len(w.Objects()) > 0 || h.Text("SELECT COUNT(*) || '' FROM uploads") != "0" {
			t.Errorf("%s, %v; %v are left", seen.State, err, w.Objects())
		}
		if n := h.Text("SELECT COUNT(*) || '' FROM log_entries WHERE CAST(body AS TEXT) LIKE '%transfer.lapse%' AND CAST(body AS TEXT) LIKE '%" + sent.ID + "%'"); n != "1" {
			t.Errorf("the log has %s entries of it", n)
		}
	})
	t.Run("after a pull its duties go on", func(t *testing.T) {
		if seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), other.ID); err != nil || !strings.HasPrefix(string(seen.State), "pulled") {
			t.Errorf("%s, %v", seen.State, err)
		}
	})
	w.Verify()
}
