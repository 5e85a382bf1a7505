package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"safeconduct/gateway/store"
	"safeconduct/transfer/seal"
)

// verifyEvery is how often a keeper verifies the log and every record.
const verifyEvery = time.Hour

// mostFindings bounds what one verification logs; log verify tells all.
const mostFindings = 20

// verifier verifies what is stored by the clock, so that what no single reading
// can see rings within the hour: a row that was deleted, or rolled back with all
// its later versions. It keeps the newest checkpoint that it has verified in
// memory, and so sees a rollback of the whole database, too.
type verifier struct {
	store  *store.Store
	signer seal.Signer
	origin string
	log    *slog.Logger
	now    func() time.Time
	told   func(ctx context.Context, sound bool)
	last   time.Time
	kept   []byte
}

// run verifies, unless that was done within verifyEvery. What it finds it logs,
// by table and row.
func (v *verifier) run(ctx context.Context) (int, error) {
	if now := v.now(); !v.last.IsZero() && now.Sub(v.last) < verifyEvery {
		return 0, nil
	}
	head, err := (store.Log{Store: v.store}).Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("verifying the log: %w", err)
	}
	keys, err := v.signer.PublicKeys(ctx)
	if err != nil {
		return 0, fmt.Errorf("verifying the log: %w", err)
	}
	found, err := v.settled(ctx, keys)
	if err != nil {
		return 0, fmt.Errorf("verifying the log: %w", err)
	}
	v.last = v.now()
	v.told(ctx, found.OK())
	if !found.OK() {
		for _, f := range found.Findings[:min(len(found.Findings), mostFindings)] {
			v.log.ErrorContext(ctx, "verification found what this system did not write", "finding", f.String())
		}
		return len(found.Findings), nil
	}
	v.kept = head.Checkpoint
	return 1, nil
}

// signTries and signPause bound the wait for the signature of what has just got
// its place.
const (
	signTries = 5
	signPause = time.Second
)

// settled verifies, and verifies again while all that may be wrong is that the
// sequencer of a living system signs a moment after it has placed.
func (v *verifier) settled(ctx context.Context, keys []seal.PublicKey) (store.Verification, error) {
	for n := 1; ; n++ {
		found, err := v.store.Verify(ctx, keys, v.origin, v.kept)
		if err != nil || found.OK() || found.Signed >= found.Size || n == signTries {
			return found, err
		}
		pause := time.NewTimer(signPause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return store.Verification{}, context.Cause(ctx)
		case <-pause.C:
		}
	}
}
