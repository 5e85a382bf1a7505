package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// hasty acknowledges as soon as it has the last byte, which is before the entry
// that says so.
type hasty struct {
	bytes.Buffer
	want        int
	acknowledge func()
}

func (h *hasty) Write(p []byte) (int, error) {
	n, err := h.Buffer.Write(p)
	if h.Len() == h.want {
		h.acknowledge()
	}
	return n, err
}

func TestReceiptBeforeTheEndIsRecorded(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	content := bytes.Repeat([]byte("x"), 100_000)
	sum := sha256.Sum256(content)
	pdl, sent := w.As(authz.PDL), w.Available(content)
	receipt := func() (transfer.Transfer, error) {
		return w.Transfers.Acknowledge(w.Ctx, pdl, sent.ID, map[int]string{1: hex.EncodeToString(sum[:])})
	}
	if _, err := receipt(); !errors.Is(err, lifecycle.ErrIllegal) {
		t.Fatalf("before any pull: %v", err)
	}
	d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
	w.Must(err)
	out := &hasty{want: len(content), acknowledge: func() {
		if got, err := receipt(); err != nil || got.State != transfer.Acknowledged {
			t.Errorf("with the last byte: %v, %v", got.State, err)
		}
	}}
	w.Must(d.Send(w.Ctx, out))
	got, err := w.Transfers.Transfer(w.Ctx, w.As(authz.RO), sent.ID)
	if err != nil || got.State != transfer.Acknowledged {
		t.Errorf("in the end: %v, %v", got.State, err)
	}
	w.Verify()
}

func TestReceiptOfABrokenDelivery(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	pdl, sent := w.As(authz.PDL), w.Available([]byte("x"))
	d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
	w.Must(err)
	if err := d.Send(w.Ctx, gone{}); !errors.Is(err, transfer.ErrRecipientGone) {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("x"))
	if _, err := w.Transfers.Acknowledge(w.Ctx, pdl, sent.ID, map[int]string{1: hex.EncodeToString(sum[:])}); !errors.Is(err, lifecycle.ErrIllegal) {
		t.Errorf("after it broke: %v", err)
	}
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, errors.New("gone") }
