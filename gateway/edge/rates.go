package edge

import (
	"context"
	"sync"
	"time"
)

// Rates counts the requests of callers for all replicas together. store.Rates is one.
type Rates interface {
	// Take takes block requests of the caller's minute, which begins at minute, and reports whether they could be had: no
	// more than most are ever taken.
	Take(ctx context.Context, caller string, minute time.Time, block, most int64) (bool, error)
}

// alone is Rates for a process that has no others beside it.
type alone struct{}

func (alone) Take(context.Context, string, time.Time, int64, int64) (bool, error) { return true, nil }

// blocks is into how many parts the rate of a caller is cut: a replica that takes one need not ask again until it has
// used it up, and what it does not use in the minute is lost: restarts and replicas must not use up the rate.
const blocks = 100

// rates limits callers. A process spends the block that it took, and never more than the whole rate.
type rates struct {
	shared      Rates
	block, most int64

	mu     sync.Mutex
	minute time.Time
	now    map[string]*allowance // of this minute
}

// allowance is what is left to one caller at this process.
type allowance struct {
	mu          sync.Mutex
	left, taken int64
	over        bool // nothing can be had any more in this minute
}

func newRates(shared Rates, perMinute int) *rates {
	if shared == nil {
		shared = alone{}
	}
	most := int64(perMinute)
	return &rates{shared: shared, most: most, block: max(1, most/blocks), now: map[string]*allowance{}}
}

func (r *rates) of(caller string, minute time.Time) *allowance {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !minute.Equal(r.minute) {
		r.minute, r.now = minute, map[string]*allowance{}
	}
	a := r.now[caller]
	if a == nil {
		a = &allowance{}
		r.now[caller] = a
	}
	return a
}

// take spends one request of the caller, and reports whether there was one.
func (r *rates) take(ctx context.Context, caller string, at time.Time) (bool, error) {
	minute := at.UTC().Truncate(time.Minute)
	a := r.of(caller, minute)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left == 0 && !a.over {
		if a.taken+r.block > r.most {
			a.over = true
			return false, nil
		}
		had, err := r.shared.Take(ctx, caller, minute, r.block, r.most)
		if err != nil {
			return false, err
		}
		if !had {
			a.over = true
			return false, nil
		}
		a.left, a.taken = r.block, a.taken+r.block
	}
	if a.over {
		return false, nil
	}
	a.left--
	return true, nil
}

// over reports whether the caller is known to have nothing left in this minute; it asks nobody.
func (r *rates) over(caller string, at time.Time) bool {
	a := r.of(caller, at.UTC().Truncate(time.Minute))
	if !a.mu.TryLock() {
		return false // it is being asked just now
	}
	defer a.mu.Unlock()
	return a.over
}

// untilNext is how long a minute has still to go.
func untilNext(at time.Time) time.Duration { return time.Minute - at.Sub(at.Truncate(time.Minute)) }
