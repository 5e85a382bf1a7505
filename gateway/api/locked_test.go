package api_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/gateway/api/apitest"
)

// Nobody whose training and undertaking have ended comes past the one authorisation function, on no path (R44, R23, R53).
func TestLockedWalk(t *testing.T) {
	w := newWalk(t)
	open := map[string]bool{"get-undertaking": true, "sign-undertaking": true, "who-am-i": true, "get-assessment-template": true, "request-transfer": true}
	// Tokens live 90 days at most, training two years: the locked are enrolled without either.
	for _, role := range allRoles() {
		person, grant := object{"name": planted}, object{"role": role}
		switch place, _ := authz.PlaceOf(role); place {
		case authz.AtMission:
			person["mission"], grant["mission"] = w.mission, w.mission
		case authz.AtPartner:
			person["partner"], grant["partner"] = w.partner, w.partner
		case authz.AtHQ:
		}
		if authz.Tasked(role) {
			grant["purposes"] = []string{w.purpose}
		}
		id := w.make(authz.LEG, v1+"/people", person)
		w.make(authz.LEG, v1+"/people/"+id+"/roles", grant)
		issued := w.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", object{"person": id, "expires_in_days": 7})
		w.people["locked "+role], w.tokens["locked "+role] = id, str(issued, "secret")
	}
	w.clock.add(time.Minute)
	refused, told := 0, 0
	w.each(t, func(t *testing.T, op apitest.Operation, s step) {
		for _, role := range allRoles() {
			got := w.call("locked "+role, op, w.own(op), w.values(s))
			codes := []string(nil)
			if got.StatusCode >= 400 {
				codes = codesOf(got.object(t))
			}
			switch {
			case toldOfPull(s, role) && got.StatusCode == http.StatusForbidden:
				if !slices.Equal(codes, []string{"PULL_DENIED"}) { // and no lock: that is on the transfer
					t.Errorf("%s is told %v", role, codes)
				}
				told++
			case slices.Equal(codes, []string{"TRAINING_EXPIRED", "CONFIDENTIALITY_MISSING"}) && got.StatusCode == http.StatusForbidden:
				refused++
			case open[op.ID] || got.StatusCode == http.StatusNotFound: // as to anybody who may not know of it
			case slices.Contains(codes, "AUTH_ROLE_DENIED"): // an act on oneself, of which nobody has a role
			default:
				t.Errorf("%s: %d %s", role, got.StatusCode, got.body)
			}
		}
	})
	t.Run("PULL_DENIED to go on with a file, too", func(t *testing.T) {
		for _, role := range []authz.Role{authz.PSG, authz.PDL} {
			asks := w.request("locked "+role, http.MethodGet, v1+"/transfers/"+w.ids["transfers"]+"/files/1", nil)
			asks.Header.Set("Range", "bytes=1-")
			asks.Header.Set("If-Range", `"`+someDigest()+`"`)
			if got := w.send(asks); got.StatusCode != http.StatusForbidden || !slices.Equal(codesOf(got.object(t)), []string{"PULL_DENIED"}) {
				t.Errorf("%s: %d %s", role, got.StatusCode, got.body)
			}
		}
	})
	if refused < 200 || told != 6 {
		t.Errorf("only %d were refused, and %d told PULL_DENIED", refused, told)
	}
}
