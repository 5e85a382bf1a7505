package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxSize bounds the number of entries of a log, so that no index overflows.
const MaxSize = int64(1) << 48

// ErrTree says that a size or an index does not fit the tree.
var ErrTree = errors.New("log tree request is not valid")

// StoredHash is one row of log_hashes. ID is tlog.StoredHashIndex.
type StoredHash struct {
	ID   int64
	Hash []byte
}

// Placed gives an entry its place in the tree.
type Placed struct {
	ID  string
	Seq int64
}

// Batch is what sequencing writes, all in one transaction: the places of the
// entries and the new hash rows. Size and Root are the head afterwards.
type Batch struct {
	Size   int64
	Root   tlog.Hash
	Placed []Placed
	Hashes []StoredHash
}

// Append computes the hash rows, in id order, that appending leaves to a tree
// of the given size adds, and the new root. It reads the right edge of the
// tree from hashes in one call, and nothing when size is 0. Errors wrap
// ErrTree, or are those of hashes.
func Append(size int64, leaves [][]byte, hashes tlog.HashReader) ([]StoredHash, tlog.Hash, error) {
	if size < 0 || size > MaxSize-int64(len(leaves)) {
		return nil, tlog.Hash{}, fmt.Errorf("%w: appending %d leaves to a tree of size %d", ErrTree, len(leaves), size)
	}
	edge, err := readEdge(size, hashes)
	if err != nil {
		return nil, tlog.Hash{}, err
	}
	added := make([]StoredHash, 0, 2*len(leaves)+1)
	for _, leaf := range leaves {
		first := tlog.StoredHashIndex(0, edge.size)
		for level, h := range edge.push(tlog.RecordHash(leaf)) {
			added = append(added, StoredHash{ID: first + int64(level), Hash: h[:]})
		}
	}
	return added, edge.root(), nil
}

// Integrate appends entries, in the order given, to the tree of the given
// size. Every entry must be unsequenced and pass CheckEntry. Errors wrap
// ErrEntry or ErrTree, or are those of hashes.
func Integrate(size int64, entries []Entry, hashes tlog.HashReader) (Batch, error) {
	leaves := make([][]byte, len(entries))
	placed := make([]Placed, len(entries))
	for i, e := range entries {
		if err := CheckEntry(e); err != nil {
			return Batch{}, fmt.Errorf("integrating entry %s: %w", e.ID, err)
		}
		if e.Seq != Unsequenced {
			return Batch{}, fmt.Errorf("integrating entry %s: %w: it has a place already", e.ID, ErrEntry)
		}
		leaves[i] = Leaf(e)
		placed[i] = Placed{ID: e.ID, Seq: size + int64(i)}
	}
	added, root, err := Append(size, leaves, hashes)
	if err != nil {
		return Batch{}, fmt.Errorf("integrating %d entries: %w", len(entries), err)
	}
	return Batch{Size: size + int64(len(entries)), Root: root, Placed: placed, Hashes: added}, nil
}

// edge is the right edge of a tree: the complete subtrees, largest first.
type edge struct {
	size  int64
	nodes []tlog.Hash
}

func readEdge(size int64, hashes tlog.HashReader) (*edge, error) {
	e := &edge{size: size}
	if size == 0 {
		return e, nil
	}
	var indexes []int64
	for rest, start := size, int64(0); rest > 0; {
		level := bits.Len64(uint64(rest)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, start>>level))
		start += 1 << level
		rest -= 1 << level
	}
	nodes, err := hashes.ReadHashes(indexes)
	if err != nil {
		return nil, fmt.Errorf("reading the right edge at size %d: %w", size, err)
	}
	if len(nodes) != len(indexes) {
		return nil, fmt.Errorf("reading the right edge at size %d: %w: %d hashes for %d indexes",
			size, ErrTree, len(nodes), len(indexes))
	}
	e.nodes = append(e.nodes, nodes...)
	return e, nil
}

// push adds a leaf and returns the hashes it completes, from level 0 up.
func (e *edge) push(h tlog.Hash) []tlog.Hash {
	done := []tlog.Hash{h}
	for range bits.TrailingZeros64(uint64(e.size) + 1) {
		last := len(e.nodes) - 1
		h = tlog.NodeHash(e.nodes[last], h)
		e.nodes = e.nodes[:last]
		done = append(done, h)
	}
	e.nodes = append(e.nodes, h)
	e.size++
	return done
}

func (e *edge) root() tlog.Hash { return foldRoot(e.nodes) }

// foldRoot joins complete subtrees, largest first, into the root.
func foldRoot(nodes []tlog.Hash) tlog.Hash {
	if len(nodes) == 0 {
		return tlog.Hash(sha256.Sum256(nil)) // RFC 6962 section 2.1
	}
	h := nodes[len(nodes)-1]
	for i := len(nodes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(nodes[i], h)
	}
	return h
}
