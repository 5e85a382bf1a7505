package seal

import (
	"context"
	"fmt"
	"sync"
)

// job is one sealed chunk on its way.
type job struct {
	seq    int
	last   bool
	plain  int // bytes of plaintext
	object []byte
}

// putter puts chunks beside the reading and sealing of the next.
type putter struct {
	sealer *Sealer
	put    PutFunc
	slots  chan struct{} // holds a token for each put under way
	flying sync.WaitGroup
	fail   context.CancelCauseFunc

	mu     sync.Mutex
	failed error   // the first
	chunks []Chunk // by seq; those of puts under way are zero
	spare  [][]byte
}

func newPutter(s *Sealer, put PutFunc, fail context.CancelCauseFunc) *putter {
	return &putter{sealer: s, put: put, slots: make(chan struct{}, s.puts), fail: fail}
}

// buffer returns an empty buffer for the next sealed chunk, of n bytes of
// plaintext.
func (p *putter) buffer(n int) []byte {
	if n < p.sealer.chunkSize {
		return make([]byte, 0, SealedSize(int64(n))) // it is the last
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.spare); n > 0 {
		b := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return b
	}
	return takeSealed(p.sealer.chunkSize)
}

// start waits for a slot and begins the put of j.
func (p *putter) start(ctx context.Context, j job) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.mu.Lock()
	p.chunks = append(p.chunks, Chunk{})
	p.mu.Unlock()
	p.flying.Go(func() {
		c, err := p.deliver(ctx, &j)
		p.ended(j, c, err)
		<-p.slots
	})
	return nil
}

// ended keeps what became of j, the first failure before others.
func (p *putter) ended(j job, c Chunk, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.chunks[j.seq] = c
		if j.plain == p.sealer.chunkSize {
			p.spare = append(p.spare, j.object[:0])
		}
	case p.failed == nil:
		p.failed = err
		p.fail(err) // the reading stops at once
	}
}

// wait returns, when no put is under way any more, the first failure.
func (p *putter) wait() error {
	p.flying.Wait()
	return p.failed
}

// release gives the buffers back. No put is under way.
func (p *putter) release() {
	for _, b := range p.spare {
		releaseSealed(b)
	}
	p.spare = nil
}

// deliver puts j, and leaves in it the object that was stored.
func (p *putter) deliver(ctx context.Context, j *job) (Chunk, error) {
	for attempt := 1; ; attempt++ {
		c := chunkOf(j.plain, j.object)
		err := p.put(ctx, j.seq, c, j.object)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil || !p.sealer.retry(ctx, attempt, err) {
			return Chunk{}, fmt.Errorf("putting chunk %d: %w", j.seq, err)
		}
		// The buffer of a failed put may still be read by its transport, so it
		// is neither written again nor reused.
		if j.object, err = p.sealer.afresh(*j); err != nil {
			return Chunk{}, err
		}
	}
}

// afresh seals the plaintext of j again, under another salt.
func (s *Sealer) afresh(j job) ([]byte, error) {
	plain := takePlain(j.plain)
	defer releasePlain(plain)
	n, err := s.unseal(plain, j)
	if err != nil {
		return nil, err
	}
	return s.seal(make([]byte, 0, len(j.object)), j.seq, j.last, plain[:n])
}
