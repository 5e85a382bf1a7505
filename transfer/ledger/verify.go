package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/transfer/seal"
)

// Source gives the rows of one log, all from the same snapshot.
//
// Verify draws from the three sequences in turn, not one after the other: an
// adapter on a single connection must read page by page and not hold a cursor
// open. A sequence ends after its first error. Slices may be reused by the
// source once the next row is drawn.
type Source interface {
	// Entries yields rows of log_entries by seq, then, for those without a
	// seq (Seq is Unsequenced), by id.
	Entries(ctx context.Context) iter.Seq2[Entry, error]
	// Hashes yields rows of log_hashes by id.
	Hashes(ctx context.Context) iter.Seq2[StoredHash, error]
	// Checkpoints yields rows of log_checkpoints by size.
	Checkpoints(ctx context.Context) iter.Seq2[StoredCheckpoint, error]
}

// Options of Verify; the zero value is good.
type Options struct {
	// Kept is a signed checkpoint of this log that was kept elsewhere. It is
	// the only means to see a rollback or a cut tail.
	Kept []byte
	// OnEntry is called once for each entry whose row is good, in order of
	// seq; then for those that wait (Seq is Unsequenced), by id. Body is nil
	// when erased. An entry that contradicts its hash row is left out. The
	// slices are valid during the call only. An error ends Verify.
	OnEntry func(Entry) error
	// MaxFindings bounds Report.Findings; 0 means 1000.
	MaxFindings int
}

const defaultMaxFindings = 1000

// Verify recomputes everything: each commitment, leaf, stored hash, root,
// signature and link between checkpoints, in one pass over the rows. Memory is
// bounded, but for a small record per erased entry.
//
// What is wrong with the log is a finding in the report and not an error; an
// error (of the source, of OnEntry, of ctx, or wrapping ErrCheckpoint for an
// impossible origin or key) means that the verification did not end, and the
// report with it counts for nothing.
//
// Not visible from inside the log: a rollback or cut tail (see Options.Kept),
// and the removal or the addition, in good form, of an entry that still waits
// for its place; the business rows that it evidences show these.
func Verify(ctx context.Context, src Source, keys []seal.PublicKey, origin string, opts Options) (Report, error) {
	verifier, err := NewVerifier(origin, keys)
	if err != nil {
		return Report{}, err
	}
	if opts.MaxFindings <= 0 {
		opts.MaxFindings = defaultMaxFindings
	}
	v := &verification{
		ctx: ctx, opts: opts, verifier: verifier,
		entries:     draw(src.Entries(ctx)),
		hashes:      draw(src.Hashes(ctx)),
		checkpoints: draw(src.Checkpoints(ctx)),
		erased:      make(map[int64]*erasure),
		report:      Report{Findings: []Finding{}, Caveats: []string{}},
	}
	defer v.entries.stop()
	defer v.hashes.stop()
	defer v.checkpoints.stop()
	if err := v.run(); err != nil {
		return Report{}, fmt.Errorf("verifying the log at entry %d: %w", v.size, err)
	}
	v.report.sort()
	return v.report, nil
}

// verification is one run of Verify. size is the number of leaves walked.
type verification struct {
	ctx      context.Context // lives for one call of Verify
	opts     Options
	verifier *Verifier
	report   Report

	entries     *rows[Entry]
	hashes      *rows[StoredHash]
	checkpoints *rows[StoredCheckpoint]

	size    int64
	nodes   []node
	open    []conflict
	gaps    map[tlog.Hash]int64 // leaf hash of a missing entry -> its seq
	erased  map[int64]*erasure
	pending *Checkpoint // next good checkpoint, not yet reached
	chain   chain
	covered int64 // size of the last checkpoint with a good signature
	kept    *Checkpoint
	keptRow bool // a good checkpoint row has the size of kept
	keptAt  bool // the walk came by the size of kept
}

func (v *verification) run() error {
	if err := errors.Join(v.entries.advance(), v.hashes.advance(), v.checkpoints.advance()); err != nil {
		return err
	}
	v.openKept()
	if err := v.strayBelow(); err != nil {
		return err
	}
	for {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if err := v.reachCheckpoint(); err != nil {
			return err
		}
		v.compareKept()
		on, err := v.walk()
		if err != nil {
			return err
		}
		if !on {
			break
		}
	}
	v.settle(nil)
	v.report.Size = v.size
	if v.size > v.covered {
		v.add(v.size, TableCheckpoints, sizeRow(v.size), "is missing: entries %s are sequenced but under no signed checkpoint",
			span(v.covered, v.size-1, "seq"))
		v.report.Caveats = append(v.report.Caveats, CaveatUnsigned)
	}
	if err := v.beyond(); err != nil {
		return err
	}
	if err := v.waiting(); err != nil {
		return err
	}
	v.closeErasures()
	v.closeKept()
	return nil
}

// strayBelow reports rows before the first place: negative keys.
func (v *verification) strayBelow() error {
	for v.entries.ok && v.entries.row.Seq < Unsequenced {
		v.add(-1, TableEntries, seqRow(v.entries.row.Seq), "has a negative place (entry %s)", v.entries.row.ID)
		if err := v.entries.advance(); err != nil {
			return err
		}
	}
	for v.hashes.ok && v.hashes.row.ID < 0 {
		v.add(-1, TableHashes, hashRow(v.hashes.row.ID), "has a negative id, which no hash has")
		if err := v.hashes.advance(); err != nil {
			return err
		}
	}
	return nil
}

// beyond reports the rows behind the end of the tree.
func (v *verification) beyond() error {
	for v.entries.ok && v.entries.row.Seq != Unsequenced {
		v.add(v.size, TableEntries, seqRow(v.entries.row.Seq),
			"lies beyond the head of the log at size %d (entry %s): no hash row and no signed checkpoint covers it",
			v.size, v.entries.row.ID)
		if err := v.entries.advance(); err != nil {
			return err
		}
	}
	for v.hashes.ok {
		v.add(v.size, TableHashes, hashRow(v.hashes.row.ID),
			"lies beyond the head of the log at size %d: no entry and no signed checkpoint covers it", v.size)
		if err := v.hashes.advance(); err != nil {
			return err
		}
	}
	return nil
}

// waiting checks the entries that have no place yet.
func (v *verification) waiting() error {
	for ; v.entries.ok; v.report.Waiting++ {
		e := v.entries.row
		err := CheckEntry(e)
		switch {
		case err != nil:
			v.add(math.MaxInt64, TableEntries, entryRow(e), "was altered while waiting for its place: %v", err)
		case e.Erased():
			v.add(math.MaxInt64, TableEntries, entryRow(e), "has no body and no salt, and no place yet that evidence could name")
		default:
			if seq, lost := v.gaps[tlog.RecordHash(Leaf(e))]; lost {
				v.add(seq, TableEntries, entryRow(e), "is the entry that belongs at seq=%d; its place was taken from it", seq)
			}
			v.evidence(e)
			if err := v.onEntry(e); err != nil {
				return err
			}
		}
		if err := v.entries.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) onEntry(e Entry) error {
	if v.opts.OnEntry == nil {
		return nil
	}
	return v.opts.OnEntry(e)
}

// rows is a sequence with the current row in hand.
type rows[T any] struct {
	next func() (T, error, bool)
	stop func()
	row  T
	ok   bool
}

func draw[T any](seq iter.Seq2[T, error]) *rows[T] {
	next, stop := iter.Pull2(seq)
	return &rows[T]{next: next, stop: stop}
}

func (r *rows[T]) advance() error {
	row, err, ok := r.next()
	if ok && err != nil {
		return err
	}
	r.row, r.ok = row, ok
	return nil
}
