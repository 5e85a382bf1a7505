// Package ledgertest has what tests of the evidence log need: the three tables
// in memory, a signing key that rotates and fails, and the changes that an
// attacker with the database may make, each of which verification must name.
package ledgertest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/transfer/ledger"
)

// Rows is the content of the three log tables. It has no constraints: rows may
// be there twice. Hashes are kept by id, so that it is a tlog.HashReader.
type Rows struct {
	Entries     []ledger.Entry
	Hashes      []ledger.StoredHash
	Checkpoints []ledger.StoredCheckpoint
}

// Clone returns a deep copy.
func (r *Rows) Clone() *Rows {
	c := &Rows{
		Entries: slices.Clone(r.Entries), Hashes: slices.Clone(r.Hashes), Checkpoints: slices.Clone(r.Checkpoints),
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		e.Commitment, e.Salt, e.Body = bytes.Clone(e.Commitment), bytes.Clone(e.Salt), bytes.Clone(e.Body)
	}
	for i := range c.Hashes {
		c.Hashes[i].Hash = bytes.Clone(c.Hashes[i].Hash)
	}
	for i := range c.Checkpoints {
		c.Checkpoints[i].Note = bytes.Clone(c.Checkpoints[i].Note)
	}
	return c
}

// Size is the number of sequenced entries in a sound log.
func (r *Rows) Size() int64 {
	size := int64(0)
	for _, e := range r.Entries {
		size = max(size, e.Seq+1)
	}
	return size
}

// Source returns the rows as Verify wants them, in order.
func (r *Rows) Source() ledger.Source {
	entries := slices.Clone(r.Entries)
	slices.SortStableFunc(entries, func(a, b ledger.Entry) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.ID, b.ID))
	})
	hashes := slices.Clone(r.Hashes)
	slices.SortStableFunc(hashes, func(a, b ledger.StoredHash) int { return cmp.Compare(a.ID, b.ID) })
	checkpoints := slices.Clone(r.Checkpoints)
	slices.SortStableFunc(checkpoints, func(a, b ledger.StoredCheckpoint) int { return cmp.Compare(a.Size, b.Size) })
	return sorted{entries, hashes, checkpoints}
}

// place sorts the entries that wait behind all others.
func place(e ledger.Entry) int64 {
	if e.Seq == ledger.Unsequenced {
		return math.MaxInt64
	}
	return e.Seq
}

// ReadHashes implements tlog.HashReader.
func (r *Rows) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, id := range indexes {
		at, found := slices.BinarySearchFunc(r.Hashes, id, func(h ledger.StoredHash, id int64) int { return cmp.Compare(h.ID, id) })
		if !found || len(r.Hashes[at].Hash) != tlog.HashSize {
			return nil, fmt.Errorf("hash row %d is not there", id)
		}
		out[i] = tlog.Hash(r.Hashes[at].Hash)
	}
	return out, nil
}

type sorted struct {
	entries     []ledger.Entry
	hashes      []ledger.StoredHash
	checkpoints []ledger.StoredCheckpoint
}

func (s sorted) Entries(ctx context.Context) iter.Seq2[ledger.Entry, error] {
	return each(ctx, s.entries)
}

func (s sorted) Hashes(ctx context.Context) iter.Seq2[ledger.StoredHash, error] {
	return each(ctx, s.hashes)
}

func (s sorted) Checkpoints(ctx context.Context) iter.Seq2[ledger.StoredCheckpoint, error] {
	return each(ctx, s.checkpoints)
}

func each[T any](ctx context.Context, list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, row := range list {
			if err := ctx.Err(); err != nil {
				var none T
				yield(none, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}
