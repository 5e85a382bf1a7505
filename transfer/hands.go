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
	// handsEach is how many of them may be one person's.
	handsEach = 2
	// handWait bounds the wait for a place.
	handWait = 3 * time.Second
)

// hands are the places of what is being handed over.
type hands struct {
	all chan struct{}

	mu   sync.Mutex
	each map[string]*handful // of those who have a place or wait for one
}

type handful struct {
	places chan struct{}
	users  int
}

func newHands() *hands {
	return &hands{all: make(chan struct{}, handsAtOnce), each: map[string]*handful{}}
}

// enter takes a place, first of the person's own, and waits handWait at most;
// then it answers ErrBusy. leave gives the place back, once.
func (h *hands) enter(ctx context.Context, person string) (leave func(), err error) {
	bounded, cancel := context.WithTimeout(ctx, handWait)
	defer cancel()
	own := h.join(person)
	if !enter(bounded, own.places) {
		h.part(person)
		return nil, busy(ctx)
	}
	if !enter(bounded, h.all) {
		<-own.places
		h.part(person)
		return nil, busy(ctx)
	}
	return sync.OnceFunc(func() {
		<-h.all
		<-own.places
		h.part(person)
	}), nil
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

func (h *hands) join(person string) *handful {
	h.mu.Lock()
	defer h.mu.Unlock()
	own := h.each[person]
	if own == nil {
		own = &handful{places: make(chan struct{}, handsEach)}
		h.each[person] = own
	}
	own.users++
	return own
}

func (h *hands) part(person string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	own := h.each[person]
	if own.users--; own.users == 0 {
		delete(h.each, person)
	}
}
