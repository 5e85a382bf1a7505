package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"safeconduct/gateway/duty"
	"safeconduct/transfer/seal"
	"safeconduct/transfer/seal/vaulttransit"
)

// ends is a key service that answers so.
type ends struct {
	at  time.Time
	err error
}

func (e ends) LoginEnds(context.Context) (time.Time, error) { return e.at, e.err }

func TestLoginEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	for name, c := range map[string]struct {
		said ends
		want time.Time
		err  error
		told string
	}{
		"R50 an end is told":                      {ends{at: now.Add(time.Hour)}, now.Add(time.Hour), nil, ""},
		"R50 one that never comes":                {ends{}, time.Time{}, nil, ""},
		"R50 what Vault does not know ended now":  {ends{err: fmt.Errorf("asking: %w", vaulttransit.ErrLoginEnded)}, now, nil, "level=ERROR"},
		"R50 what cannot be learnt is no end yet": {ends{err: seal.ErrDenied}, time.Time{}, seal.ErrDenied, "deploy/vault"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			got, err := loginEnd(c.said, duty.Release, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })(t.Context())
			if !got.Equal(c.want) || !errors.Is(err, c.err) {
				t.Errorf("%v, %v", got, err)
			}
			if told := log.String(); !strings.Contains(told, c.told) || c.told == "" && told != "" || c.told != "" && !strings.Contains(told, "duty=release") {
				t.Errorf("it is told: %q", told)
			}
		})
	}
}
