package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"safeconduct/authz"
	"safeconduct/transfer"
)

func TestStory(t *testing.T) {
	w := newWorld(t)
	w.refused("AGR_MISSING", "RBA_MISSING", "CONSENT_MISSING")
	a := w.agreement()
	w.refused("AGR_UNSIGNED", "RBA_MISSING", "CONSENT_MISSING")
	a, err := w.Agreements.SendToReview(w.ctx, w.as(authz.FP), a.ID)
	w.must(err)
	a, err = w.Agreements.Decide(w.ctx, w.as(authz.LEG), a.ID, "approved", "")
	w.must(err)
	a = w.sign(a, authz.HOM)
	w.refused("AGR_PART_SIGNED", "RBA_MISSING", "CONSENT_MISSING")
	a = w.sign(a, authz.PSG)
	w.refused("AGR_NOT_ACTIVE", "RBA_MISSING", "CONSENT_MISSING")
	w.assess(a)
	_, err = w.Agreements.Activate(w.ctx, w.as(authz.LEG), a.ID)
	w.must(err)
	w.refused("CONSENT_MISSING")
	records := w.consent("CASE-1", "CASE-2")

	sent, err := w.Transfers.Request(w.ctx, w.as(authz.RO), w.order())
	w.must(err)
	payload := bytes.Repeat([]byte("case_reference,given_name\nCASE-1,Ana\n"), 300_000)
	sum := sha256.Sum256(payload)
	sent, err = w.Transfers.Receive(w.ctx, w.as(authz.RO), sent.ID, 1, hex.EncodeToString(sum[:]), bytes.NewReader(payload))
	w.must(err)
	if sent.State != transfer.AwaitingApproval {
		t.Fatalf("a HIGH transfer is %s", sent.State)
	}
	_, err = w.Transfers.Commit(w.ctx, w.as(authz.RO), sent.ID)
	var r *transfer.RefusedError
	if !errors.As(err, &r) || r.Decision.Codes()[0] != "APPROVAL_PENDING" {
		t.Fatalf("committing without the approver: %v", err)
	}
	sent, err = w.Transfers.Approve(w.ctx, w.as(authz.HOM), sent.ID, true, "")
	w.must(err)
	if sent.State != transfer.Available {
		t.Fatalf("after the approval it is %s", sent.State)
	}
	d, err := w.Transfers.Pull(w.ctx, w.as(authz.PDL), sent.ID, 1, 0)
	w.must(err)
	var got bytes.Buffer
	w.must(d.Send(w.ctx, &got))
	if !bytes.Equal(got.Bytes(), payload) {
		t.Fatal("what was pulled is not what was sent")
	}
	acknowledged, err := w.Transfers.Acknowledge(w.ctx, w.as(authz.PDL), sent.ID, map[int]string{1: hex.EncodeToString(sum[:])})
	w.must(err)
	if acknowledged.State != transfer.Acknowledged {
		t.Fatalf("after the acknowledgement it is %s", acknowledged.State)
	}
	_, err = w.Consents.Withdraw(w.ctx, w.as(authz.RO), records[1].ID, "")
	w.must(err)
	_, err = w.Transfers.Pull(w.ctx, w.as(authz.PDL), sent.ID, 1, 0)
	if !errors.Is(err, transfer.ErrNotAvailable) || errors.As(err, &r) && false {
		t.Fatalf("pull after the withdrawal: %v", err)
	}
	seen, err := w.Transfers.Transfer(w.ctx, w.as(authz.RO), sent.ID)
	w.must(err)
	if codes := seen.Decision.Codes(); !slices.Equal(codes, []string{"CONSENT_WITHDRAWN"}) {
		t.Fatalf("the officer reads %v", codes)
	}
	w.verify()
}
