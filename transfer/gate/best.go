package gate

import (
	"cmp"
	"slices"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
)

// BestAssessment answers with the assessment to judge the transfer by. Where a
// derogation is bound to the transfer, it is the one that was derogated from,
// whatever became of it. Else, of those that cover the scope and pass condition 17,
// the one of the worst band, so that none of a lower band undercuts it; one of a
// refused band counts among them only where it is derogated from for this transfer.
// Else one that covers; else any, so that the refusal names the nearest miss. Nil
// only where the list is empty. The order of the list does not matter. Known are
// the declared categories as they are now.
func BestAssessment(list []assessment.Assessment, want assessment.Scope, known []terms.Category, now time.Time) *assessment.Assessment {
	if len(list) == 0 {
		return nil
	}
	best := slices.MinFunc(list, func(a, b assessment.Assessment) int {
		far := miss(a, want, known, now)
		undercut := 0
		if far == 0 {
			undercut = worstFirst(a.Result.Band, b.Result.Band)
		}
		return cmp.Or(
			cmp.Compare(unbound(a, want), unbound(b, want)),
			cmp.Compare(far, miss(b, want, known, now)),
			undercut,
			cmp.Compare(len(notAcceptable(&a, want, now)), len(notAcceptable(&b, want, now))),
			len(a.Gaps(want))-len(b.Gaps(want)),
			b.ValidUntil.Compare(a.ValidUntil),
			b.CreatedAt.Compare(a.CreatedAt),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return &best
}

// unbound is 0 where the assessment was derogated from for this transfer alone.
func unbound(a assessment.Assessment, want assessment.Scope) int {
	if a.Derogation != nil && want.Transfer != "" && a.Derogation.Transfer == want.Transfer {
		return 0
	}
	return 1
}

func worstFirst(a, b assessment.Band) int {
	switch {
	case a.WorseThan(b):
		return -1
	case b.WorseThan(a):
		return 1
	}
	return 0
}

// miss is how far the assessment is from counting for the transfer; 0 counts,
// though a condition of it may be open.
func miss(a assessment.Assessment, want assessment.Scope, known []terms.Category, now time.Time) int {
	far := 0
	if !a.Covers(want) {
		far = 100
	}
	if len(notFresh(&a, want.Categories, known, now)) == 0 {
		if refusedBand(&a) && !a.Derogates(want, now) {
			far++
		}
		return far
	}
	nearest := []assessment.State{
		assessment.Approved, assessment.Stale, assessment.Expired, assessment.Submitted,
		assessment.Returned, assessment.Draft, assessment.Rejected, assessment.Superseded,
	}
	i := slices.Index(nearest, a.State)
	if i < 0 {
		i = len(nearest)
	}
	return far + 10 + i
}
