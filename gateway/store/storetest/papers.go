package storetest

import (
	"errors"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/templates"
	"safeconduct/authz/evidence"
	"safeconduct/transfer"
)

func testPapers(t *testing.T, b *bench) {
	ctx := t.Context()
	version := func(id, name string, n int) templates.Template {
		return templates.Template{ID: id, Version: 1, Name: name, Number: n}
	}
	saveEach(t, b, templateKind(), version("t-1", "z", 1), version("t-3", "a", 3), version("t-2", "a", 2))
	if err := b.try(t, func(tx Tx) error { return tx.SaveAgreementTemplate(ctx, version("t-9", "a", 2)) }); !errors.Is(err, evidence.ErrExists) {
		t.Errorf("one number twice: %v", err)
	}
	scan := func(id, of string) agreements.Scan { return agreements.Scan{ID: id, Version: 1, Agreement: of} }
	saveEach(t, b, scanKind(), scan("s-2", "a-1"), scan("s-1", "a-1"), scan("s-3", "a-2"))
	state := func(id string, s agreements.State) agreements.Agreement {
		a := agreement(id, "m-1", "x")
		a.State = s
		return a
	}
	saveEach(t, b, agreementKind(), state("a-1", agreements.Suspended), state("a-2", agreements.Active), state("a-3", agreements.Suspended), state("a-4", agreements.Suspended))
	amended := state("a-2", agreements.Active)
	amended.Version, amended.Document.Version = 2, 1
	amended.Amendment = &agreements.Amendment{State: agreements.Draft, Document: agreements.Document{Version: 7}}
	saveEach(t, b, agreementKind(), amended)
	b.view(t, func(tx Tx) error {
		all, err := tx.AgreementTemplates(ctx)
		lists(t, "templates", templateKind(), all, err, "t-2", "t-3", "t-1")
		scans, err := tx.AgreementScans(ctx, "a-1")
		lists(t, "scans", scanKind(), scans, err, "s-1", "s-2")
		for id, want := range map[string]bool{"s-1": true, "s-9": false} {
			if got, err := tx.Kept(ctx, id); got != want || err != nil {
				t.Errorf("%s is kept: %v, %v", id, got, err)
			}
		}
		page, err := tx.AgreementsSuspended(ctx, "", 2)
		lists(t, "suspended", agreementKind(), page, err, "a-1", "a-3")
		page, err = tx.AgreementsSuspended(ctx, "a-3", 2)
		lists(t, "suspended, after", agreementKind(), page, err, "a-4")
		if of, err := tx.AgreementOf(ctx, "a-2"); err != nil || of.Version != 1 || of.Amendment != 7 {
			t.Errorf("%+v, %v", of, err)
		}
		return nil
	})
	testLanding(t, b)
	testDestructions(t, b)
}

// testLanding: a record may refer to a scan whose announcement is open, once.
func testLanding(t *testing.T, b *bench) {
	t.Helper()
	ctx := t.Context()
	land := func(tx Tx) error { return tx.ScanLanded(ctx, "s-1", Epoch().Add(time.Second)) }
	if err := b.work(t, land); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("one that was swept: %v", err)
	}
	u := transfer.Upload{ID: "s-1", Transfer: "a-1", Key: "agr-a-1", Wrapped: "local:v1:AAAA", State: transfer.UploadOpen, Started: Epoch(), Touched: Epoch()}
	for _, err := range []error{b.work(t, func(tx Tx) error { return tx.AddUpload(ctx, u) }), b.work(t, land)} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := b.work(t, land); !errors.Is(err, evidence.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	u.State, u.Touched = transfer.UploadSealed, Epoch().Add(time.Second)
	b.wantUpload(t, u)
}

// testDestructions: whatever a pull was begun of may lie at the partner.
func testDestructions(t *testing.T, b *bench) {
	t.Helper()
	saveEach(t, b, transferKind(),
		transfer.Transfer{ID: "x-1", Version: 1, State: transfer.Pulled, Agreement: "a-1"}, transfer.Transfer{ID: "x-2", Version: 1, State: transfer.Recalled, Agreement: "a-1"},
		transfer.Transfer{ID: "x-3", Version: 1, State: transfer.Available, Agreement: "a-1"}, transfer.Transfer{ID: "x-4", Version: 1, State: transfer.Pulled, Agreement: "a-2"})
	saveEach(t, b, pullKind(),
		transfer.PullSession{ID: "l-1", Version: 1, Transfer: "x-1"}, transfer.PullSession{ID: "l-2", Version: 1, Transfer: "x-1"}, transfer.PullSession{ID: "l-3", Version: 1, Transfer: "x-2"})
	b.view(t, func(tx Tx) error {
		for of, want := range map[string]int{"a-1": 2, "a-2": 0, "a-9": 0} {
			if n, err := tx.OpenDestructions(t.Context(), of); n != want || err != nil {
				t.Errorf("of %s: %d, %v; want %d", of, n, err, want)
			}
		}
		return nil
	})
}
