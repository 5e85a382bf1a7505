package transfer

import (
	"maps"
	"slices"

	"safeconduct/transfer/ledger"
)

// goneEntry is an entry of which only the place is left, and which still looks
// for its evidence.
type goneEntry struct {
	id        string
	evidenced bool
}

// evidence takes what an entry says of erasures. Whoever carries the file can
// blank a line as the gateway does: its leaf stays. What tells the two apart is
// an entry that names it, as for log verify. Its id is part of what is compared,
// since nothing else binds the id of an erased entry.
func (c *checking) evidence(e ledger.Entry) {
	switch {
	case c.Narrowed: // holds none that was erased, nor need it hold what names them
	case e.Erased():
		c.gone[e.Seq] = &goneEntry{id: e.ID}
	case e.Kind == ledger.KindErasure:
		refs, err := ledger.ErasedRefs(e.Body)
		if err != nil {
			c.found("entry %d should evidence an erasure: %v", e.Seq, err)
			return
		}
		for _, ref := range refs {
			switch gone := c.gone[ref.Seq]; {
			case gone == nil:
				c.found("entry %d says that entry %d was erased, which it is not here", e.Seq, ref.Seq)
			case gone.id != ref.ID:
				c.found("entry %d was erased, but the evidence of that names another id", ref.Seq)
				gone.evidenced = true
			default:
				gone.evidenced = true
			}
		}
	}
}

// erasures finds what is gone and named by no entry of an export of everything.
func (c *checking) erasures() {
	for _, seq := range slices.Sorted(maps.Keys(c.gone)) {
		if !c.gone[seq].evidenced {
			c.found("entry %d was erased without evidence; an erasure behind this checkpoint is not evidenced here", seq)
		}
	}
}
