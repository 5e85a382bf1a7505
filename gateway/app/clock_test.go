package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestOnward(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	at := start
	var log bytes.Buffer
	now := onward(func() time.Time { return at }, slog.New(slog.NewTextHandler(&log, nil)))
	for _, step := range []struct {
		moves, want time.Duration // since the start
		told        int
	}{
		{0, 0, 0},
		{time.Hour, time.Hour, 0},
		{time.Hour - time.Second, time.Hour, 0}, // as time servers do
		{-time.Hour, time.Hour, 1},
		{0, time.Hour, 1}, // told once
		{time.Hour + time.Second, time.Hour + time.Second, 1},
		{0, time.Hour + time.Second, 2},
	} {
		at = start.Add(step.moves)
		if got := now().Sub(start); got != step.want || strings.Count(log.String(), "set back") != step.told {
			t.Errorf("at %v it says %v, want %v; told %d times", step.moves, got, step.want, strings.Count(log.String(), "set back"))
		}
	}
	real := onward(time.Now, slog.New(slog.DiscardHandler))
	if a := real(); strings.Contains(a.String(), "m=") {
		t.Error("it reads the clock that is never set back")
	}
}
