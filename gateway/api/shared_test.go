package api_test

import (
	"net/http"
	"testing"

	"safeconduct/authz"
)

// Two missions under one agreement: each names its own assessment and its own approval of the officer.
func TestAnAgreementOfTwoMissions(t *testing.T) {
	b := newBench(t).enrol()
	other := b.make(authz.LEG, v1+"/missions", object{"name": "Other", "country": "NE", "contact": "focal point"})
	elsewhere := b.make(authz.LEG, v1+"/missions", object{"name": "Elsewhere", "country": "NE", "contact": "focal point"})
	for _, role := range []authz.Role{authz.HOM, authz.FP, authz.RO} {
		b.hire("other "+role, role, other, "")
	}
	b.hire("elsewhere RO", authz.RO, elsewhere, "")
	b.hire("drafter", authz.LEG, "", "")
	draft := b.draft()
	draft["scope"].(object)["missions"] = []string{b.mission, other}
	a := b.want(http.StatusCreated, "drafter", http.MethodPost, v1+"/agreements", draft)
	agreement := str(a, "id")
	path := v1 + "/agreements/" + agreement
	read := func(as authz.Role, at string) answer { return b.do(as, http.MethodGet, at, nil) }
	none := read("other RO", v1+"/agreements/"+unknown)
	if got := read("other RO", path); got.StatusCode != http.StatusNotFound || plain(got) != plain(none) {
		t.Errorf("a draft of another mission: %d %s", got.StatusCode, got.body)
	}
	b.want(http.StatusOK, authz.FP, http.MethodPost, path+"/review", nil)
	b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/approval", object{"decision": "approved"})
	for _, part := range []string{"", "/document", "/text", "/document.pdf", "/scans"} {
		if got := read("other RO", path+part); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", part, got.StatusCode, got.body)
		}
		if got := read("elsewhere RO", path+part); got.StatusCode != http.StatusNotFound || plain(got) != plain(read("elsewhere RO", v1+"/agreements/"+unknown+part)) {
			t.Errorf("%s out of the scope: %d %s", part, got.StatusCode, got.body)
		}
	}
	content := object{"agreement": agreement, "mission": other, "purposes": []string{b.purpose}, "categories": []string{"identity"}, "countries": []string{"CO"}}
	x := b.want(http.StatusCreated, "other FP", http.MethodPost, v1+"/assessments", content)
	if x["mission"] != other {
		t.Errorf("it is of %v", x["mission"])
	}
	b.want(http.StatusNotFound, authz.FP, http.MethodPost, v1+"/assessments", content)
	b.want(http.StatusNotFound, authz.FP, http.MethodGet, v1+"/assessments/"+str(x, "id"), nil)
	b.want(http.StatusOK, "other HOM", http.MethodGet, v1+"/assessments/"+str(x, "id"), nil)
	decision := object{"scope": "agreement", "granted": true, "agreement": agreement, "mission": other, "purposes": []string{b.purpose}, "categories": []string{"identity"}}
	if d := b.want(http.StatusCreated, authz.DPO, http.MethodPost, v1+"/dpo-approvals", decision); d["mission"] != other {
		t.Errorf("the approval is for %v", d["mission"])
	}
	decision["mission"] = elsewhere
	b.want(http.StatusNotFound, authz.DPO, http.MethodPost, v1+"/dpo-approvals", decision)
}

// Of a suspended mission the sender is told so, and whom to ask.
func TestASuspendedMissionSaysSo(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	b.want(http.StatusOK, authz.LEG, http.MethodPost, v1+"/missions/"+b.mission+"/suspension", object{"reason": "an incident"})
	const mend = "The mission is suspended and sends nothing. Contact Legal."
	refused := b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", b.order())
	read := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/transfers/"+str(refused, "transfer"), nil)
	for where, list := range map[string]any{"the answer": refused["refusals"], "the transfer": read["decision"].(object)["refusals"]} {
		t.Run("R42 R56 AUTH_ROLE_DENIED in "+where, func(t *testing.T) {
			r, _ := list.([]any)[0].(object)
			of, _ := r["object"].(object)
			if r["code"] != "AUTH_ROLE_DENIED" || r["mend"] != mend || r["ask"] != "legal" || of["kind"] != "mission" || of["id"] != b.mission {
				t.Errorf("%v", r)
			}
		})
	}
}
