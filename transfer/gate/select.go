package gate

import (
	"cmp"
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
)

// Select answers which of the agreements with a partner rules a transfer of the
// mission: of those that name the mission, and that no other has superseded, the
// one furthest in its life; where several are equally far, the one whose scope
// names the purpose. It never
// picks between the rest: it answers ambiguous, and the sender names one (Pick).
// No agreement at all answers nil and not ambiguous.
func Select(candidates []agreements.Agreement, mission, purpose string) (chosen *agreements.Agreement, ambiguous bool) {
	ranks := agreements.NearestFirst() // the sender hears of the nearest miss
	best := len(ranks)
	var left []agreements.Agreement
	for _, a := range candidates {
		rank := slices.Index(ranks, a.State)
		if superseded(candidates, a.ID) || rank < 0 || rank > best || !names(a, mission) {
			continue
		}
		if rank < best {
			best, left = rank, nil
		}
		left = append(left, a)
	}
	if len(left) > agreements.MaxBetween {
		return nil, true // perhaps more than were read: which of them names the purpose is unknown
	}
	covering := slices.DeleteFunc(slices.Clone(left), func(a agreements.Agreement) bool {
		return !slices.Contains(a.Document.Scope.Purposes, purpose)
	})
	if len(covering) > 0 {
		left = covering
	}
	switch len(left) {
	case 0:
		return nil, false
	case 1:
		return &left[0], false
	default:
		return nil, true
	}
}

func names(a agreements.Agreement, mission string) bool {
	return mission != "" && (a.Document.Mission == mission || slices.Contains(a.Document.Scope.Missions, mission))
}

// superseded reports whether another agreement that came into force names this
// one as what it supersedes. It stays so when that one is suspended or ends: the
// older terms do not come back.
func superseded(candidates []agreements.Agreement, id string) bool {
	return slices.ContainsFunc(candidates, func(a agreements.Agreement) bool {
		switch a.State {
		case agreements.Active, agreements.Suspended, agreements.Expired, agreements.Terminated, agreements.ClosedOut:
			return a.Document.Supersedes == id && a.ID != id && id != ""
		default:
			return false
		}
	})
}

// Pick answers with the agreement that the sender named; nil where it is not
// among the candidates, was rejected or is superseded, which is AGR_MISSING.
func Pick(candidates []agreements.Agreement, id string) *agreements.Agreement {
	for _, a := range candidates {
		if id != "" && a.ID == id && a.State != agreements.Rejected && !superseded(candidates, id) {
			return &a
		}
	}
	return nil
}

// BestAssessment answers with the assessment to judge the transfer by: one that
// covers the scope and passes conditions 17 and 18; else one that covers and
// passes 17; else one that covers; else any, so that the refusal names the
// nearest miss. Nil only where the list is empty. The order of the list does
// not matter.
func BestAssessment(list []assessment.Assessment, want assessment.Scope, now time.Time) *assessment.Assessment {
	if len(list) == 0 {
		return nil
	}
	best := slices.MinFunc(list, func(a, b assessment.Assessment) int {
		return cmp.Or(
			cmp.Compare(miss(a, want, now), miss(b, want, now)),
			len(a.Gaps(want))-len(b.Gaps(want)),
			b.ValidUntil.Compare(a.ValidUntil),
			b.CreatedAt.Compare(a.CreatedAt),
			cmp.Compare(a.ID, b.ID),
		)
	})
	return &best
}

// miss is how far the assessment is from permitting a transfer; 0 permits.
func miss(a assessment.Assessment, want assessment.Scope, now time.Time) int {
	far := 0
	if !a.Covers(want) {
		far = 100
	}
	if len(notFresh(&a, now)) == 0 {
		return far + len(notAcceptable(&a, want, now))
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
