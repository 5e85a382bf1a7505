package transfer

import (
	"context"
	"sync"
	"time"
)

const (
	// handsAtOnce is how many first parts are handed over at a time: each holds
	// a connection of the store for as long as its recipient takes.
	handsAtOnce = 4
	// handsEach is how many of them may be one partner's.
	handsEach = 2
	// handRest is how many times as long as a recipient took is their place left
	// empty: a partner who takes as long as may be, again and again, cannot keep
	// what they pull locked against who takes it back.
	handRest = 9
	// handWait bounds the wait for a place.
	handWait = 3 * time.Second
)

// hands are the places of what is being handed over.
type hands struct {
	all chan struct{}

	mu   sync.Mutex
	each map[string]*handful // of the partners who have a place or wait for one
}

type handful struct {
	places chan struct{}
	users  int
}

func newHands() *hands {
	return &hands{all: make(chan struct{}, handsAtOnce), each: map[string]*handful{}}
}

// place is where one first part is handed over.
type place struct {
	began time.Time // when the recipient's part began; zero before
	leave func()    // gives the place back, once
}

// enter takes a place, first of the partner's own, and waits handWait at most;
// then it answers ErrBusy.
func (h *hands) enter(ctx context.Context, partner string) (*place, error) {
	bounded, cancel := context.WithTimeout(ctx, handWait)
	defer cancel()
	own := h.join(partner)
	if !enter(bounded, own.places) {
		h.part(partner)
		return nil, busy(ctx)
	}
	free := func() {
		<-own.places
		h.part(partner)
	}
	if !enter(bounded, h.all) {
		free()
		return nil, busy(ctx)
	}
	p := &place{}
	p.leave = sync.OnceFunc(func() {
		<-h.all
		if p.began.IsZero() {
			free()
			return
		}
		time.AfterFunc(handRest*time.Since(p.began), free)
	})
	return p, nil
}

func enter(ctx context.Context, places chan<- struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func busy(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return ErrBusy
}

func (h *hands) join(partner string) *handful {
	h.mu.Lock()
	defer h.mu.Unlock()
	own := h.each[partner]
	if own == nil {
		own = &handful{places: make(chan struct{}, handsEach)}
		h.each[partner] = own
	}
	own.users++
	return own
}

func (h *hands) part(partner string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	own := h.each[partner]
	if own.users--; own.users == 0 {
		delete(h.each, partner)
	}
}
