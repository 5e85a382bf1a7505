package transfer

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestHandsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHands()
		enter := func(partner string) func() {
			t.Helper()
			p, err := h.enter(t.Context(), partner)
			if err != nil {
				t.Fatalf("%s finds no place: %v", partner, err)
			}
			return p.leave
		}
		refused := func(partner string) {
			t.Helper()
			began := time.Now() // of the bubble
			if _, err := h.enter(t.Context(), partner); !errors.Is(err, ErrBusy) || time.Since(began) != handWait {
				t.Errorf("%s after %s: %v", partner, time.Since(began), err)
			}
		}
		var taken []func()
		for range handsEach {
			taken = append(taken, enter("one"))
		}
		refused("one") // and others are not kept out
		for n := len(taken); n < handsAtOnce; n++ {
			taken = append(taken, enter(fmt.Sprint(n)))
		}
		refused("another")
		taken[0]()
		taken[0]() // gives back one place only
		taken[0] = enter("another")
		refused("yet another")
		for _, leave := range taken {
			leave()
		}
		if len(h.each) != 0 || len(h.all) != 0 {
			t.Errorf("%d partners and %d places are kept", len(h.each), len(h.all))
		}
	})
}

// TestSlowHandsRest: whoever blocks what they pull for a second, twice at a
// time and again and again, leaves it free for most of the time.
func TestSlowHandsRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHands()
		began, blocked := time.Now(), time.Duration(0)
		for time.Since(began) < time.Minute {
			p, err := h.enter(t.Context(), "slow")
			if errors.Is(err, ErrBusy) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			p.began = time.Now()
			<-time.After(firstWait)
			blocked += firstWait
			p.leave()
		}
		if most := time.Minute * handsEach / (1 + handRest); blocked > most+handsEach*firstWait {
			t.Errorf("blocked for %s of a minute, more than %s", blocked, most)
		}
		quick, err := h.enter(t.Context(), "quick")
		if err != nil {
			t.Fatalf("another partner waits for it: %v", err)
		}
		quick.began = time.Now()
		quick.leave() // took no time, and rests for none
		synctest.Wait()
		<-time.After((1 + handRest) * firstWait)
		synctest.Wait()
		if len(h.each) != 0 || len(h.all) != 0 {
			t.Errorf("%d partners and %d places are kept", len(h.each), len(h.all))
		}
	})
}
