package app_test

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// detailOf is what the refusal of the request names for the code.
func detailOf(w *apptest.World, code string) []string {
	w.T.Helper()
	_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	var refused *transfer.RefusedError
	if !errors.As(err, &refused) {
		w.T.Fatal(err)
	}
	for _, r := range refused.Decision.Refusals {
		if string(r.Code) == code {
			return r.Detail
		}
	}
	w.T.Fatalf("refused for %v", refused.Decision.Codes())
	return nil
}

func TestRefusalNamesTheCandidates(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	first, second := w.Agreement(), w.Agreement()
	want := []string{first.ID, second.ID}
	slices.Sort(want)
	t.Run("AGR_AMBIGUOUS", func(t *testing.T) {
		if got := detailOf(w, "AGR_AMBIGUOUS"); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
	toldAgain(w)
	w.Verify()
}

func TestRefusalNamesEveryOverdueDuty(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	var want []string
	for n := range 2 {
		sent := w.Available(payload(n + 1))
		d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
		w.Must(err)
		w.Must(d.Send(w.Ctx, io.Discard))
		want = append(want, sent.ID)
		w.Clock.Add(time.Hour)
	}
	last, err := w.Destruction.Duty(w.Ctx, w.As(authz.FP), want[1])
	w.Must(err)
	w.Clock.Add(last.Due.Sub(w.Clock.Now()))
	t.Run("R27 PARTNER_DESTRUCTION_OVERDUE", func(t *testing.T) {
		if got := detailOf(w, "PARTNER_DESTRUCTION_OVERDUE"); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
	toldAgain(w)
	w.Verify()
}
