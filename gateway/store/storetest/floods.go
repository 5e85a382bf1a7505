package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
)

// testRates has several replicas take blocks of one caller's minute.
func testRates(t *testing.T, b *bench) {
	const most, block = 100, 7 // fourteen blocks, and two requests that nobody gets
	minute := Epoch().Truncate(time.Minute)
	rates := store.Rates{Store: b.Store, Now: Epoch}
	var taken atomic.Int64
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for range 10 {
				had, err := rates.Take(t.Context(), "p-1", minute, block, most)
				if err != nil {
					t.Error(err)
				}
				if had {
					taken.Add(block)
				}
			}
		})
	}
	running.Wait()
	if taken.Load() != 98 {
		t.Errorf("%d requests were taken", taken.Load())
	}
	for name, at := range map[string]struct {
		caller string
		minute time.Time
		block  int64
		had    bool
	}{
		"nothing is left":        {"p-1", minute, block, false},
		"what is left":           {"p-1", minute, 2, true},
		"another caller":         {"p-2", minute, block, true},
		"the next minute":        {"p-1", minute.Add(time.Minute), block, true},
		"more than there is":     {"p-3", minute, most + 1, false},
		"all at once, and whole": {"p-4", minute, most, true},
	} {
		if had, err := rates.Take(t.Context(), at.caller, at.minute, at.block, most); err != nil || had != at.had {
			t.Errorf("%s: %v %v", name, had, err)
		}
	}
	later := store.Rates{Store: b.Store, Now: func() time.Time { return minute.Add(5 * time.Minute) }}
	if n, err := later.ForgetRates(t.Context()); err != nil || n != 3 {
		t.Errorf("%d forgotten, %v", n, err)
	}
}

func testTallies(t *testing.T, b *bench) {
	tallies := store.For[evidence.TallyTx](b.Store)
	minute := Epoch().Truncate(time.Minute)
	one := evidence.Tally{Source: source(1), Code: evidence.TallyUnknown, Minute: minute, Count: 3}
	person := evidence.Tally{Actor: person(1), Code: evidence.TallyLimited, Minute: minute.Add(time.Minute), Count: 1}
	add := func(all ...evidence.Tally) {
		t.Helper()
		if _, err := tallies.Update(t.Context(), func(tx evidence.TallyTx) error { return tx.AddTallies(t.Context(), all) }); err != nil {
			t.Fatal(err)
		}
	}
	take := func(before time.Time, most int, fail error) (all []evidence.Tally) {
		t.Helper()
		_, err := tallies.Update(t.Context(), func(tx evidence.TallyTx) (err error) {
			all, _, err = tx.TakeTallies(t.Context(), before, most)
			return errors.Join(err, fail)
		})
		if !errors.Is(err, fail) {
			t.Fatal(err)
		}
		return all
	}
	add(one, person)
	add(one)
	if got := take(minute, 10, nil); len(got) != 0 {
		t.Errorf("before its minute: %v", got)
	}
	one.Count = 6
	if got := take(minute.Add(time.Minute), 10, errMine); fmt.Sprint(got) != fmt.Sprint([]evidence.Tally{one}) {
		t.Errorf("taken %v, want %v", got, one)
	}
	if got := take(minute.Add(time.Minute), 10, nil); len(got) != 1 {
		t.Errorf("what an error gave back: %v", got)
	}
	if got := take(minute.Add(time.Hour), 10, nil); fmt.Sprint(got) != fmt.Sprint([]evidence.Tally{person}) {
		t.Errorf("taken %v, want %v", got, person)
	}
	for i := range 5 {
		add(evidence.Tally{Source: source(i), Code: evidence.TallyUnknown, Minute: minute, Count: 1})
	}
	takenOnce(t, func() int { return len(take(minute.Add(time.Hour), 3, nil)) })
	if err := tallies.View(t.Context(), func(tx evidence.TallyTx) error { return tx.AddTallies(t.Context(), []evidence.Tally{one}) }); err == nil {
		t.Error("a view adds")
	}
}

// takenOnce has two replicas take five tallies, at most three at a time.
func takenOnce(t *testing.T, take func() int) {
	t.Helper()
	var taken atomic.Int64
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() { taken.Add(int64(take())) })
	}
	running.Wait()
	for n := take(); n > 0; n = take() {
		taken.Add(int64(n))
	}
	if taken.Load() != 5 {
		t.Errorf("%d of 5 were taken", taken.Load())
	}
}
