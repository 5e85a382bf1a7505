package transfer

import (
	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/transfer/ledger"
)

// Shown is how far an export was compared with a checkpoint kept elsewhere,
// beyond that both are signed by the same log.
type Shown string

// What is shown.
const (
	// ShownSize is that the export is no older: a part holds too little to prove
	// that what was kept is the beginning of it.
	ShownSize Shown = "size"
	// ShownChain is that the checkpoint of the export names the kept one, by its
	// hash, as the one before it.
	ShownChain Shown = "chain"
	// ShownRoot is that the log had the root that was kept: nothing up to there
	// was rewritten.
	ShownRoot Shown = "root"
)

// ExportKept is the comparison with a checkpoint kept elsewhere.
type ExportKept struct {
	Size  int64 `json:"size"`
	Shown Shown `json:"shown,omitempty"` // empty where there are findings of it
}

// keptElsewhere is a checkpoint that somebody kept.
type keptElsewhere struct {
	ledger.Checkpoint
	note    []byte
	reached bool
	root    tlog.Hash // that the log has at its size, once that is reached
}

// keep opens the checkpoint that was kept elsewhere; none where there is no note.
func (c *checking) keep(note []byte, keys *ledger.Verifier) {
	if len(note) == 0 {
		return
	}
	kept, _, err := keys.Open(note)
	if err != nil {
		c.found("the checkpoint kept elsewhere: %v", err)
		return
	}
	c.kept = &keptElsewhere{Checkpoint: kept, note: note}
	c.Kept = &ExportKept{Size: kept.Size}
}

// grow adds an entry that is proved to the log as it was.
func (c *checking) grow(e ledger.Entry) {
	if c.kept == nil || c.Narrowed || e.Seq != c.growth.Size() {
		return
	}
	c.growth.Add(e)
	if c.growth.Size() == c.kept.Size {
		c.kept.reached, c.kept.root = true, c.growth.Root()
	}
}

// compare compares with what was kept as far as the file allows.
func (c *checking) compare() {
	if c.kept == nil {
		return
	}
	const rewritten = "the log does not have the root of the checkpoint kept elsewhere, of %d entries: it was forked or rewritten"
	kept := c.kept
	switch {
	case kept.Size > c.signed.Size:
		c.found("it ends at %d entries, and the checkpoint kept elsewhere is of %d: it was exported before that, or its tail was cut", c.signed.Size, kept.Size)
	case kept.Size == c.signed.Size && kept.Root != c.signed.Root:
		c.found(rewritten, kept.Size)
	case kept.Size == c.signed.Size:
		c.Kept.Shown = ShownRoot
	case !c.Narrowed && !kept.reached:
		c.found("the checkpoint kept elsewhere, of %d entries, cannot be compared: entries before it are missing or not proved", kept.Size)
	case !c.Narrowed && kept.root != kept.Root:
		c.found(rewritten, kept.Size)
	case !c.Narrowed:
		c.Kept.Shown = ShownRoot
	case c.signed.Prev != kept.Size:
		c.Kept.Shown = ShownSize
	case c.signed.PrevHash != ledger.NoteHash(kept.note):
		c.found("its checkpoint follows another one of %d entries than the one kept elsewhere: the log was forked or rewritten", kept.Size)
	default:
		c.Kept.Shown = ShownChain
	}
}
