package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Inclusion proves that leaf seq lies in the tree of the given size (RFC 6962
// section 2.1.1). Errors wrap ErrTree, or are those of hashes.
func Inclusion(size, seq int64, hashes tlog.HashReader) (tlog.RecordProof, error) {
	if seq < 0 || seq >= size || size > MaxSize {
		return nil, fmt.Errorf("%w: no entry %d in a tree of size %d", ErrTree, seq, size)
	}
	proof, err := tlog.ProveRecord(size, seq, hashes)
	if err != nil {
		return nil, fmt.Errorf("proving entry %d in a tree of size %d: %w", seq, size, err)
	}
	return proof, nil
}

// CheckInclusion verifies that e, at its Seq, lies in the tree that c states.
func CheckInclusion(proof tlog.RecordProof, c Checkpoint, e Entry) error {
	if err := tlog.CheckRecord(proof, c.Size, c.Root, e.Seq, tlog.RecordHash(Leaf(e))); err != nil {
		return fmt.Errorf("checking that entry %d is in the tree of size %d: %w", e.Seq, c.Size, err)
	}
	return nil
}

// Consistency proves that the tree of size older is a prefix of the tree of
// size newer (RFC 6962 section 2.1.2); 1 <= older <= newer. Errors wrap
// ErrTree, or are those of hashes.
func Consistency(older, newer int64, hashes tlog.HashReader) (tlog.TreeProof, error) {
	if older < 1 || older > newer || newer > MaxSize {
		return nil, fmt.Errorf("%w: no consistency from size %d to %d", ErrTree, older, newer)
	}
	proof, err := tlog.ProveTree(newer, older, hashes)
	if err != nil {
		return nil, fmt.Errorf("proving size %d against size %d: %w", newer, older, err)
	}
	return proof, nil
}

// CheckConsistency verifies that the tree of older is a prefix of newer's.
func CheckConsistency(proof tlog.TreeProof, older, newer Checkpoint) error {
	if err := tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("checking size %d against size %d: %w", newer.Size, older.Size, err)
	}
	return nil
}

// NoteHash is what the next checkpoint says of this signed note: its SHA-256.
func NoteHash(note []byte) [sha256.Size]byte { return sha256.Sum256(note) }

// errPlanned ends the pass in which Inclusions learns what it will read.
var errPlanned = errors.New("the hashes are planned")

// Inclusions is Inclusion for several entries of one tree: it reads all that the
// proofs need in one call. Errors are those of Inclusion.
func Inclusions(size int64, seqs []int64, hashes tlog.HashReader) ([]tlog.RecordProof, error) {
	var needed []int64
	plan := tlog.HashReaderFunc(func(ids []int64) ([]tlog.Hash, error) { needed = append(needed, ids...); return nil, errPlanned })
	for _, seq := range seqs {
		if _, err := Inclusion(size, seq, plan); err != nil && !errors.Is(err, errPlanned) {
			return nil, err
		}
	}
	slices.Sort(needed)
	needed = slices.Compact(needed)
	read, err := hashes.ReadHashes(needed)
	if err != nil {
		return nil, fmt.Errorf("reading the hashes of %d proofs: %w", len(seqs), err)
	}
	if len(read) != len(needed) {
		return nil, fmt.Errorf("reading the hashes of %d proofs: %w: %d hashes for %d indexes", len(seqs), ErrTree, len(read), len(needed))
	}
	known := tlog.HashReaderFunc(func(ids []int64) ([]tlog.Hash, error) {
		all := make([]tlog.Hash, len(ids))
		for i, id := range ids {
			at, _ := slices.BinarySearch(needed, id) // the plan asked for the same
			all[i] = read[at]
		}
		return all, nil
	})
	proofs := make([]tlog.RecordProof, len(seqs))
	for i, seq := range seqs {
		if proofs[i], err = Inclusion(size, seq, known); err != nil {
			return nil, err
		}
	}
	return proofs, nil
}
