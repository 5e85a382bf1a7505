package sequencer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/transfer/ledger"
	"safeconduct/transfer/seal"
)

const (
	// conflictsAreNormal is how many rounds in a row may be lost before this
	// is an error: a stray row where the next hash belongs also is a conflict.
	conflictsAreNormal = 5
	signAttempts       = 3
	hashesAtOnce       = 1000 // within the engines' limit of parameters
)

// Options of a Sequencer; a zero field takes its default.
type Options struct {
	Poll       time.Duration // look for work without being woken; 500 ms
	MaxBatch   int           // entries placed in one transaction; 1024
	MaxWait    time.Duration // bound of Wait; 10 s
	MaxRound   time.Duration // bound of one round of Run; 30 s
	MinBackoff time.Duration // first pause after an error, doubled each time; 50 ms
	MaxBackoff time.Duration // longest pause after an error; 5 s
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *time.Duration
		or    time.Duration
	}{
		{&o.Poll, 500 * time.Millisecond},
		{&o.MaxWait, 10 * time.Second},
		{&o.MaxRound, 30 * time.Second},
		{&o.MinBackoff, 50 * time.Millisecond},
		{&o.MaxBackoff, 5 * time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = 1024
	}
	return o
}

// Sequencer integrates and signs. A process without the duty to sequence may
// use Wait alone, without Run. It is safe for concurrent use.
type Sequencer struct {
	store  Store
	notary *ledger.Notary
	origin string
	log    *slog.Logger
	opts   Options
	wake   chan struct{}

	mu      sync.Mutex
	signed  ledger.Checkpoint // the last that was verified here; it never goes back
	changed chan struct{}     // closed when signed grows
}

// New makes no call. Errors wrap ledger.ErrCheckpoint, for an origin that is
// not possible.
func New(store Store, signer seal.Signer, origin string, log *slog.Logger, opts Options) (*Sequencer, error) {
	notary, err := ledger.NewNotary(origin, signer)
	if err != nil {
		return nil, fmt.Errorf("making a sequencer: %w", err)
	}
	return &Sequencer{
		store: store, notary: notary, origin: origin, log: log, opts: opts.withDefaults(),
		wake: make(chan struct{}, 1), changed: make(chan struct{}),
	}, nil
}

// Wake says that entries may wait. It never blocks.
func (s *Sequencer) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, and then returns nil. An error costs a pause, which
// a wake does not shorten, and never ends the loop. The first round also signs
// a head that a crash left unsigned.
func (s *Sequencer) Run(ctx context.Context) error {
	failures := 0
	for {
		round, err := s.bounded(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of ctx is the way to end Run
		}
		switch {
		case errors.Is(err, ErrConflict) && failures < conflictsAreNormal:
			failures++
			s.log.DebugContext(ctx, "log round lost to another sequencer", "failures", failures)
		case err != nil:
			failures++
			s.log.ErrorContext(ctx, "log round failed", "failures", failures, "error", err)
		case round.Placed > 0:
			failures = 0
			continue // more may wait: a batch is bounded by number and by weight
		default:
			failures = 0
		}
		if !s.pause(ctx, failures) {
			return nil
		}
	}
}

func (s *Sequencer) bounded(ctx context.Context) (Round, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.MaxRound)
	defer cancel()
	return s.Step(ctx)
}

// pause returns false when ctx has ended.
func (s *Sequencer) pause(ctx context.Context, failures int) bool {
	wait, wake := s.opts.Poll, s.wake
	if failures > 0 {
		wake = nil
		wait = s.opts.MinBackoff
		for range failures - 1 {
			if wait = min(2*wait, s.opts.MaxBackoff); wait == s.opts.MaxBackoff {
				break
			}
		}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-wake:
	}
	return true
}

// Round is what one Step did.
type Round struct {
	Placed int   // entries placed by this step
	Signed int64 // size under the last signed checkpoint, whoever signed it
}

// Step does one round: it places one batch, commits, and then signs the head
// if no checkpoint covers it, with one signature. On an error the batch may be
// placed already; the next round signs it. Errors: ErrConflict, ErrTampered,
// those of the store, of the signer and of ledger.Notary.
func (s *Sequencer) Step(ctx context.Context) (Round, error) {
	_, known := s.watch()
	if known.Size == 0 { // this process has verified nothing yet
		_, last, err := s.head(ctx)
		if err != nil {
			return Round{}, fmt.Errorf("placing log entries: %w", err)
		}
		s.publish(last)
		known = last
	}
	placed, err := s.store.Sequence(ctx, known.Size, s.opts.MaxBatch, s.integrate)
	if err != nil {
		return Round{}, fmt.Errorf("placing log entries: %w", err)
	}
	signed, err := s.sign(ctx)
	if err != nil {
		return Round{Placed: placed}, fmt.Errorf("signing the head of the log: %w", err)
	}
	return Round{Placed: placed, Signed: signed}, nil
}

// integrate leaves out entries that were altered while they waited: evidence
// that contradicts its commitment must not come under a signature, and must
// not keep the others from theirs.
func (s *Sequencer) integrate(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
	sound := make([]ledger.Entry, 0, len(entries))
	for _, e := range entries {
		err := ledger.CheckEntry(e)
		if err == nil && !e.Erased() {
			sound = append(sound, e)
			continue
		}
		s.log.Error("log entry was altered while it waited and gets no place", "entry", e, "error", err)
	}
	if len(sound) == 0 {
		return ledger.Batch{Size: size}, nil
	}
	return ledger.Integrate(size, sound, hashes)
}

// sign puts the head under a checkpoint, unless it is, and publishes the size.
func (s *Sequencer) sign(ctx context.Context) (int64, error) {
	for range signAttempts {
		head, last, err := s.head(ctx)
		if err != nil {
			return 0, err
		}
		if head.Size == last.Size {
			s.publish(last)
			return last.Size, nil
		}
		c, err := s.next(ctx, head, last)
		if err != nil {
			return 0, err
		}
		note, err := s.notary.Sign(ctx, c)
		if err != nil {
			return 0, err
		}
		err = s.store.AddCheckpoint(ctx, ledger.StoredCheckpoint{Size: c.Size, Prev: c.Prev, Note: note})
		if errors.Is(err, ErrConflict) {
			// Another sequencer signed. Its checkpoint is read, and verified,
			// before anything is said about it.
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("storing the checkpoint of size %d: %w", c.Size, err)
		}
		s.publish(c)
		return c.Size, nil
	}
	return 0, fmt.Errorf("storing a checkpoint, %d times: %w", signAttempts, ErrConflict)
}

// next states the head, after proving that it is the last checkpoint with the
// entries after it appended, each of which this system wrote: whatever stands
// in the tables beside that is not signed.
func (s *Sequencer) next(ctx context.Context, head Head, last ledger.Checkpoint) (ledger.Checkpoint, error) {
	hashes := s.store.Hashes(ctx)
	edge := kept(hashes)
	_, before, err := ledger.Append(last.Size, nil, edge)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	if last.Size > 0 && before != last.Root {
		return ledger.Checkpoint{}, fmt.Errorf("%w: the tree of size %d has another root", ErrTampered, last.Size)
	}
	leaves := make([][]byte, len(head.Unsigned))
	for i, e := range head.Unsigned {
		if e.Seq != last.Size+int64(i) {
			return ledger.Checkpoint{}, fmt.Errorf("%w: place %d is empty, or taken twice", ErrTampered, last.Size+int64(i))
		}
		leaves[i] = ledger.Leaf(e)
	}
	added, root, err := ledger.Append(last.Size, leaves, edge)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	if err := stored(added, hashes); err != nil {
		return ledger.Checkpoint{}, err
	}
	return ledger.Next(s.origin, head.Size, root, head.Checkpoint)
}

// kept keeps what was read last, so that what is built upon is what was proved.
func kept(from tlog.HashReader) tlog.HashReader {
	var ids []int64
	var hashes []tlog.Hash
	return tlog.HashReaderFunc(func(wanted []int64) ([]tlog.Hash, error) {
		if hashes != nil && slices.Equal(wanted, ids) {
			return hashes, nil
		}
		var err error
		ids, hashes = slices.Clone(wanted), nil
		hashes, err = from.ReadHashes(wanted)
		return hashes, err
	})
}

// stored compares the hashes that must have been written with those that were.
func stored(want []ledger.StoredHash, hashes tlog.HashReader) error {
	for part := range slices.Chunk(want, hashesAtOnce) {
		ids := make([]int64, len(part))
		for i, h := range part {
			ids[i] = h.ID
		}
		have, err := hashes.ReadHashes(ids)
		if err != nil {
			return fmt.Errorf("reading back hashes: %w", err)
		}
		for i, h := range part {
			if tlog.Hash(h.Hash) != have[i] {
				return fmt.Errorf("%w: hash %d is not that of its entry", ErrTampered, h.ID)
			}
		}
	}
	return nil
}

// head reads the end of the log and verifies its last checkpoint: by its
// signature, and as one that continues what this process has verified before.
// A log that was cut, or rolled back, is not gone on with.
func (s *Sequencer) head(ctx context.Context) (Head, ledger.Checkpoint, error) {
	_, known := s.watch() // before the store is read, which then cannot have less
	head, err := s.store.Head(ctx)
	if err != nil {
		return Head{}, ledger.Checkpoint{}, fmt.Errorf("reading the head of the log: %w", err)
	}
	var last ledger.Checkpoint
	if head.Checkpoint != nil {
		if last, _, err = s.notary.Open(ctx, head.Checkpoint); err != nil {
			return Head{}, ledger.Checkpoint{}, fmt.Errorf("opening the last checkpoint: %w", err)
		}
	}
	if head.Size < last.Size || head.Size != last.Size+int64(len(head.Unsigned)) {
		return Head{}, ledger.Checkpoint{}, fmt.Errorf("%w: %d entries, and %d of them after a checkpoint of size %d",
			ErrTampered, head.Size, len(head.Unsigned), last.Size)
	}
	return head, last, s.continues(ctx, known, last)
}

func (s *Sequencer) continues(ctx context.Context, known, last ledger.Checkpoint) error {
	switch {
	case last.Size < known.Size:
		return fmt.Errorf("%w: its last checkpoint is of size %d, and one of size %d was verified here", ErrTampered, last.Size, known.Size)
	case known.Size == 0 || last.Size == known.Size && last.Root == known.Root:
		return nil
	case last.Size == known.Size:
		return fmt.Errorf("%w: the tree of size %d has another root than was verified here", ErrTampered, last.Size)
	}
	proof, err := ledger.Consistency(known.Size, last.Size, s.store.Hashes(ctx))
	if err != nil {
		return err
	}
	if err := ledger.CheckConsistency(proof, known, last); err != nil {
		return fmt.Errorf("%w: %w", ErrTampered, err)
	}
	return nil
}
