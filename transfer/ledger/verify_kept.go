package ledger

const keptRow = "note"

// openKept reads the checkpoint kept elsewhere, or notes the lack of one.
func (v *verification) openKept() {
	if len(v.opts.Kept) == 0 {
		v.report.Caveats = append(v.report.Caveats, CaveatTail)
		return
	}
	c, _, err := v.verifier.Open(v.opts.Kept)
	if err != nil {
		v.add(-1, TableKept, keptRow, "cannot be used: %v", err)
		v.report.Caveats = append(v.report.Caveats, CaveatTail)
		return
	}
	v.kept = &c
}

// compareKeptRow compares the kept checkpoint with the stored one of its size.
func (v *verification) compareKeptRow(c Checkpoint) {
	if v.kept == nil || v.kept.Size != c.Size {
		return
	}
	v.keptRow = true
	if v.kept.Root != c.Root {
		v.add(c.Size, TableCheckpoints, sizeRow(c.Size), "signs another root than the checkpoint kept elsewhere: the log was forked or rewritten")
	}
}

// compareKept compares the kept checkpoint with the tree as it was at its size.
func (v *verification) compareKept() {
	if v.kept == nil || v.kept.Size != v.size || v.keptAt {
		return
	}
	v.keptAt = true
	entries, stored, guess, known := v.roots()
	switch root := v.kept.Root; {
	case !known:
		v.add(v.size, TableKept, sizeRow(v.size), "cannot be compared: rows before it are missing")
	case root != entries && root != stored && root != guess:
		v.add(v.size, TableKept, sizeRow(v.size), "signs another root than the log has at this size: the log was forked or rewritten")
	}
}

func (v *verification) closeKept() {
	switch {
	case v.kept == nil:
	case v.kept.Size > v.size:
		v.add(v.kept.Size, TableKept, sizeRow(v.kept.Size), "is beyond the log, which ends at size %d: "+
			"the log was rolled back or its tail was cut", v.size)
	case !v.keptAt:
		v.add(v.kept.Size, TableKept, sizeRow(v.kept.Size), "cannot be compared: rows before it are missing")
	case !v.keptRow:
		v.add(v.kept.Size, TableKept, sizeRow(v.kept.Size), "was signed, but the log holds no checkpoint of this size any more")
	}
}
