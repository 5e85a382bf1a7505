package storetest

import (
	"errors"
	"testing"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/rights"
)

func testHolds(t *testing.T, b *bench) {
	on := func(id, subject, transfer string) rights.Hold {
		return rights.Hold{ID: id, Version: 1, Mission: "m-1", Kind: rights.Legal, Subject: subject, Transfer: transfer, Placed: Epoch()}
	}
	lifted, other := on("h-4", "s-1", ""), on("h-6", "s-9", "")
	lifted.Lifted, other.Mission = new(Epoch()), "m-2"
	saveEach(t, b, holdKind(), on("h-3", "s-2", ""), on("h-1", "s-1", ""), on("h-2", "", "t-1"), lifted, on("h-5", "", "t-2"), other)
	b.must(t, func(tx Tx) error {
		return errors.Join(
			tx.SaveTransferSubjects(t.Context(), "t-1", []string{"s-1", "", "s-2"}),
			tx.SaveTransferSubjects(t.Context(), "t-2", []string{"", "s-3"}))
	})
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		of, err := tx.HoldsOf(ctx, "t-1")
		lists(t, "of a transfer and who is in it", holdKind(), of, err, "h-1", "h-2", "h-3")
		of, err = tx.HoldsOf(ctx, "t-2")
		lists(t, "of nobody who is known", holdKind(), of, err, "h-5")
		of, err = tx.HoldsOf(ctx, "t-3")
		lists(t, "of no transfer", holdKind(), of, err)
		open, err := tx.OpenHolds(ctx, "m-1", evidence.Page{})
		lists(t, "open", holdKind(), open.Items, err, "h-1", "h-2", "h-3", "h-5")
		open, err = tx.OpenHolds(ctx, "", evidence.Page{After: "h-2", Most: 2})
		lists(t, "a page of all", holdKind(), open.Items, err, "h-3", "h-5")
		return nil
	})
}
