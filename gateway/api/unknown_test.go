package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"safeconduct/authz"
)

// plain is an answer without what differs at each request.
func plain(a answer) string {
	return regexp.MustCompile(`[0-9a-f]{32}`).ReplaceAllString(string(a.body), "REQUEST")
}

// Another mission's and another partner's records answer, byte for byte, as those that do not exist (gate.md).
func TestOthersRecordsAreUnknown(t *testing.T) {
	b := newBench(t).enrol()
	agreement := b.agree()
	assessment := b.assess(agreement)
	consent := str(b.consent("CASE-1"), "id")
	id := b.released([]byte("given_name\nAna\n"))
	mission, officer := b.mission, b.people[authz.RO]

	other := b.make(authz.LEG, v1+"/missions", object{"name": "Other", "country": "NE", "contact": "focal point"})
	partner := b.make(authz.LEG, v1+"/parties", object{"name": "Other partner", "kind": "ngo", "country": "NE", "mission": other})
	for _, role := range []authz.Role{authz.RO, authz.FP, authz.HOM, authz.PDL} {
		b.hire("other "+role, role, other, partner)
	}
	const unknown = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"
	statement := b.statement()
	statement["case_reference"] = "CASE-9"
	for _, c := range []struct {
		role   authz.Role
		method string
		path   string
		id     string
		body   any
	}{
		{"RO", http.MethodGet, "/missions/{}", mission, nil},
		{"HOM", http.MethodGet, "/people/{}", officer, nil},
		{"HOM", http.MethodPost, "/people/{}/keys", officer, object{
			"public_key": object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}, "proof": "x",
		}},
		{"PDL", http.MethodGet, "/parties/{}", b.partner, nil},
		{"FP", http.MethodGet, "/agreements/{}", agreement, nil},
		{"FP", http.MethodGet, "/agreements/{}/document", agreement, nil},
		{"FP", http.MethodPost, "/agreements/{}/review", agreement, nil},
		{"HOM", http.MethodPost, "/agreements/{}/suspension", agreement, object{"reason": "x"}},
		{"HOM", http.MethodGet, "/assessments/{}", assessment, nil},
		{"HOM", http.MethodPost, "/assessments/{}/approvals", assessment, object{"decision": "approved"}},
		{"RO", http.MethodGet, "/consents/{}", consent, nil},
		{"RO", http.MethodPost, "/consents/{}/withdrawal", consent, nil},
		{"RO", http.MethodGet, "/transfers/{}", id, nil},
		{"PDL", http.MethodGet, "/transfers/{}", id, nil},
		{"RO", http.MethodPost, "/transfers/{}/commit", id, nil},
		{"HOM", http.MethodPost, "/transfers/{}/approvals", id, object{"granted": true}},
		{"FP", http.MethodPost, "/transfers/{}/recall", id, object{"reason": "x"}},
		{"PDL", http.MethodGet, "/transfers/{}/files/1", id, nil},
		{"RO", http.MethodPut, "/transfers/{}/files/1", id, "bytes"},
		{"PDL", http.MethodPost, "/transfers/{}/acknowledgement", id, object{"files": []object{{"n": 1, "sha256": strings.Repeat("0", 64)}}}},
	} {
		t.Run(c.method+" "+c.path+" "+string(c.role), func(t *testing.T) {
			at := func(id string) answer {
				return b.do("other "+c.role, c.method, v1+strings.Replace(c.path, "{}", id, 1), c.body)
			}
			theirs, none := at(c.id), at(unknown)
			if theirs.StatusCode != http.StatusNotFound || theirs.StatusCode != none.StatusCode || plain(theirs) != plain(none) {
				t.Errorf("theirs: %d %s\nunknown: %d %s", theirs.StatusCode, theirs.body, none.StatusCode, none.body)
			}
			for _, bad := range []string{"%00", "%20", "..%2fx", strings.Repeat("a", 200)} {
				if got := at(bad); got.StatusCode != http.StatusNotFound {
					t.Errorf("an id of bad form answers %d: %s", got.StatusCode, got.body)
				}
			}
		})
	}
	t.Run("ids in bodies", func(t *testing.T) {
		for _, path := range []string{"/transfers", "/consents"} {
			in := func(mission string) answer {
				body := object{"mission": mission}
				if path == "/consents" {
					body = statement
					body["mission"] = mission
				}
				return b.do("other RO", http.MethodPost, v1+path, body)
			}
			if theirs, none := in(mission), in(unknown); theirs.StatusCode != http.StatusNotFound || plain(theirs) != plain(none) {
				t.Errorf("%s: %d %s\n%d %s", path, theirs.StatusCode, theirs.body, none.StatusCode, none.body)
			}
		}
	})
}
