package app

import (
	"log/slog"
	"sync"
	"time"
)

// farBehind is how far a clock may be set back before an operator must know.
const farBehind = time.Minute

// onward is a clock that never goes back: whatever it has once called expired
// stays so while the process runs, wherever the machine's clock is set to. Until
// that has caught up, time stands still.
func onward(now func() time.Time, log *slog.Logger) func() time.Time {
	var mu sync.Mutex
	var last time.Time
	told := false
	return func() time.Time {
		t := now().Round(0) // the reading of the wall clock alone: the other is never set back
		mu.Lock()
		defer mu.Unlock()
		if t.After(last) {
			last, told = t, false
			return t
		}
		if behind := last.Sub(t); behind > farBehind && !told {
			told = true
			log.Error("the clock was set back; time stands still until it has caught up, or the process is started again", "behind", behind)
		}
		return last
	}
}
