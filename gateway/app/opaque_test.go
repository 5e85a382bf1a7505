package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/attest"
)

// Opaque files (gate.md): the sender attests the content, the approver the necessity.
func TestOpaqueFiles(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	a, err := w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), w.Agreement().ID)
	w.Must(err)
	a, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), a.ID, "approved", "")
	w.Must(err)
	a = w.Sign(w.Sign(a, authz.HOM), authz.PSG)
	w.Assess(a)
	_, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), a.ID)
	w.Must(err)
	w.Consent("CASE-1", "CASE-2")
	order := w.Order()
	order.Files = append(order.Files, transfer.File{MediaType: "image/png"})
	t.Run("REQ_INCOMPLETE without the sender's attestation of the content", func(t *testing.T) {
		_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), order)
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"REQ_INCOMPLETE"}) || !slices.Equal(r.Decision.Refusals[0].Detail, []string{"content_attestation"}) {
			t.Fatal(err)
		}
	})
	order.AttestsContent = true
	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), order)
	w.Must(err)
	if sent.ContentAttested != attest.ContentVersion || !sent.NeedsApproval {
		t.Fatalf("attested %q, needs approval %v", sent.ContentAttested, sent.NeedsApproval)
	}
	for n := range order.Files {
		_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, n+1, "", strings.NewReader("scan"))
		w.Must(err)
	}
	for _, blank := range []string{"", " \n"} {
		_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, blank)
		if !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), "state in attestation why these files") {
			t.Fatalf("approved with the attestation %q: %v", blank, err)
		}
	}
	if now, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID); err != nil || now.State != transfer.AwaitingApproval || len(now.Approvals) != 0 {
		t.Fatalf("%s, %v", now.State, err)
	}
	t.Run("APPROVAL_DENIED needs no attestation", func(t *testing.T) {
		denied, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), order)
		w.Must(err)
		for n := range order.Files {
			_, err := w.Transfers.Receive(w.Ctx, w.As(authz.RO), denied.ID, n+1, "", strings.NewReader("scan"))
			w.Must(err)
		}
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), denied.ID, false, "")
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), []string{"APPROVAL_DENIED"}) {
			t.Fatal(err)
		}
	})
	sent, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "the clinic needs the picture")
	w.Must(err)
	if sent.State != transfer.Available || sent.Approvals[0].Attestation == "" {
		t.Fatalf("%s, %v", sent.State, sent.Approvals)
	}
	w.Verify()
}
