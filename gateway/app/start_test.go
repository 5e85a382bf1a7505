package app_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"safeconduct/config"
	"safeconduct/gateway/app"
	"safeconduct/gateway/telemetry/telemetrytest"
)

// TestOrigin: the log keeps its name, and a start under another one says which it is.
func TestOrigin(t *testing.T) {
	c := config.Default([]string{"HOME=" + t.TempDir()})
	c.Server.Listen = "127.0.0.1:0"
	log := &telemetrytest.Log{}
	a, err := app.Open(t.Context(), c, log)
	must(t, err)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	stop() // it ends at once, and settles the log before
	must(t, errors.Join(a.Run(ctx), a.Close()))
	for _, said := range []string{`"stopping"`, `"stopped"`, "run safeconduct bootstrap"} {
		if !strings.Contains(log.String(), said) {
			t.Errorf("the log does not say %s: %s", said, log)
		}
	}
	t.Run("R52 another name of the log is refused with the right one", func(t *testing.T) {
		other := c
		other.Log.Origin = "other.example.org/log"
		_, err := app.Open(t.Context(), other, io.Discard)
		if !errors.Is(err, app.ErrOrigin) || !strings.Contains(err.Error(), "set log.origin to "+c.Log.Origin) {
			t.Errorf("%v", err)
		}
	})
	t.Run("R52 its own name is not", func(t *testing.T) {
		a, err := app.Open(t.Context(), c, io.Discard)
		must(t, err)
		must(t, a.Close())
	})
}

// TestNotSetUp: every duty says the same where nobody has set the system up.
func TestNotSetUp(t *testing.T) {
	for _, played := range []string{"intake", "release", "keeper", "sequencer"} {
		t.Run(played, func(t *testing.T) {
			c := config.Default([]string{"HOME=" + t.TempDir()})
			c.Duty = []string{played}
			a, err := app.Open(t.Context(), c, io.Discard)
			if err == nil {
				must(t, a.Close())
			}
			if !errors.Is(err, app.ErrNotSetUp) || !strings.Contains(err.Error(), "run safeconduct bootstrap") {
				t.Errorf("%v", err)
			}
		})
	}
}
