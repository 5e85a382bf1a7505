package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// lines are all of the log that the role sees.
func lines(w *apptest.World, role authz.Role) []transfer.LogLine {
	w.T.Helper()
	w.Settled()
	var all []transfer.LogLine
	for after := int64(-1); ; {
		page, next, err := w.Log.Entries(w.Ctx, w.As(role), transfer.LogFilter{After: after, AtMost: 100})
		w.Must(err)
		all = append(all, page...)
		if next < 0 {
			return all
		}
		after = next
	}
}

// R37: each decision of a story is told again after all that it rested on has changed, with the same verdict.
func TestReplay(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	w.Refused("AGR_MISSING", "RBA_MISSING", "CONSENT_MISSING")
	w = apptest.Ready(t, apptest.Options{})
	_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), func() transfer.Order { o := w.Order(); o.Categories = []string{"other"}; return o }())
	if err == nil {
		t.Fatal("a category outside the agreement was not refused")
	}
	sent := w.Available([]byte("given_name\nx\n"))
	_, err = w.Transfers.Pull(w.Ctx, w.As(authz.PDL), sent.ID, 1, 0)
	w.Must(err)
	_, err = w.Agreements.Suspend(w.Ctx, w.As(authz.LEG), sent.Agreement, "an incident")
	w.Must(err)
	changes(w, 1) // held by the clock
	w.Must(errors.Join(withdrawn(w)...))
	phases := map[string]int{}
	for _, line := range lines(w, authz.OIG) {
		if line.Entry.Facts == "" {
			if _, err := w.Log.Replay(w.Ctx, w.As(authz.OIG), line.Seq); !errors.Is(err, people.ErrInvalid) {
				t.Errorf("entry %d is of no decision: %v", line.Seq, err)
			}
			continue
		}
		phases[line.Entry.Phase]++
		t.Run("R37 "+line.Entry.Phase+" "+strings.Join(line.Entry.Codes, " "), func(t *testing.T) {
			r, err := w.Log.Replay(w.Ctx, w.As(authz.OIG), line.Seq)
			if err != nil || !r.Same || len(r.Differs) > 0 || !slices.Equal(r.Now, r.Then) || len(r.Read) == 0 {
				t.Errorf("%+v, %v", r, err)
			}
			if !strings.Contains(r.Policy, "authz:") || !strings.Contains(r.Policy, " rules:1:") {
				t.Errorf("decided under %q", r.Policy)
			}
		})
	}
	for _, phase := range []string{"REQUEST", "COMMIT", "PULL"} {
		if phases[phase] == 0 {
			t.Errorf("no decision at %s", phase)
		}
	}
	t.Run("who may not see the entry", func(t *testing.T) {
		for _, seq := range []int64{-1, 1 << 40} {
			if _, err := w.Log.Replay(w.Ctx, w.As(authz.OIG), seq); !errors.Is(err, evidence.ErrNotFound) {
				t.Errorf("entry %d: %v", seq, err)
			}
		}
		if _, err := w.Log.Replay(w.Ctx, w.As(authz.PDL), 0); !errors.Is(err, authz.ErrDenied) {
			t.Errorf("%v", err)
		}
	})
	w.Verify()
}

func withdrawn(w *apptest.World) (errs []error) {
	for _, c := range w.Consented {
		_, err := w.Consents.Withdraw(w.Ctx, w.As(authz.RO), c.ID, "asked")
		errs = append(errs, err)
	}
	return errs
}
