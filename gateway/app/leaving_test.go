package app_test

import (
	"bytes"
	"errors"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// stuck takes its first bytes only when it is let, and counts what it was given.
type stuck struct {
	entered chan struct{}
	leave   chan struct{}
	writes  int
}

func (s *stuck) Write(p []byte) (int, error) {
	if s.writes++; s.writes == 1 {
		close(s.entered)
		<-s.leave
	}
	return len(p), nil
}

// TestTakenBackWhileTheRecipientTakesNothing: the recipient's writer heeds no
// bound at all, and takes its first bytes after a recall was answered.
func TestTakenBackWhileTheRecipientTakesNothing(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	sent := w.Available(bytes.Repeat([]byte("x"), 100_000))
	ro, pdl := w.As(authz.RO), w.As(authz.PDL)
	d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
	w.Must(err)
	out := &stuck{entered: make(chan struct{}), leave: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- d.Send(w.Ctx, out) }()
	<-out.entered
	_, err = w.Transfers.Recall(w.Ctx, ro, sent.ID, "by mistake")
	close(out.leave)
	w.Must(err)
	if err := <-ended; !errors.Is(err, transfer.ErrRecipientGone) {
		t.Errorf("the delivery: %v", err)
	}
	if out.writes != 1 {
		t.Errorf("%d writes, all but one after the recall was answered", out.writes)
	}
	w.Verify()
}

// deaf is a recipient who is gone before the first byte.
type deaf struct{}

func (deaf) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestAnOffsetIsNotWhatWasSent(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	pdl, sent := w.As(authz.PDL), w.Available(bytes.Repeat([]byte("x"), 100_000))
	for n := range 2 * sent.PullLimit { // each from before the last, and so none goes on in it
		d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 50_000-int64(n))
		w.Must(err)
		if err := d.Send(w.Ctx, deaf{}); !errors.Is(err, transfer.ErrRecipientGone) {
			t.Fatal(err)
		}
	}
	var got bytes.Buffer
	d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
	w.Must(err)
	w.Must(d.Send(w.Ctx, &got))
	if got.Len() != 100_000 {
		t.Errorf("%d bytes", got.Len())
	}
}
