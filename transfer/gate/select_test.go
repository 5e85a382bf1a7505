package gate

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"safeconduct/agreements"
)

// candidate is an agreement of mission m1: id, state, and its purposes.
func candidate(id string, state agreements.State, purposes ...string) agreements.Agreement {
	return agreements.Agreement{ID: id, State: state, Document: agreements.Document{
		Mission: "m1", Partner: "p1", Scope: agreements.Scope{Purposes: purposes},
	}}
}

func TestSelect(t *testing.T) {
	shared := candidate("a1", agreements.Active, "referral")
	shared.Document.Mission, shared.Document.Scope.Missions = "m2", []string{"m2", "m1"}
	foreign := candidate("a1", agreements.Active, "referral")
	foreign.Document.Mission = "m2"
	after := func(state agreements.State) []agreements.Agreement {
		next := candidate("a2", state, "referral")
		next.Document.Supersedes = "a1"
		return []agreements.Agreement{candidate("a1", agreements.Active, "referral"), next}
	}
	for name, row := range map[string]struct {
		list      []agreements.Agreement
		chosen    string
		ambiguous bool
	}{
		"none":                                             {nil, "", false},
		"one draft":                                        {[]agreements.Agreement{candidate("a1", agreements.Draft)}, "a1", false},
		"rejected never":                                   {[]agreements.Agreement{candidate("a1", agreements.Rejected, "referral")}, "", false},
		"state unheard of never":                           {[]agreements.Agreement{candidate("a1", "?", "referral")}, "", false},
		"active before a covering draft":                   {[]agreements.Agreement{candidate("a1", agreements.Draft, "referral"), candidate("a2", agreements.Active, "photo")}, "a2", false},
		"suspended before signed":                          {[]agreements.Agreement{candidate("a1", agreements.Signed, "referral"), candidate("a2", agreements.Suspended, "referral")}, "a2", false},
		"expired before terminated":                        {[]agreements.Agreement{candidate("a1", agreements.Terminated), candidate("a2", agreements.Expired)}, "a2", false},
		"the one that names the purpose":                   {[]agreements.Agreement{candidate("a1", agreements.Active, "photo"), candidate("a2", agreements.Active, "referral")}, "a2", false},
		"two that name the purpose":                        {[]agreements.Agreement{candidate("a1", agreements.Active, "referral"), candidate("a2", agreements.Active, "referral")}, "", true},
		"two, neither names the purpose":                   {[]agreements.Agreement{candidate("a1", agreements.Active), candidate("a2", agreements.Active)}, "", true},
		"AGR_AMBIGUOUS not where one supersedes the other": {after(agreements.Active), "a2", false},
		"AGR_SUSPENDED the older terms do not come back":   {after(agreements.Suspended), "a2", false},
		"AGR_TERMINATED nor when the newer ended":          {after(agreements.Terminated), "a2", false},
		"what is not in force yet supersedes nothing":      {after(agreements.Signed), "a1", false},
		"of another mission":                               {[]agreements.Agreement{foreign}, "", false},
		"shared by several missions":                       {[]agreements.Agreement{shared}, "a1", false},
		"AGR_AMBIGUOUS more than are read":                 {slices.Repeat([]agreements.Agreement{candidate("a1", agreements.Draft)}, agreements.MaxBetween+1), "", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, ambiguous := Select(row.list, "m1", "referral")
			if (len(ambiguous) > 0) != row.ambiguous || (got == nil) != (row.chosen == "") || got != nil && got.ID != row.chosen {
				t.Errorf("%+v, ambiguous %v", got, ambiguous)
			}
		})
	}
}

func TestSelectDoesNotHangOnTheOrder(t *testing.T) {
	states := append(agreements.NearestFirst(), agreements.Rejected)
	rapid.Check(t, func(t *rapid.T) {
		var list []agreements.Agreement
		for i := range rapid.IntRange(0, 6).Draw(t, "n") {
			list = append(list, candidate(string(rune('a'+i)), rapid.SampledFrom(states).Draw(t, "state"), rapid.SampledFrom([]string{"referral", "photo"}).Draw(t, "purpose")))
		}
		one, ambiguous := Select(list, "m1", "referral")
		other, same := Select(rapid.Permutation(list).Draw(t, "order"), "m1", "referral")
		if !slices.Equal(ambiguous, same) || (one == nil) != (other == nil) || one != nil && one.ID != other.ID {
			t.Fatal("the order of the list decided")
		}
		if len(ambiguous) > 0 && one != nil || len(ambiguous) == 1 {
			t.Fatal("picked silently")
		}
	})
}

func TestPick(t *testing.T) {
	list := []agreements.Agreement{candidate("a1", agreements.Active), candidate("a2", agreements.Active), candidate("a3", agreements.Rejected)}
	if got := Pick(list, "a2"); got == nil || got.ID != "a2" {
		t.Errorf("%+v", got)
	}
	for _, id := range []string{"", "a3", "a9"} {
		if got := Pick(list, id); got != nil {
			t.Errorf("%q: %+v", id, got)
		}
	}
}
