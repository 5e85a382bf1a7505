package ledger

import (
	"crypto/sha256"
	"fmt"

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
