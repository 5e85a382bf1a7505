package assessment

import (
	"testing"

	"safeconduct/authz"
)

// An amendment that is on its way is assessed by the missions that know of it,
// and by no other.
func TestAssessedByMission(t *testing.T) {
	of := Assessed{Mission: "m-1", Shared: []string{"m-2", "m-3"}, Version: 1, Amendment: 4, AmendmentShared: []string{"m-3"}}
	for mission, want := range map[string]struct {
		in        bool
		amendment int
	}{"m-1": {true, 4}, "m-2": {true, 0}, "m-3": {true, 4}, "m-4": {false, 0}, "": {false, 0}} {
		if got, in := of.to(mission); in != want.in || got.Amendment != want.amendment {
			t.Errorf("R40 %q: %v, amendment %d", mission, in, got.Amendment)
		}
	}
	at := func(missions ...string) (c authz.Caller) {
		for _, m := range missions {
			c.Grants = append(c.Grants, authz.Grant{Role: authz.RO, Mission: m})
		}
		return c
	}
	for _, row := range []struct {
		caller      authz.Caller
		named, want string
	}{
		{at("m-1"), "", "m-1"},
		{at("m-2"), "", "m-2"},
		{at("m-3", "m-1"), "", "m-1"}, // the one that signs
		{at("m-2", "m-3"), "", ""},    // either: it is to be named
		{at("m-2", "m-3"), "m-3", "m-3"},
		{at("m-2", "m-4"), "", "m-2"},
		{at("m-4"), "", ""},
		{at("m-4"), "m-4", ""},
		{at("m-2"), "m-1", ""},
		{at(), "m-1", ""},
	} {
		got, ok := of.assessor(row.caller, row.named)
		if ok != (row.want != "") || ok && got != row.want {
			t.Errorf("%v naming %q: %q, %v", row.caller.Grants, row.named, got, ok)
		}
	}
}
