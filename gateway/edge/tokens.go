package edge

import (
	"sync"
	"time"
)

const (
	maxTokens = 10_000
	tokenKept = 10 * time.Minute
)

// tokens remembers, by their hash, tokens that were valid a short while ago, and whose they were. It lets nobody in: it
// only tells, before the register is asked, whom not to keep waiting, and who has sent too much.
type tokens struct {
	mu  sync.Mutex
	all map[string]remembered
}

type remembered struct {
	person string
	until  time.Time
}

func newTokens() *tokens { return &tokens{all: map[string]remembered{}} }

func (t *tokens) person(hash string, now time.Time) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.all[hash]
	if !ok || !now.Before(r.until) {
		return "", false
	}
	return r.person, true
}

func (t *tokens) remember(hash, person string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.all[hash]; !there && len(t.all) >= maxTokens {
		t.room(now)
	}
	t.all[hash] = remembered{person, now.Add(tokenKept)}
}

// room forgets what is over, and else any one.
func (t *tokens) room(now time.Time) {
	for hash, r := range t.all {
		if !now.Before(r.until) {
			delete(t.all, hash)
		}
	}
	for hash := range t.all {
		if len(t.all) < maxTokens {
			return
		}
		delete(t.all, hash)
	}
}

func (t *tokens) forget(hash string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, hash)
}
