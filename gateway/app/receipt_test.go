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

func TestReceiptOfAFileThatNobodyPulled(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	ro, pdl := w.As(authz.RO), w.As(authz.PDL)
	contents := [][]byte{[]byte("one"), []byte("two")}
	order := w.Order()
	order.Files = append(order.Files, order.Files[0])
	sent, err := w.Transfers.Request(w.Ctx, ro, order)
	w.Must(err)
	for i, content := range contents {
		_, err = w.Transfers.Receive(w.Ctx, ro, sent.ID, i+1, "", bytes.NewReader(content))
		w.Must(err)
	}
	_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
	w.Must(err)
	receipt := func(files ...int) (transfer.Transfer, error) {
		hashes := map[int]string{}
		for _, n := range files {
			sum := sha256.Sum256(contents[n-1])
			hashes[n] = hex.EncodeToString(sum[:])
		}
		return w.Transfers.Acknowledge(w.Ctx, pdl, sent.ID, hashes)
	}
	pull := func(n int) {
		d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, n, 0)
		w.Must(err)
		w.Must(d.Send(w.Ctx, &bytes.Buffer{}))
	}
	pull(1)
	for name, files := range map[string][]int{"alone": {2}, "beside one that was": {1, 2}} {
		if _, err := receipt(files...); !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("of a file that nobody pulled, %s: %v", name, err)
		}
	}
	for range 2 { // it may be repeated
		if got, err := receipt(1); err != nil || got.State != transfer.Pulled {
			t.Errorf("of the file that was pulled: %v, %v", got.State, err)
		}
	}
	pull(2)
	if got, err := receipt(2); err != nil || got.State != transfer.Acknowledged {
		t.Errorf("of the last one: %v, %v", got.State, err)
	}
	w.Verify()
}
