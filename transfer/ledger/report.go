package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// The tables as findings name them; TableKept is the checkpoint kept elsewhere.
const (
	TableEntries     = "log_entries"
	TableHashes      = "log_hashes"
	TableCheckpoints = "log_checkpoints"
	TableKept        = "kept checkpoint"
)

// CaveatTail is in the report of every verification that was not given a
// checkpoint kept elsewhere.
const CaveatTail = "Without a checkpoint kept elsewhere it cannot be excluded that the whole log was rolled back " +
	"or that its tail was cut."

// CaveatUnsigned accompanies a finding of entries under no signed checkpoint.
const CaveatUnsigned = "Entries are sequenced but not under a signed checkpoint. While a sequencer is at work this " +
	"lasts a moment: verify again. If it stays, a checkpoint was removed or the signing key is out of reach."

// Finding is one thing that is wrong, in plain words without content of any
// entry. Row is "seq=N" for a sequenced entry, "id=ID" for one that waits,
// "id=N" for a hash and "size=N" for a checkpoint.
type Finding struct {
	Table string `json:"table"`
	Row   string `json:"row"`
	What  string `json:"what"`

	at int64
}

func (f Finding) String() string { return f.Table + " " + f.Row + ": " + f.What }

// Report is what Verify found.
type Report struct {
	// Size is the number of places in the tree that rows speak of; Signed how
	// many of them lie under the last good checkpoint, and Root its root.
	Size   int64     `json:"size"`
	Signed int64     `json:"signed"`
	Root   tlog.Hash `json:"root"`
	// Checkpoints counts good ones, Waiting entries without a place, Erased
	// entries without salt and body.
	Checkpoints int64 `json:"checkpoints"`
	Waiting     int64 `json:"waiting"`
	Erased      int64 `json:"erased"`
	// Findings are in the order of the log. More counts those beyond the limit.
	Findings []Finding `json:"findings"`
	More     int64     `json:"more"`
	// Caveats are sentences about what this verification cannot exclude.
	Caveats []string `json:"caveats"`
}

// OK reports whether nothing was found.
func (r Report) OK() bool { return len(r.Findings) == 0 && r.More == 0 }

// add records a finding at a place of the log.
func (v *verification) add(at int64, table, row, format string, args ...any) {
	if len(v.report.Findings) >= v.opts.MaxFindings {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings,
		Finding{Table: table, Row: row, What: fmt.Sprintf(format, args...), at: at})
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.at, b.at) })
}

func entryRow(e Entry) string {
	if e.Seq == Unsequenced {
		return "id=" + e.ID
	}
	return seqRow(e.Seq)
}

func seqRow(seq int64) string { return fmt.Sprintf("seq=%d", seq) }

func hashRow(id int64) string { return fmt.Sprintf("id=%d", id) }

func sizeRow(size int64) string { return fmt.Sprintf("size=%d", size) }

func span(from, to int64, name string) string {
	if from == to {
		return fmt.Sprintf("%s=%d", name, from)
	}
	return fmt.Sprintf("%s=%d..%d", name, from, to)
}
