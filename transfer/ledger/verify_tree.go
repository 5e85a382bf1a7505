package ledger

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// node is a complete subtree as three witnesses have it: the entries, the
// stored leaf hashes, and the best of both by the stored inner hashes. They
// are the same in a sound log. After a contradiction the next signed
// checkpoint says which of them was right.
type node struct {
	level                  int
	entries, stored, guess tlog.Hash
	known                  bool // false where neither entry nor hash is left
}

func sameNode(level int, h tlog.Hash) node {
	return node{level: level, entries: h, stored: h, guess: h, known: true}
}

func (n node) agreed() bool { return n.known && n.entries == n.stored && n.stored == n.guess }

func (n node) has(h tlog.Hash) bool {
	return n.known && (h == n.entries || h == n.stored || h == n.guess)
}

func join(l, r node) node {
	p := node{level: l.level + 1, known: l.known && r.known}
	p.entries = tlog.NodeHash(l.entries, r.entries)
	if l.agreed() && r.agreed() {
		p.stored, p.guess = p.entries, p.entries
		return p
	}
	p.stored = tlog.NodeHash(l.stored, r.stored)
	p.guess = tlog.NodeHash(l.guess, r.guess)
	return p
}

// conflict is an entry and a stored leaf hash that contradict each other.
type conflict struct {
	seq   int64
	id    string
	named bool // the entry has a finding of its own already
}

// walk takes the next leaf, or jumps over places of which nothing is left. It
// returns false at the end of the tree.
func (v *verification) walk() (bool, error) {
	first := tlog.StoredHashIndex(0, v.size)
	after := tlog.StoredHashIndex(0, v.size+1)
	sequenced := v.entries.ok && v.entries.row.Seq >= 0
	hasEntry := sequenced && v.entries.row.Seq == v.size
	hasHash := v.hashes.ok && v.hashes.row.ID >= first && v.hashes.row.ID < after
	covered := v.pending != nil
	switch {
	case v.size >= MaxSize:
		return false, nil
	case hasEntry && !v.hashes.ok && !covered: // an entry that no hash and no checkpoint knows
		return false, nil
	case !hasEntry && !covered && (!hasHash || !sequenced):
		return false, nil
	case !hasEntry && !hasHash:
		v.jump()
		return true, nil
	}
	return true, v.leaf(first, hasEntry)
}

// leaf walks one place: its entry, the hashes that it completes.
func (v *verification) leaf(first int64, hasEntry bool) error {
	stored, found, err := v.storedHash(first)
	if err != nil {
		return err
	}
	n := sameNode(0, stored)
	n.known = found
	if hasEntry {
		if n, err = v.entry(stored, found); err != nil {
			return err
		}
	} else {
		v.add(v.size, TableEntries, seqRow(v.size), "is missing")
		if found {
			v.remember(stored)
		}
	}
	for level := 1; level <= bits.TrailingZeros64(uint64(v.size)+1); level++ {
		last := len(v.nodes) - 1
		n = join(v.nodes[last], n)
		v.nodes = v.nodes[:last]
		inner, found, err := v.storedHash(first + int64(level))
		if err != nil {
			return err
		}
		switch {
		case !found:
		case !n.known:
			n = sameNode(level, inner)
		case n.has(inner):
			n.guess = inner
		default:
			v.add(v.size, TableHashes, hashRow(first+int64(level)), "is not the hash of the two nodes below it")
		}
	}
	v.nodes = append(v.nodes, n)
	v.size++
	return nil
}

// entry checks the rows of log_entries at this place against the stored leaf
// hash. Of several, the one that fits the hash counts as the logged one.
func (v *verification) entry(stored tlog.Hash, found bool) (node, error) {
	n := sameNode(0, stored)
	matched := false
	var c *conflict
	for v.entries.ok && v.entries.row.Seq == v.size {
		e := v.entries.row
		h := tlog.RecordHash(Leaf(e))
		fits := !found || h == stored
		surplus := e.ID
		if c == nil || fits && !matched {
			if c != nil {
				surplus = c.id
			}
			matched = fits
			named, err := v.judgeEntry(e, fits)
			if err != nil {
				return node{}, err
			}
			n.entries = h
			first := c == nil
			c = &conflict{seq: v.size, id: e.ID, named: named}
			if first {
				surplus = ""
			}
		}
		if surplus != "" {
			v.add(v.size, TableEntries, seqRow(v.size), "is there twice: entry %s is one too many", surplus)
		}
		if err := v.entries.advance(); err != nil {
			return node{}, err
		}
	}
	if !found {
		return sameNode(0, n.entries), nil
	}
	if !matched {
		v.conflict(*c)
	}
	return n, nil
}

// judgeEntry checks one row by itself, and takes note of what it says about
// erasure. It reports whether the row has got a finding.
func (v *verification) judgeEntry(e Entry, fits bool) (named bool, err error) {
	if bad := CheckEntry(e); bad != nil {
		v.add(v.size, TableEntries, seqRow(v.size), "was altered (entry %s): %v", e.ID, bad)
		return true, nil
	}
	if e.Erased() {
		v.erase(e)
	}
	if !fits {
		return false, nil
	}
	v.evidence(e)
	return false, v.onEntry(e)
}

// storedHash draws the hash row with this id, and reports it when it is
// missing, malformed or there twice.
func (v *verification) storedHash(id int64) (h tlog.Hash, found bool, err error) {
	rows := 0
	for ; v.hashes.ok && v.hashes.row.ID <= id; rows++ {
		raw := v.hashes.row.Hash
		switch {
		case rows > 0:
			v.add(v.size, TableHashes, hashRow(id), "is there twice")
		case len(raw) != tlog.HashSize:
			v.add(v.size, TableHashes, hashRow(id), "has %d bytes, not %d", len(raw), tlog.HashSize)
		default:
			h, found = tlog.Hash(raw), true
		}
		if err := v.hashes.advance(); err != nil {
			return h, found, err
		}
	}
	if rows == 0 {
		v.add(v.size, TableHashes, hashRow(id), "is missing")
	}
	return h, found, nil
}

// jump passes places of which neither entry nor hash is left, up to the next
// row of any table; a signed checkpoint beyond says that they were there.
func (v *verification) jump() {
	to := v.pending.Size
	if v.entries.ok && v.entries.row.Seq >= 0 {
		to = min(to, v.entries.row.Seq)
	}
	if v.hashes.ok && v.hashes.row.ID < tlog.StoredHashIndex(0, to) {
		level, n := tlog.SplitStoredHashIndex(v.hashes.row.ID)
		to = min(to, (n+1)<<level-1)
	}
	v.add(v.size, TableEntries, span(v.size, to-1, "seq"), "is missing, and every hash of it")
	v.add(v.size, TableHashes, span(tlog.StoredHashIndex(0, v.size), tlog.StoredHashIndex(0, to)-1, "id"), "is missing")
	var nodes []node
	for start := int64(0); start < to; {
		level := bits.Len64(uint64(to-start)) - 1
		n := node{level: level}
		if len(nodes) < len(v.nodes) && v.nodes[len(nodes)].level == level && start+1<<level <= v.size {
			n = v.nodes[len(nodes)]
		}
		nodes = append(nodes, n)
		start += 1 << level
	}
	v.nodes, v.size = nodes, to
}

func (v *verification) conflict(c conflict) {
	if len(v.open) >= v.opts.MaxFindings {
		v.report.More++
		return
	}
	v.open = append(v.open, c)
}

// remember keeps the leaf hash of a missing entry, to know it among those that
// wait.
func (v *verification) remember(leaf tlog.Hash) {
	if v.gaps == nil {
		v.gaps = make(map[tlog.Hash]int64)
	}
	if len(v.gaps) < v.opts.MaxFindings {
		v.gaps[leaf] = v.size
	}
}
