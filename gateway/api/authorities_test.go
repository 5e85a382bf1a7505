package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
)

func TestAnAuthorityIsAnsweredAsItWasRead(t *testing.T) {
	b := newBench(t).enrol()
	asks := func() {
		order := b.order()
		order["recipient_class"] = "government_authority"
		b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", order) // RECIPIENT_AUTHORITY
	}
	asks()
	read := first(b.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/authority-requests", nil), "items")
	path := v1 + "/authority-requests/" + str(read, "id")
	taken := b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/assessment", nil)
	answer := func(version any) object {
		return object{"version": version, "outcome": "refused", "ground": "immunity", "letter_digest": strings.Repeat("0a", 32)}
	}
	stale := func(t *testing.T, state, act string, body object) {
		t.Helper()
		p := b.want(http.StatusConflict, authz.LEG, http.MethodPost, path+act, body)
		if p["state"] != state || p["guard"] != "the case has changed since you read it" || p["mend"] != "read it again" {
			t.Errorf("%v", p)
		}
	}
	t.Run("R34 it is not decided on in a version from before, and what is asked meanwhile changes nothing", func(t *testing.T) {
		asks()
		stale(t, "assessing", "/decision", answer(read["version"]))
		b.want(http.StatusUnprocessableEntity, authz.LEG, http.MethodPost, path+"/decision", object{"outcome": "refused", "ground": "immunity", "letter_digest": strings.Repeat("0a", 32)})
	})
	t.Run("R34 read again it is, and closed in the version that was read", func(t *testing.T) {
		now := b.want(http.StatusOK, authz.LEG, http.MethodGet, path, nil)
		if now["version"] != taken["version"] {
			t.Errorf("%v, and it was taken as %v", now, taken)
		}
		decided := b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/decision", answer(now["version"]))
		stale(t, "refused", "/closure", object{"version": now["version"]})
		b.want(http.StatusUnprocessableEntity, authz.LEG, http.MethodPost, path+"/closure", object{})
		if closed := b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/closure", object{"version": decided["version"]}); closed["state"] != "closed" {
			t.Errorf("%v", closed)
		}
	})
}

func TestADelegationNamesItsMission(t *testing.T) {
	b := newBench(t).enrol()
	for _, role := range []string{"HOM", "FP"} {
		t.Run("R35 "+role, func(t *testing.T) {
			got := b.do(authz.HOM, http.MethodPost, v1+"/people/"+b.people[authz.FP]+"/delegations", object{"role": role, "until": b.clock.Now().Add(24 * time.Hour)})
			if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), "mission is needed for a post of a mission") {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
		})
	}
}
