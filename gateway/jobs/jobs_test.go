package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"safeconduct/gateway/jobs"
)

// lines keeps what is logged.
type lines struct{ strings.Builder }

func (l *lines) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// Jobs run at start and every minute; one that fails is told, keeps no other from its turn, and is tried the next time.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var at []time.Duration
		begun, told := time.Now(), &lines{}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			jobs.Run(ctx, told.log(),
				jobs.Job{Name: "fails", Run: func(context.Context) (int, error) { return 0, errors.New("a row is locked") }},
				jobs.Job{Name: "counts", Run: func(context.Context) (int, error) { at = append(at, time.Since(begun)); return len(at), nil }})
		}()
		time.Sleep(2*jobs.Every + time.Second) //nolint:forbidigo // of the bubble's clock
		stop()
		<-ended
		if want := []time.Duration{0, jobs.Every, 2 * jobs.Every}; !slices.Equal(at, want) {
			t.Errorf("it ran at %v, want %v", at, want)
		}
		if got := told.String(); strings.Count(got, `level=ERROR msg="job failed" job=fails error="a row is locked"`) != 3 ||
			!strings.Contains(got, `level=INFO msg="job done" job=counts count=3`) {
			t.Errorf("told:\n%s", got)
		}
	})
}

// No run of a bounded job meets the next one.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		for _, j := range jobs.Bounded([]jobs.Job{{Name: "hangs", Run: func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 3, context.Cause(ctx)
		}}}) {
			if n, err := j.Run(t.Context()); n != 3 || !errors.Is(err, context.DeadlineExceeded) || j.Name != "hangs" {
				t.Errorf("%s: %d, %v", j.Name, n, err)
			}
		}
		if took := time.Since(begun); took != jobs.Bound || took >= jobs.Every {
			t.Errorf("it took %s", took)
		}
	})
}
