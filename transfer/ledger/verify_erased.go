package ledger

import (
	"maps"
	"slices"
)

// erasure is an entry without body that still looks for its evidence.
type erasure struct {
	id        string
	evidenced bool
}

func (v *verification) erase(e Entry) {
	v.report.Erased++
	v.erased[e.Seq] = &erasure{id: e.ID}
}

// evidence applies an erasure entry. What it names precedes it in the log: an
// entry has its place before evidence can name it.
func (v *verification) evidence(e Entry) {
	if e.Kind != KindErasure || e.Erased() {
		return
	}
	at := e.Seq
	if at == Unsequenced {
		at = v.size
	}
	refs, err := ErasedRefs(e.Body)
	if err != nil {
		v.add(at, TableEntries, entryRow(e), "should evidence an erasure: %v", err)
		return
	}
	for _, ref := range refs {
		gone := v.erased[ref.Seq]
		switch {
		case gone == nil:
			v.add(at, TableEntries, entryRow(e), "says that seq=%d was erased, but its body is there or its row is not", ref.Seq)
		case gone.id != ref.ID:
			v.add(ref.Seq, TableEntries, seqRow(ref.Seq), "has the id %s, but the evidence of its erasure names %s", gone.id, ref.ID)
			gone.evidenced = true
		default:
			gone.evidenced = true
		}
	}
}

func (v *verification) closeErasures() {
	for _, seq := range slices.Sorted(maps.Keys(v.erased)) {
		if !v.erased[seq].evidenced {
			v.add(seq, TableEntries, seqRow(seq), "was erased without evidence (entry %s): no %s entry names it",
				v.erased[seq].id, KindErasure)
		}
	}
}
