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
		enter := func(person string) func() {
			t.Helper()
			leave, err := h.enter(t.Context(), person)
			if err != nil {
				t.Fatalf("%s finds no place: %v", person, err)
			}
			return leave
		}
		refused := func(person string) {
			t.Helper()
			began := time.Now() // of the bubble
			if _, err := h.enter(t.Context(), person); !errors.Is(err, ErrBusy) || time.Since(began) != handWait {
				t.Errorf("%s after %s: %v", person, time.Since(began), err)
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
			t.Errorf("%d persons and %d places are kept", len(h.each), len(h.all))
		}
	})
}
