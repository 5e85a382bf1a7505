package app_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/rights"
)

// lapsed lets the window pass, and answers with what the transfer and its duty are then.
func lapsed(w *apptest.World, id string) (transfer.Transfer, retention.Duty) {
	w.T.Helper()
	w.Clock.Add(15 * 24 * time.Hour)
	_, err := w.Transfers.Lapse(w.Ctx)
	w.Must(err)
	seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), id)
	w.Must(err)
	duty, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), id)
	w.Must(err)
	return seen, duty
}

// A delivery of which the end is not known may have taken all of it to the partner.
func TestDeliveryOfUnknownEnd(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent := w.Available(payload(10))
	pull := func() (err error) { _, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0); return err } // and its process dies
	begun := 0
	for ; begun < 20; begun++ {
		err := pull()
		if errors.Is(err, transfer.ErrNotAvailable) {
			break
		}
		w.Must(err)
		w.Clock.Add(25 * time.Hour)
		_, err = w.Transfers.Abandoned(w.Ctx)
		w.Must(err)
	}
	t.Run("PULL_LIMIT each counts as a pull", func(t *testing.T) {
		if begun != sent.PullLimit {
			t.Errorf("%d deliveries, of %d", begun, sent.PullLimit)
		}
	})
	t.Run("R27 what may have left is to be destroyed, and can be recalled", func(t *testing.T) {
		seen, duty := lapsed(w, sent.ID)
		if seen.State != transfer.Pulled || duty.State != retention.Due {
			t.Errorf("%s, duty %s", seen.State, duty.State)
		}
		was := duty.Due
		_, err := w.Transfers.Recall(w.Ctx, w.As(authz.FP), sent.ID, "sent in error")
		w.Must(err)
		if duty, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), sent.ID); err != nil || !duty.Due.Before(was) {
			t.Errorf("%v: due %s, was %s", err, duty.Due, was)
		}
	})
	w.Verify()
}

// What is recalled while a pull waits might have left, and did not.
func TestNothingLeftOfWhatWasRecalled(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	began := func() (transfer.Transfer, *transfer.Delivery) {
		sent := w.Available(payload(10))
		d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
		w.Must(err)
		return sent, d
	}
	recall := func(sent transfer.Transfer) retention.Duty {
		_, err := w.Transfers.Recall(w.Ctx, w.As(authz.FP), sent.ID, "sent in error")
		w.Must(err)
		duty, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), sent.ID)
		w.Must(err)
		return duty
	}
	t.Run("R27 nobody certifies the destruction of nothing", func(t *testing.T) {
		sent, d := began()
		if duty := recall(sent); duty.State != retention.Due {
			t.Errorf("before it is known the duty is %s", duty.State)
		}
		is(t, d.Send(w.Ctx, io.Discard), transfer.ErrNotAvailable)
		duty, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), sent.ID)
		if err != nil || duty.State != retention.Accepted || owes(w, duty.Due) {
			t.Errorf("the duty is %s, %v", duty.State, err)
		}
	})
	t.Run("R27 of what left before, the duty stays", func(t *testing.T) {
		sent, d := began()
		w.Must(d.Send(w.Ctx, io.Discard))
		again, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
		w.Must(err)
		recall(sent)
		is(t, again.Send(w.Ctx, io.Discard), transfer.ErrNotAvailable)
		if duty, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), sent.ID); err != nil || duty.State != retention.Due {
			t.Errorf("the duty is %s, %v", duty.State, err)
		}
	})
	w.Verify()
}

// What lapses while a pull waits might have left, and did not.
func TestNothingLeftOfWhatLapsed(t *testing.T) {
	for name, hold := range map[string]bool{"whose window ended": false, "that was held too long": true} {
		t.Run("R27 nobody certifies the destruction of nothing of what "+name, func(t *testing.T) {
			w := apptest.Ready(t, apptest.Options{})
			sent := w.Available(payload(10))
			d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
			w.Must(err)
			if hold {
				_, err = w.Holds.Place(w.Ctx, w.As(authz.LEG), rights.Order{Kind: rights.Review, Transfer: sent.ID, Reason: "doubt"})
				w.Must(err)
				changes(w, 1)
				w.Clock.Add(31 * 24 * time.Hour)
			}
			if seen, duty := lapsed(w, sent.ID); seen.State != transfer.Pulled || duty.State != retention.Due {
				t.Errorf("before it is known it is %s, duty %s", seen.State, duty.State)
			}
			is(t, d.Send(w.Ctx, io.Discard), transfer.ErrNotAvailable)
			duty, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), sent.ID)
			if seen := look(w, sent.ID); err != nil || seen.State != transfer.Unclaimed || duty.State != retention.Accepted || owes(w, duty.Due) {
				t.Errorf("%s, duty %s, %v", seen.State, duty.State, err)
			}
			w.Verify()
		})
	}
}

// Nobody certifies the destruction of nothing: a pull of which it is known that no byte left leaves no duty.
func TestNothingLeft(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent := w.Available(payload(10))
	d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
	w.Must(err)
	_, err = w.Holds.Place(w.Ctx, w.As(authz.LEG), rights.Order{Kind: rights.Review, Transfer: sent.ID, Reason: "doubt"})
	w.Must(err)
	is(t, d.Send(w.Ctx, io.Discard), transfer.ErrNotAvailable)
	w.Clock.Add(31 * 24 * time.Hour)
	seen, duty := lapsed(w, sent.ID)
	step, err := w.Transfers.Destruction(w.Ctx, seen)
	if err != nil || seen.State != transfer.Unclaimed || duty.State != retention.Accepted || step != "" || owes(w, duty.Due) {
		t.Errorf("%s, duty %s %q, %v", seen.State, duty.State, step, err)
	}
	w.Verify()
}
