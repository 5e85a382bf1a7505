package e2e

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"safeconduct/authz"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/consent"
)

// onPostgres is a world whose records lie in a fresh PostgreSQL database.
func onPostgres(t *testing.T, year int) *apptest.World {
	t.Helper()
	return apptest.Ready(t, apptest.Options{Year: year, Store: storeOn(t, servertest.Database(t, sharedPostgres(t)))})
}

// together runs n at once and waits for all.
func together(n int, run func(int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			run(i)
		})
	}
	close(start)
	all.Wait()
}

func TestRaces(t *testing.T) {
	t.Run("AGR_VOLUME two releases at once do not share one place", func(t *testing.T) {
		const allowed, tried = 3, 8 // transfers of two persons
		w := onPostgres(t, 2*allowed)
		ro, hom := w.As(authz.RO), w.As(authz.HOM)
		ids := make([]string, tried)
		for i := range ids {
			sent, err := w.Transfers.Request(w.Ctx, ro, w.Order())
			w.Must(err)
			_, err = w.Transfers.Receive(w.Ctx, ro, sent.ID, 1, "", bytes.NewReader([]byte("x")))
			w.Must(err)
			ids[i] = sent.ID
		}
		var mu sync.Mutex
		released := 0
		together(tried, func(i int) {
			_, err := w.Transfers.Approve(w.Ctx, hom, ids[i], true, "")
			mu.Lock()
			defer mu.Unlock()
			var r *transfer.RefusedError
			switch {
			case err == nil:
				released++
			case !errors.As(err, &r) || r.Decision.Codes()[0] != "AGR_VOLUME":
				t.Errorf("approval %d: %v", i, err)
			}
		})
		if released != allowed {
			t.Errorf("%d released, want %d", released, allowed)
		}
		w.Verify()
	})
	t.Run("R57 files of one transfer land and leave at once", func(t *testing.T) {
		const files = 6
		w := onPostgres(t, 0)
		ro, pdl := w.As(authz.RO), w.As(authz.PDL)
		order := w.Order()
		for range files - 1 {
			order.Files = append(order.Files, order.Files[0])
		}
		sent, err := w.Transfers.Request(w.Ctx, ro, order)
		w.Must(err)
		together(files, func(i int) {
			if _, err := w.Transfers.Receive(w.Ctx, ro, sent.ID, i+1, "", bytes.NewReader([]byte{byte(i)})); err != nil {
				t.Errorf("file %d: %v", i+1, err)
			}
		})
		_, err = w.Transfers.Approve(w.Ctx, w.As(authz.HOM), sent.ID, true, "")
		w.Must(err)
		together(files, func(i int) {
			d, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, i+1, 0)
			if err == nil {
				err = d.Send(w.Ctx, io.Discard)
			}
			if err != nil {
				t.Errorf("pull of file %d: %v", i+1, err)
			}
		})
		w.Verify()
	})
	t.Run("CONSENT_WITHDRAWN against a pull: none is released after the answer", func(t *testing.T) {
		w := onPostgres(t, 0)
		ro, pdl := w.As(authz.RO), w.As(authz.PDL)
		sent := w.Available([]byte("x"))
		for range 10 {
			given := w.Consent("CASE-1")
			together(2, func(i int) {
				if i == 0 {
					if _, err := w.Consents.Withdraw(w.Ctx, ro, given[0].ID, ""); err != nil {
						t.Error(err)
					}
					return
				}
				_, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0)
				if err != nil && !errors.Is(err, transfer.ErrNotAvailable) {
					t.Error(err)
				}
			})
			if _, err := w.Transfers.Pull(w.Ctx, pdl, sent.ID, 1, 0); !errors.Is(err, transfer.ErrNotAvailable) {
				t.Fatalf("after the withdrawal was answered: %v", err)
			}
		}
		if got, err := w.Consents.Consent(w.Ctx, ro, w.Consented[1].ID); err != nil || got.State != consent.Given {
			t.Errorf("the other person's consent: %v, %v", got.State, err)
		}
		w.Verify()
	})
}
