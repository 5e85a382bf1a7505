package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

func TestStory(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	w.Refused("AGR_MISSING", "RBA_MISSING", "CONSENT_MISSING")
	a := w.Agreement()
	w.Refused("AGR_UNSIGNED", "RBA_MISSING", "CONSENT_MISSING")
	a, err := w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), a.ID)
	w.Must(err)
	a, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), a.ID, "approved", "")
	w.Must(err)
	a = w.Sign(a, authz.HOM)
	w.Refused("AGR_PART_SIGNED", "RBA_MISSING", "CONSENT_MISSING")
	a = w.Sign(a, authz.PSG)
	w.Refused("AGR_NOT_ACTIVE", "RBA_MISSING", "CONSENT_MISSING")
	w.Assess(a)
	_, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), a.ID)
	w.Must(err)
	w.Refused("CONSENT_MISSING")
	records := w.Consent("CASE-1", "CASE-2")

	sent, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	payload := bytes.Repeat([]byte("case_reference,given_name\nCASE-1,Ana\n"), 300_000)
	sum := sha256.Sum256(payload)
	sent, err = w.Transfers.Receive(w.Ctx, w.As(authz.RO), sent.ID, 1, hex.EncodeToString(sum[:]), bytes.NewReader(payload))
	w.Must(err)
	if sent.State != transfer.AwaitingApproval {
		t.Fatalf("a HIGH transfer is %s", sent.State)
	}
	_, err = w.Transfers.Commit(w.Ctx, w.As(authz.RO), sent.ID)
	var r *transfer.RefusedError
	if !errors.As(err, &r) || r.Decision.Codes()[0] != "APPROVAL_PENDING" {
		t.Fatalf("committing without the approver: %v", err)
	}
	sent, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
	w.Must(err)
	if sent.State != transfer.Available {
		t.Fatalf("after the approval it is %s", sent.State)
	}
	d, err := w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
	w.Must(err)
	var got bytes.Buffer
	w.Must(d.Send(w.Ctx, &got))
	if !bytes.Equal(got.Bytes(), payload) {
		t.Fatal("what was pulled is not what was sent")
	}
	acknowledged, err := w.Transfers.Acknowledge(w.Ctx, w.As(authz.PDL), sent.ID, map[int]string{1: hex.EncodeToString(sum[:])})
	w.Must(err)
	if acknowledged.State != transfer.Acknowledged {
		t.Fatalf("after the acknowledgement it is %s", acknowledged.State)
	}
	_, err = w.Consents.Withdraw(w.Ctx, w.As(authz.RO), records[1].ID, "")
	w.Must(err)
	_, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
	if !errors.Is(err, transfer.ErrNotAvailable) || errors.As(err, &r) && false {
		t.Fatalf("pull after the withdrawal: %v", err)
	}
	seen, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID)
	w.Must(err)
	if codes := seen.Decision.Codes(); !slices.Equal(codes, []string{"CONSENT_WITHDRAWN"}) {
		t.Fatalf("the officer reads %v", codes)
	}
	w.Verify()
}
