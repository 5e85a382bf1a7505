package telemetry_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"safeconduct/gateway/telemetry"
)

// TestLoginsEnd: the end of each login is told in seconds; of one that never ends, or of which nothing can be learnt, nothing
// is; and however often metrics are read, the key service is asked once in ten minutes.
func TestLoginsEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	tel := setup(t, telemetry.Default(), io.Discard)
	m, err := telemetry.NewMeters(tel.Meter(), telemetry.WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	end := now.Add(time.Hour)
	if err := m.Observe(telemetry.Sources{
		Backlog: func(context.Context) (telemetry.Backlog, error) { return telemetry.Backlog{}, nil },
		Logins: map[string]func(context.Context) (time.Time, error){
			"intake":    func(context.Context) (time.Time, error) { asked++; return end, nil },
			"release":   func(context.Context) (time.Time, error) { return time.Time{}, nil },
			"sequencer": func(context.Context) (time.Time, error) { return time.Time{}, errors.New("denied") },
		},
	}); err != nil {
		t.Fatal(err)
	}
	const line = `safeconduct_vault_login_expiry_seconds{safeconduct_duty=`
	for _, c := range []struct {
		later time.Duration
		want  string
		asked int
	}{
		{0, "3600", 1}, {9 * time.Minute, "3060", 1}, {time.Minute, "3000", 2}, {2 * time.Hour, "-4200", 3},
	} {
		now = now.Add(c.later)
		got := scrape(t, tel.Metrics())
		if !strings.Contains(got, line+`"intake"} `+c.want+"\n") || strings.Count(got, line) != 1 || asked != c.asked {
			t.Errorf("%v later: asked %d times, %s", c.later, asked, got[max(0, strings.Index(got, line)):])
		}
	}
}
