package ledgertest

import (
	"bytes"
	"slices"

	"safeconduct/transfer/ledger"
)

func entryMutations() []Mutation {
	alter := func(name string, change func(e *ledger.Entry, pick Pick)) Mutation {
		return Mutation{Name: "entry: " + name, Apply: func(r *Rows, pick Pick) Target {
			e := &r.Entries[pick(len(r.Entries))]
			target := entryAt(*e)
			change(e, pick)
			return target
		}}
	}
	return []Mutation{
		alter("id altered", func(e *ledger.Entry, pick Pick) { e.ID = letter(e.ID, pick) }),
		alter("version altered", func(e *ledger.Entry, pick Pick) { e.Version += 1 + pick(300) }),
		alter("kind altered", func(e *ledger.Entry, pick Pick) { e.Kind = letter(e.Kind, pick) }),
		alter("commitment altered", func(e *ledger.Entry, pick Pick) { e.Commitment = flip(e.Commitment, pick) }),
		alter("salt altered", func(e *ledger.Entry, pick Pick) { e.Salt = flip(e.Salt, pick) }),
		alter("salt cut", func(e *ledger.Entry, _ Pick) { e.Salt = e.Salt[:len(e.Salt)-1] }),
		alter("salt erased", func(e *ledger.Entry, _ Pick) { e.Salt = nil }),
		alter("body altered", func(e *ledger.Entry, pick Pick) { e.Body = flip(e.Body, pick) }),
		alter("body erased", func(e *ledger.Entry, _ Pick) { e.Body = nil }),
		alter("erased without evidence", func(e *ledger.Entry, _ Pick) { e.Salt, e.Body = nil, nil }),
		alter("seq taken away", func(e *ledger.Entry, _ Pick) { e.Seq = ledger.Unsequenced }),
		alter("seq beyond the head", func(e *ledger.Entry, pick Pick) { e.Seq += 1 << (20 + pick(30)) }),
		alter("seq negative", func(e *ledger.Entry, pick Pick) { e.Seq = -2 - int64(pick(100)) }),
		{Name: "entry: deleted", Apply: func(r *Rows, pick Pick) Target {
			i := pick(len(r.Entries))
			target := entryAt(r.Entries[i])
			r.Entries = slices.Delete(r.Entries, i, i+1)
			return target
		}},
		{Name: "entry: bodies swapped", Apply: func(r *Rows, pick Pick) Target {
			i, j := two(len(r.Entries), pick)
			r.Entries[i].Body, r.Entries[j].Body = r.Entries[j].Body, r.Entries[i].Body
			return entryAt(r.Entries[i])
		}},
		{Name: "entry: bodies and salts swapped", Apply: func(r *Rows, pick Pick) Target {
			i, j := two(len(r.Entries), pick)
			a, b := &r.Entries[i], &r.Entries[j]
			a.Body, b.Body, a.Salt, b.Salt = b.Body, a.Body, b.Salt, a.Salt
			return entryAt(*a)
		}},
		{Name: "entry: places swapped", Doubles: true, Apply: func(r *Rows, pick Pick) Target {
			i, j := two(len(r.Entries), pick)
			r.Entries[i].Seq, r.Entries[j].Seq = r.Entries[j].Seq, r.Entries[i].Seq
			return entryAt(r.Entries[i])
		}},
		{Name: "entry: rewritten with a good commitment", Apply: func(r *Rows, pick Pick) Target {
			e := &r.Entries[pick(len(r.Entries))]
			fresh := forged(e.ID, pick)
			e.Kind, e.Commitment, e.Salt, e.Body = fresh.Kind, fresh.Commitment, fresh.Salt, fresh.Body
			return entryAt(*e)
		}},
		{Name: "entry: inserted at the head", Apply: func(r *Rows, pick Pick) Target {
			e := forged("inserted", pick)
			e.Seq = r.Size()
			r.Entries = append(r.Entries, e)
			return entryAt(e)
		}},
		{Name: "entry: inserted beyond the head", Apply: func(r *Rows, pick Pick) Target {
			e := forged("inserted", pick)
			e.Seq = r.Size() + 1<<pick(40)
			r.Entries = append(r.Entries, e)
			return entryAt(e)
		}},
		{Name: "entry: inserted at a taken place", Doubles: true, Apply: func(r *Rows, pick Pick) Target {
			e := forged("inserted", pick)
			e.Seq = int64(pick(int(r.Size())))
			r.Entries = slices.Insert(r.Entries, pick(len(r.Entries)), e)
			return entryAt(e)
		}},
		{Name: "entry: doubled", Doubles: true, Apply: func(r *Rows, pick Pick) Target {
			e := r.Entries[pick(len(r.Entries))]
			r.Entries = append(r.Entries, e)
			return entryAt(e)
		}},
	}
}

func forged(id string, pick Pick) ledger.Entry {
	salt := bytes.Repeat([]byte{byte(pick(256))}, ledger.SaltSize)
	e, err := ledger.NewEntry(id, "forged", []byte(`{"forged":true}`), bytes.NewReader(salt))
	if err != nil {
		panic(err) // the arguments are constants
	}
	return e
}

func hashMutations() []Mutation {
	return []Mutation{
		{Name: "hash: altered", Apply: func(r *Rows, pick Pick) Target {
			h := &r.Hashes[pick(len(r.Hashes))]
			h.Hash = flip(h.Hash, pick)
			return hashAt(h.ID)
		}},
		{Name: "hash: cut", Apply: func(r *Rows, pick Pick) Target {
			h := &r.Hashes[pick(len(r.Hashes))]
			h.Hash = h.Hash[:pick(32)]
			return hashAt(h.ID)
		}},
		{Name: "hash: deleted", Apply: func(r *Rows, pick Pick) Target {
			i := pick(len(r.Hashes))
			target := hashAt(r.Hashes[i].ID)
			r.Hashes = slices.Delete(r.Hashes, i, i+1)
			return target
		}},
		{Name: "hash: id altered", Apply: func(r *Rows, pick Pick) Target {
			h := &r.Hashes[pick(len(r.Hashes))]
			target := hashAt(h.ID)
			h.ID += 1 << (20 + pick(40))
			return target
		}},
		{Name: "hash: id negative", Apply: func(r *Rows, pick Pick) Target {
			h := &r.Hashes[pick(len(r.Hashes))]
			h.ID = -1 - h.ID
			return hashAt(h.ID)
		}},
		{Name: "hash: swapped", Apply: func(r *Rows, pick Pick) Target {
			i, j := two(len(r.Hashes), pick)
			r.Hashes[i].Hash, r.Hashes[j].Hash = r.Hashes[j].Hash, r.Hashes[i].Hash
			return hashAt(r.Hashes[i].ID)
		}},
		{Name: "hash: inserted beyond the head", Apply: func(r *Rows, pick Pick) Target {
			h := ledger.StoredHash{ID: r.Hashes[len(r.Hashes)-1].ID + 1<<pick(40), Hash: make([]byte, 32)}
			r.Hashes = append(r.Hashes, h)
			return hashAt(h.ID)
		}},
		{Name: "hash: doubled", Doubles: true, Apply: func(r *Rows, pick Pick) Target {
			h := r.Hashes[pick(len(r.Hashes))]
			r.Hashes = append(r.Hashes, h)
			return hashAt(h.ID)
		}},
	}
}

func checkpointMutations() []Mutation {
	alter := func(name string, change func(c *ledger.StoredCheckpoint, pick Pick)) Mutation {
		return Mutation{Name: "checkpoint: " + name, Apply: func(r *Rows, pick Pick) Target {
			c := &r.Checkpoints[pick(len(r.Checkpoints))]
			change(c, pick)
			return noteAt(c.Size)
		}}
	}
	return []Mutation{
		alter("note altered", func(c *ledger.StoredCheckpoint, pick Pick) { c.Note = flip(c.Note, pick) }),
		alter("note cut", func(c *ledger.StoredCheckpoint, pick Pick) { c.Note = c.Note[:pick(len(c.Note))] }),
		alter("size altered", func(c *ledger.StoredCheckpoint, pick Pick) { c.Size += 1 << (20 + pick(30)) }),
		alter("prev altered", func(c *ledger.StoredCheckpoint, pick Pick) { c.Prev -= 1 + int64(pick(99)) }),
		{Name: "checkpoint: deleted", Apply: func(r *Rows, pick Pick) Target {
			i := pick(len(r.Checkpoints))
			target := noteAt(r.Checkpoints[i].Size)
			r.Checkpoints = slices.Delete(r.Checkpoints, i, i+1)
			return target
		}},
		{Name: "checkpoint: notes swapped", Apply: func(r *Rows, pick Pick) Target {
			i, j := two(len(r.Checkpoints), pick)
			r.Checkpoints[i].Note, r.Checkpoints[j].Note = r.Checkpoints[j].Note, r.Checkpoints[i].Note
			return noteAt(r.Checkpoints[i].Size)
		}},
		{Name: "checkpoint: inserted beyond the head", Apply: func(r *Rows, pick Pick) Target {
			c := r.Checkpoints[pick(len(r.Checkpoints))]
			c.Size, c.Prev = r.Size()+1<<pick(40), r.Size()
			r.Checkpoints = append(r.Checkpoints, c)
			return noteAt(c.Size)
		}},
		{Name: "checkpoint: doubled", Doubles: true, Apply: func(r *Rows, pick Pick) Target {
			c := r.Checkpoints[pick(len(r.Checkpoints))]
			r.Checkpoints = append(r.Checkpoints, c)
			return noteAt(c.Size)
		}},
	}
}
