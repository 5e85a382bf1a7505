package ledgertest

import (
	"context"
	"fmt"
	"math/rand/v2"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/transfer/ledger"
)

// Origin is the name of the log that Build makes.
const Origin = "log.example.org/safeconduct"

// Builder grows a log as a sequencer would, deterministically.
type Builder struct {
	Rows *Rows
	Keys *Keys

	notary *ledger.Notary
	rand   *rand.ChaCha8
	next   int
}

// NewBuilder starts an empty log of Origin under keys. Errors are those of
// ledger.NewNotary.
func NewBuilder(keys *Keys) (*Builder, error) {
	notary, err := ledger.NewNotary(Origin, keys)
	if err != nil {
		return nil, err
	}
	return &Builder{Rows: &Rows{}, Keys: keys, notary: notary, rand: rand.NewChaCha8([32]byte{})}, nil
}

// Insert adds an entry that waits for its place and returns it.
func (b *Builder) Insert(kind, body string) (ledger.Entry, error) {
	b.next++
	e, err := ledger.NewEntry(fmt.Sprintf("entry-%08d", b.next), kind, []byte(body), b.rand)
	if err != nil {
		return ledger.Entry{}, err
	}
	b.Rows.Entries = append(b.Rows.Entries, e)
	return e, nil
}

// Add inserts n entries, sequences what waits and signs the head.
func (b *Builder) Add(n int) error {
	for range n {
		if _, err := b.Insert("transfer.released", fmt.Sprintf(`{"n":%d}`, b.next)); err != nil {
			return err
		}
	}
	if err := b.Sequence(); err != nil {
		return err
	}
	return b.Sign()
}

// Sequence gives every waiting entry its place.
func (b *Builder) Sequence() error {
	var waiting []ledger.Entry
	var at []int
	for i, e := range b.Rows.Entries {
		if e.Seq == ledger.Unsequenced {
			waiting, at = append(waiting, e), append(at, i)
		}
	}
	batch, err := ledger.Integrate(b.Rows.Size(), waiting, b.Rows)
	if err != nil {
		return err
	}
	for i, placed := range batch.Placed {
		b.Rows.Entries[at[i]].Seq = placed.Seq
	}
	b.Rows.Hashes = append(b.Rows.Hashes, batch.Hashes...)
	return nil
}

// Sign puts the head under a checkpoint.
func (b *Builder) Sign() error {
	var last []byte
	if n := len(b.Rows.Checkpoints); n > 0 {
		last = b.Rows.Checkpoints[n-1].Note
	}
	root, err := tlog.TreeHash(b.Rows.Size(), b.Rows)
	if err != nil {
		return err
	}
	c, err := ledger.Next(Origin, b.Rows.Size(), root, last)
	if err != nil {
		return err
	}
	note, err := b.notary.Sign(context.Background(), c)
	if err != nil {
		return err
	}
	b.Rows.Checkpoints = append(b.Rows.Checkpoints, ledger.StoredCheckpoint{Size: c.Size, Prev: c.Prev, Note: note})
	return nil
}

// Erase takes body and salt from the entry at seq and inserts the evidence.
func (b *Builder) Erase(seq int64) error {
	for i := range b.Rows.Entries {
		if e := &b.Rows.Entries[i]; e.Seq == seq {
			e.Salt, e.Body = nil, nil
			_, err := b.Insert(ledger.KindErasure, fmt.Sprintf(`{"erased":[{"id":%q,"seq":%d}]}`, e.ID, seq))
			return err
		}
	}
	return fmt.Errorf("no entry at seq %d", seq)
}
