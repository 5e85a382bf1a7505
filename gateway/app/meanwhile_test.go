package app_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"safeconduct/authz"
	"safeconduct/gateway/app"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/seal"
)

// slow is a signer that waits for leave, once.
type slow struct {
	seal.Signer
	mu    sync.Mutex
	hold  chan struct{} // closed to go on; nil where nothing is held
	asked chan struct{}
}

func (s *slow) Sign(ctx context.Context, message []byte) ([]byte, int, error) {
	s.mu.Lock()
	hold, asked := s.hold, s.asked
	s.hold = nil
	s.mu.Unlock()
	if hold != nil {
		close(asked)
		<-hold
	}
	return s.Signer.Sign(ctx, message)
}

// TestWithdrawnWhileTheCheckpointIsAwaited: the gate said yes, and before the
// first byte the person took consent back, and was answered.
func TestWithdrawnWhileTheCheckpointIsAwaited(t *testing.T) {
	signer := &slow{}
	w := apptest.Ready(t, apptest.Options{Parts: func(p *app.Parts) {
		signer.Signer = p.Signer
		p.Signer = signer
	}})
	sent := w.Available(payload(1))
	pdl, ro := w.As(authz.PDL), w.As(authz.RO)
	var left bytes.Buffer
	hold, asked := make(chan struct{}), make(chan struct{})
	signer.mu.Lock()
	signer.hold, signer.asked = hold, asked
	signer.mu.Unlock()
	pulled := make(chan error, 1)
	go func() {
		d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
		if err == nil {
			err = d.Send(w.Ctx, &left)
		}
		pulled <- err
	}()
	<-asked // the release is logged, and waits for its checkpoint
	_, err := w.Consents.Withdraw(w.Ctx, ro, w.Consented[0].ID, "")
	close(hold)
	w.Must(err)
	t.Run("CONSENT_WITHDRAWN answered before the first byte holds", func(t *testing.T) {
		if err := <-pulled; !errors.Is(err, transfer.ErrNotAvailable) {
			t.Errorf("the pull: %v", err)
		}
		if left.Len() > 0 {
			t.Errorf("%d bytes left", left.Len())
		}
	})
	w.Verify()
}
