package app_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
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

// The renewal of an agreement that has expired brings what is held for that through the gate again, at the clock's job or the next pull.
func TestRenewalFreesWhatIsHeld(t *testing.T) {
	w, until := ending(t)
	byJob, byPull := w.Available(payload(1)), w.Available(payload(2))
	w.Clock.Add(until.Sub(w.Clock.Now()))
	_, err := w.Agreements.ExpireDue(w.Ctx)
	w.Must(err)
	pullRefused(w, byJob.ID, "AGR_EXPIRED")
	pullRefused(w, byPull.ID, "AGR_EXPIRED")
	a, err := w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), byJob.Agreement)
	w.Must(err)
	if a.State != agreements.Expired {
		t.Fatalf("the agreement is %s", a.State)
	}
	w.Clock.Add(48 * time.Hour)
	a = w.Amend(a, func(d *agreements.Document) {
		d.EffectiveFrom, d.ValidUntil = until, until.AddDate(1, 0, 0)
	})
	t.Run("AGR_EXPIRED is over with the renewal", func(t *testing.T) {
		if last := a.Former[len(a.Former)-1]; a.State != agreements.Active || a.Document.Version != 2 || !last.Until.Equal(until) {
			t.Errorf("%s, document %d after one that ended %s", a.State, a.Document.Version, last.Until)
		}
		received(w, byPull.ID)
		if n, err := w.Transfers.HoldDue(w.Ctx); err != nil || n != 1 {
			t.Errorf("%d changed, %v", n, err)
		}
		seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), byJob.ID)
		if err != nil || seen.State != transfer.Available || seen.HeldSince != nil || seen.WindowEnds.Sub(*byJob.WindowEnds) < 48*time.Hour {
			t.Errorf("%s until %s, %v", seen.State, seen.WindowEnds, err)
		}
		received(w, byJob.ID)
	})
	t.Run("and it rules what is asked for from then on", func(*testing.T) {
		if sent := asked(w, w.Order()); sent.Agreement != a.ID {
			t.Errorf("agreement %s rules", sent.Agreement)
		}
	})
	toldAgain(w)
	w.Verify()
}

// received pulls the first file of the transfer, whole.
func received(w *apptest.World, id string) {
	w.T.Helper()
	d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), id, 1, 0)
	w.Must(err)
	w.Must(d.Send(w.Ctx, io.Discard))
}

// What was held for longer than the rulebook allows is not brought back by a renewal, even before it is swept.
func TestRenewalComesTooLate(t *testing.T) {
	w, until := ending(t)
	sent := w.Available(payload(1))
	w.Clock.Add(until.Sub(w.Clock.Now()))
	_, err := w.Agreements.ExpireDue(w.Ctx)
	w.Must(err)
	pullRefused(w, sent.ID, "AGR_EXPIRED")
	w.Clock.Add(31 * 24 * time.Hour)
	a, err := w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), sent.Agreement)
	w.Must(err)
	w.Amend(a, func(d *agreements.Document) { d.ValidUntil = w.Clock.Now().AddDate(1, 0, 0) })
	_, err = w.Transfers.HoldDue(w.Ctx)
	w.Must(err)
	t.Run("R49 PULL_WINDOW and its data key is destroyed", func(t *testing.T) {
		if _, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); !errors.Is(err, transfer.ErrNotAvailable) {
			t.Errorf("pulled after the days held: %v", err)
		}
		if n, err := w.Transfers.Lapse(w.Ctx); err != nil || n != 1 {
			t.Errorf("%d lapsed, %v", n, err)
		}
		w.SweepAll()
		if left := w.Objects(); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
	})
	w.Verify()
}
