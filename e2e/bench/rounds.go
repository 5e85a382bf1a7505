package bench

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// contender is one of several things that are measured in turn.
type contender struct {
	name string
	run  func(ctx context.Context, round int) error
	took []time.Duration
}

// inTurn runs each contender once to warm up and then rounds times, one after
// the other, beginning with another one in each round: what else the machine
// does meanwhile strikes all of them.
func inTurn(ctx context.Context, rounds int, contenders ...*contender) error {
	for round := range rounds + 1 {
		for i := range contenders {
			c := contenders[(i+round)%len(contenders)]
			began := time.Now()
			if err := c.run(ctx, round); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				c.took = append(c.took, time.Since(began))
			}
		}
	}
	return nil
}

// atOnce calls do for 0 to n-1, so many at a time, and returns the first
// failure, after which no other is begun.
func atOnce(ctx context.Context, n, workers int, do func(ctx context.Context, worker, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var running sync.WaitGroup
	for worker := range workers {
		running.Go(func() {
			for i := range next {
				if err := do(ctx, worker, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	running.Wait()
	return context.Cause(ctx)
}
