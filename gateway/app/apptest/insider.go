package apptest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/gateway/app"
	"safeconduct/transfer"
)

// Alarms counts what the alarm metric would.
type Alarms struct {
	mu    sync.Mutex
	kinds []string
}

func (a *Alarms) ring(_ context.Context, kind string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kinds = append(a.kinds, kind)
}

// Count is how often it rang.
func (a *Alarms) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.kinds)
}

func (a *Alarms) rang(kind string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.kinds, kind)
}

// insider is one row written by hand, and the act that would profit.
type insider struct {
	name string
	kind string // of the row that the alarm must name
	hand func(w *World, h *Hand) (act func() error)
}

// RunInsider writes every kind of row that carries authority by hand, and wants
// a refusal, an entry of the log and an alarm, and never data (R49, R53). open
// gives a world that is ready, and its database as the administrator has it.
func RunInsider(t *testing.T, open func(t *testing.T, o Options) (*World, *Hand)) {
	t.Helper()
	for _, tc := range slices.Concat(tokensByHand(), grantsByHand(), signatoriesByHand(), decisionsByHand(), consentsByHand(), logByHand()) {
		t.Run("R49 R53 "+tc.name, func(t *testing.T) {
			t.Parallel()
			alarms := &Alarms{}
			w, h := open(t, Options{Alarms: alarms})
			act := tc.hand(w, h)
			err := act()
			if err == nil {
				t.Fatal("it was believed")
			}
			if !errors.Is(err, evidence.ErrTampered) && !errors.Is(err, identity.ErrUnknown) {
				t.Errorf("it failed, but not since the row is forged: %v", err)
			}
			if !alarms.rang(tc.kind) {
				t.Errorf("no alarm for a %s, only %v", tc.kind, alarms.kinds)
			}
			if w.Recorded(tc.kind) == 0 {
				t.Errorf("no entry says that a %s was altered", tc.kind)
			}
		})
	}
}

// Recorded counts the entries that say that a row of the kind was altered.
func (w *World) Recorded(kind string) int {
	w.T.Helper()
	w.Settled()
	lines, _, err := w.Log.Entries(w.Ctx, w.As(authz.OIG), transfer.LogFilter{Code: app.Tampered, After: -1, AtMost: 100})
	w.Must(err)
	return len(slices.DeleteFunc(lines, func(l transfer.LogLine) bool { return l.Entry.Subject.Kind != kind }))
}
