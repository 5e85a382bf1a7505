package client_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/gateway/cli/client"
)

// TestUntrusted: who cannot show that it is the gateway is asked once, and gets nothing.
func TestUntrusted(t *testing.T) {
	var pauses atomic.Int32
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, token(t), client.Options{Pause: func(ctx context.Context, _ time.Duration) error {
		pauses.Add(1)
		return ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	_, err = c.Get(t.Context(), "/x", nil)
	if !errors.Is(err, client.ErrUntrusted) || errors.Is(err, client.ErrUnreachable) || pauses.Load() != 0 {
		t.Errorf("%v after %d pauses", err, pauses.Load())
	}
}

// TestLongWaitsAreTold: a wait that the gateway asks for is told where it is long, and a short one is not.
func TestLongWaitsAreTold(t *testing.T) {
	for asked, want := range map[int][]time.Duration{2: nil, 3: {3 * time.Second}, 600: {time.Minute}} {
		t.Run(strconv.Itoa(asked), func(t *testing.T) {
			var calls atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if calls.Add(1) == 1 {
					w.Header().Set("Retry-After", strconv.Itoa(asked))
					w.WriteHeader(http.StatusTooManyRequests)
				}
			}))
			t.Cleanup(server.Close)
			var told []time.Duration
			c, err := client.New(server.URL, token(t), client.Options{
				Pause:   func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
				Waiting: func(d time.Duration) { told = append(told, d) },
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			if _, err := c.Get(t.Context(), "/x", nil); err != nil || !slices.Equal(told, want) {
				t.Errorf("told %v, %v; want %v", told, err, want)
			}
		})
	}
}
