package ledger

import (
	"crypto/sha256"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// chain is the last good checkpoint, and the rows after it that were not good.
type chain struct {
	size    int64
	hash    [sha256.Size]byte
	version int
	bad     []int64
	last    int64 // size column of the last row, good or not
}

// reachCheckpoint settles every good checkpoint of the present size, and has
// the next one at hand in v.pending.
func (v *verification) reachCheckpoint() error {
	for {
		if err := v.nextCheckpoint(); err != nil {
			return err
		}
		if v.pending == nil || v.pending.Size != v.size {
			return nil
		}
		c := v.pending
		v.pending = nil
		v.covered = c.Size
		v.settle(c)
	}
}

func (v *verification) nextCheckpoint() error {
	for v.pending == nil && v.checkpoints.ok {
		if c, good := v.judge(v.checkpoints.row); good {
			v.pending = &c
		}
		if err := v.checkpoints.advance(); err != nil {
			return err
		}
	}
	return nil
}

// judge checks one row by itself and against the chain. Only a good one says
// anything about the tree.
func (v *verification) judge(row StoredCheckpoint) (Checkpoint, bool) {
	at, key := row.Size, sizeRow(row.Size)
	if row.Size < 1 || row.Size <= v.chain.last {
		v.add(at, TableCheckpoints, key, "is there twice or is no possible size")
		return Checkpoint{}, false
	}
	v.chain.last = row.Size
	c, version, err := v.verifier.Open(row.Note)
	if err != nil {
		v.add(at, TableCheckpoints, key, "holds a note that does not stand: %v", err)
		v.distrust(row.Size)
		return Checkpoint{}, false
	}
	if c.Size != row.Size {
		v.add(at, TableCheckpoints, key, "holds the note of size=%d", c.Size)
		v.distrust(row.Size, c.Size)
		return Checkpoint{}, false
	}
	if c.Prev != row.Prev {
		v.add(at, TableCheckpoints, key, "has prev %d in its column, but its note says %d", row.Prev, c.Prev)
	}
	v.link(c)
	if version < v.chain.version {
		v.add(at, TableCheckpoints, key, "is signed by key version %d, which was rotated out: version %d had replaced it before",
			version, v.chain.version)
	}
	v.chain = chain{
		size: c.Size, last: row.Size, hash: NoteHash(row.Note),
		version: max(version, v.chain.version), bad: v.chain.bad[:0],
	}
	v.compareKeptRow(c)
	return c, true
}

// link checks that c names the row before it, byte for byte.
func (v *verification) link(c Checkpoint) {
	switch {
	case c.Prev == v.chain.size && c.PrevHash == v.chain.hash:
	case slices.Contains(v.chain.bad, c.Prev): // has its finding already
	case c.Prev == v.chain.size:
		v.add(c.Size, TableCheckpoints, sizeRow(c.Size),
			"names another note as the one before it than the one that is stored at size=%d", c.Prev)
	case c.Prev > v.chain.size:
		v.add(c.Prev, TableCheckpoints, sizeRow(c.Prev),
			"is missing: the checkpoint at size=%d names it as the one before it; the last one left before is size=%d",
			c.Size, v.chain.size)
	default:
		v.add(c.Size, TableCheckpoints, sizeRow(c.Size),
			"names size=%d as the one before it although size=%d lies between: the log was forked", c.Prev, v.chain.size)
	}
}

func (v *verification) distrust(sizes ...int64) {
	if len(v.chain.bad) < v.opts.MaxFindings {
		v.chain.bad = append(v.chain.bad, sizes...)
	}
}

// settle compares the walked tree with what c signs and says who was right in
// the contradictions since the last checkpoint. With nil there is no judge.
func (v *verification) settle(c *Checkpoint) {
	entries, stored, guess, known := v.roots()
	verdict := (*verification).blameBoth
	if c != nil && known {
		switch c.Root {
		case entries:
			verdict = (*verification).blameHash
			v.adopt(func(n node) tlog.Hash { return n.entries })
		case stored:
			verdict = (*verification).blameEntry
			v.adopt(func(n node) tlog.Hash { return n.stored })
		case guess:
			v.adopt(func(n node) tlog.Hash { return n.guess })
		default:
			v.add(c.Size, TableCheckpoints, sizeRow(c.Size),
				"signs a root that the entries and hashes before it do not have: they were altered after it was signed")
			known = false
		}
	}
	if c != nil && known {
		v.report.Checkpoints++
		v.report.Signed, v.report.Root = c.Size, c.Root
	}
	for _, one := range v.open {
		verdict(v, one)
	}
	v.open = v.open[:0]
}

func (v *verification) adopt(right func(node) tlog.Hash) {
	for i, n := range v.nodes {
		v.nodes[i] = sameNode(n.level, right(n))
	}
}

func (v *verification) roots() (entries, stored, guess tlog.Hash, known bool) {
	var all [3][]tlog.Hash
	agreed := true
	for _, n := range v.nodes {
		if !n.known {
			return entries, stored, guess, false
		}
		agreed = agreed && n.agreed()
		all[0] = append(all[0], n.entries)
		all[1] = append(all[1], n.stored)
		all[2] = append(all[2], n.guess)
	}
	entries = foldRoot(all[0])
	if agreed {
		return entries, entries, entries, true
	}
	return entries, foldRoot(all[1]), foldRoot(all[2]), true
}

func (v *verification) blameHash(c conflict) {
	id := tlog.StoredHashIndex(0, c.seq)
	v.add(c.seq, TableHashes, hashRow(id), "was altered: it is not the leaf hash of entry seq=%d, which the signed checkpoint confirms", c.seq)
}

func (v *verification) blameEntry(c conflict) {
	if !c.named {
		v.add(c.seq, TableEntries, seqRow(c.seq), "is not the entry that was logged here (entry %s): "+
			"the signed checkpoint confirms another leaf", c.id)
	}
}

func (v *verification) blameBoth(c conflict) {
	id := tlog.StoredHashIndex(0, c.seq)
	v.add(c.seq, TableEntries, seqRow(c.seq), "contradicts its leaf hash in log_hashes id=%d (entry %s): "+
		"at least one of them was altered", id, c.id)
	v.add(c.seq, TableHashes, hashRow(id), "contradicts entry seq=%d: at least one of them was altered", c.seq)
}
