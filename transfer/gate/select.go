package gate

import (
	"cmp"
	"slices"

	"safeconduct/agreements"
	"safeconduct/authz/evidence"
)

// Select answers which of the agreements with a partner rules a transfer of the
// mission: of those that name the mission, and that no other has superseded, the
// one furthest in its life; where several are equally far, the one whose scope
// names the purpose. It never
// picks between the rest: it answers with these, by id, and the sender names one
// (Pick). No agreement at all answers nil and none.
func Select(candidates []agreements.Agreement, mission, purpose string) (chosen *agreements.Agreement, ambiguous []evidence.Ref) {
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
		return nil, refsByID(left) // perhaps more than were read: which of them names the purpose is unknown
	}
	covering := slices.DeleteFunc(slices.Clone(left), func(a agreements.Agreement) bool {
		return !slices.Contains(a.Document.Scope.Purposes, purpose)
	})
	if len(covering) > 0 {
		left = covering
	}
	switch len(left) {
	case 0:
		return nil, nil
	case 1:
		return &left[0], nil
	default:
		return nil, refsByID(left)
	}
}

func refsByID(all []agreements.Agreement) []evidence.Ref {
	refs := refsOf(all, func(a agreements.Agreement) evidence.Ref { return agreementRef(&a) })
	slices.SortFunc(refs, func(a, b evidence.Ref) int { return cmp.Compare(a.ID, b.ID) })
	return refs
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
