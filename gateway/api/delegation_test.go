package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
)

func TestADelegationIsGivenBack(t *testing.T) {
	b := newBench(t).enrol()
	deputy := v1 + "/people/" + b.people[authz.RO]
	post := str(b.want(http.StatusCreated, authz.HOM, http.MethodPost, deputy+"/delegations",
		object{"role": "HOM", "mission": b.mission, "until": b.clock.Now().Add(24 * time.Hour)}), "id")
	own := ""
	for _, g := range b.want(http.StatusOK, authz.RO, http.MethodGet, deputy, nil)["grants"].([]any) {
		if g := g.(object); g["delegated_from"] == nil {
			own = str(g, "id")
		}
	}
	t.Run("R35 by whom it was delegated to", func(t *testing.T) {
		got := b.want(http.StatusOK, authz.RO, http.MethodDelete, deputy+"/roles/"+post, nil)
		if got["ended"] != true || got["actor"] != b.people[authz.RO] {
			t.Errorf("%v", got)
		}
	})
	t.Run("R35 R43 it is in the log", func(t *testing.T) {
		b.placed()
		found := 0
		for _, line := range b.want(http.StatusOK, authz.OIG, http.MethodGet, v1+"/log/entries?limit=500", nil)["items"].([]any) {
			e := line.(object)["entry"].(object)
			if e["action"] == string(authz.PostDelegate) && e["actor"] == b.people[authz.RO] && e["result"] == authz.Ended && e["subject"].(object)["id"] == post {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d entries", found)
		}
	})
	t.Run("SoD 8 AUTH_ROLE_DENIED what was not delegated stays", func(t *testing.T) {
		got := b.want(http.StatusForbidden, authz.RO, http.MethodDelete, deputy+"/roles/"+own, nil)
		if !slices.Equal(codesOf(got), []string{"AUTH_ROLE_DENIED"}) {
			t.Errorf("%v", got)
		}
	})
}
