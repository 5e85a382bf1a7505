package gate

import (
	"slices"

	"safeconduct/transfer/approvals"
)

// Needed is the facts without what no condition asks of them. Where condition 1
// or 2 refuses who sends, that is everything about the people (R23): how they
// answered is not for who has no task, no role or a locked one, in the answer,
// in the log or in a decision that is told again. What is known of each row is
// then its number, and of what was decided for this very list of people nothing.
// At PULL everything is needed: there the downloader is judged, who is told no
// cause, and what is wrong with the transfer holds it.
func (f Facts) Needed() Facts {
	if !f.Withheld() {
		return f
	}
	rows := make([]Subject, len(f.Subjects))
	for i, s := range f.Subjects {
		rows[i].Row = s.Row
	}
	f.Subjects, f.Holds, f.Notices, f.Manifest.SubjectsDigest = rows, nil, nil, ""
	f.DPOApprovals = slices.DeleteFunc(slices.Clone(f.DPOApprovals), func(a approvals.DPOApproval) bool { return a.Scope == approvals.ForTransfer })
	return f
}

// Withheld reports whether the sender is refused, whatever they send, or states no
// purpose, of which nobody can tell whether they have a task under it (R23);
// condition 3 refuses that anyway. Of the people nothing is asked then.
func (f *Facts) Withheld() bool {
	return in(f.Phase)&toCommit != 0 && (f.Manifest.Purpose == "" || len(sender().check(f))+len(trained().check(f)) > 0)
}

// RefusesSender reports whether condition 1 or 2 refused who sends: they may not,
// whatever else is mended. What is refused for good is asked for anew then.
func (d Decision) RefusesSender() bool {
	return in(d.Phase)&toCommit != 0 && slices.ContainsFunc(d.Refusals, func(r Refusal) bool {
		return slices.ContainsFunc(slices.Concat(sender().codes, trained().codes), func(of rule) bool { return of.code == r.Code })
	})
}
