package app_test

import (
	"testing"

	"safeconduct/agreements"
	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
)

// More drafts than are read for a decision stop no transfer, and hide nothing
// that a sender names.
func TestManyDraftsStopNothing(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	order := w.Order()
	inForce := asked(w, order).Agreement
	doc := w.Agreement().Document
	draft := doc.Agreement
	for range agreements.MaxBetween + 1 {
		_, err := w.Agreements.Create(w.Ctx, w.As(authz.FP), doc)
		w.Must(err)
	}
	t.Run("the one in force rules", func(t *testing.T) {
		if got := asked(w, order).Agreement; got != inForce {
			t.Errorf("it is judged by %s", got)
		}
	})
	t.Run("and where it is named", func(t *testing.T) {
		order.Agreement = inForce
		if got := asked(w, order).Agreement; got != inForce {
			t.Errorf("it is judged by %s", got)
		}
	})
	t.Run("AGR_UNSIGNED of an old draft that is named", func(t *testing.T) {
		order.Agreement = draft
		if got := asked(w, order, "AGR_UNSIGNED", "RBA_MISSING").Agreement; got != draft {
			t.Errorf("it is judged by %s", got)
		}
	})
	t.Run("AGR_MISSING of one that nobody has", func(t *testing.T) {
		order.Agreement = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"
		asked(w, order, "AGR_MISSING", "RBA_MISSING")
	})
	toldAgain(w)
	w.Verify()
}
