package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"safeconduct/authz"
)

func TestMissionsAndPeople(t *testing.T) {
	b := newBench(t).enrol()
	made := b.do(authz.LEG, http.MethodPost, v1+"/missions", object{"name": "Two", "country": "ne", "contact": "c"})
	if want := v1 + "/missions/" + str(made.object(t), "id"); made.Header.Get("Location") != want {
		t.Errorf("Location %q, want %q", made.Header.Get("Location"), want)
	}
	if got := b.want(http.StatusOK, authz.LEG, http.MethodGet, made.Header.Get("Location"), nil); got["country"] != "NE" {
		t.Errorf("read back: %v", got)
	}
	for role, want := range map[authz.Role]int{authz.LEG: 2, authz.RO: 1, authz.PDL: 0} {
		if all := b.want(http.StatusOK, role, http.MethodGet, v1+"/missions", nil)["items"].([]any); len(all) != want {
			t.Errorf("%s sees %d missions, want %d", role, len(all), want)
		}
	}
	officer := v1 + "/people/" + b.people[authz.RO]
	profile := b.want(http.StatusOK, authz.FP, http.MethodGet, officer, nil)
	grant := profile["grants"].([]any)[0].(object)
	if profile["name"] != "RO" || grant["role"] != "RO" || profile["keys"] == nil {
		t.Errorf("profile %v", profile)
	}
	if ended := b.want(http.StatusOK, authz.HOM, http.MethodDelete, officer+"/roles/"+str(grant, "id"), nil); ended["until"] == nil {
		t.Errorf("ended grant %v", ended)
	}
	if got := b.do(authz.RO, http.MethodGet, v1+"/missions/"+b.mission, nil); got.StatusCode != http.StatusNotFound {
		t.Errorf("without the role the mission answers %d", got.StatusCode)
	}
	own := b.want(http.StatusForbidden, authz.LEG, http.MethodPost, v1+"/people/"+b.people[authz.LEG]+"/roles", object{"role": "DPO"})
	if codes := codesOf(own); len(codes) != 1 || codes[0] != "AUTH_ROLE_DENIED" {
		t.Errorf("granting oneself: %v", own)
	}
}

func TestTokens(t *testing.T) {
	b := newBench(t).enrol()
	me := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/tokens/current", nil)
	role := me["roles"].([]any)[0].(object)
	if str(me["person"].(object), "id") != b.people[authz.RO] || role["role"] != "RO" || role["mission"] != b.mission || role["purposes"].([]any)[0] != b.purpose || me["assurance"] != "vouched" {
		t.Errorf("who am I: %v", me)
	}
	issued := b.want(http.StatusCreated, authz.RO, http.MethodPost, v1+"/tokens", object{
		"person": b.people[authz.RO], "expires_in_days": 1, "scope": []string{"transfer.read"},
	})
	if !strings.HasPrefix(str(issued, "secret"), "sct_") || issued["hash"] != nil {
		t.Errorf("issued %v", issued)
	}
	b.tokens["narrow"] = str(issued, "secret")
	if got := b.do("narrow", http.MethodGet, v1+"/purposes", nil); got.StatusCode != http.StatusForbidden {
		t.Errorf("beyond its scope a token answers %d", got.StatusCode)
	}
	revoked := b.want(http.StatusOK, authz.RO, http.MethodDelete, v1+"/tokens/"+str(issued, "id"), nil)
	if revoked["revoked"] == nil || revoked["hash"] != nil || revoked["secret"] != nil {
		t.Errorf("revoked %v", revoked)
	}
	if got := b.do("narrow", http.MethodGet, v1+"/tokens/current", nil); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("revoked, it answers %d", got.StatusCode)
	}
	for name, days := range map[string]any{"none": 0, "too many": 91, "part of one": 1.5} {
		t.Run("days: "+name, func(t *testing.T) {
			b.want(http.StatusUnprocessableEntity, authz.RO, http.MethodPost, v1+"/tokens", object{"person": b.people[authz.RO], "expires_in_days": days})
		})
	}
}

func TestTermsAndParties(t *testing.T) {
	b := newBench(t).enrol()
	for path, want := range map[string]int{"/purposes": 1, "/categories": 1, "/retention-rules": 1, "/parties": 1} {
		if all := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+path, nil)["items"].([]any); len(all) != want {
			t.Errorf("%s has %d, want %d", path, len(all), want)
		}
	}
	t.Run("R48 what is overdue for review, until it is reviewed", func(t *testing.T) {
		overdue := func() []any {
			return b.want(http.StatusOK, authz.OIG, http.MethodGet, v1+"/retention-rules?overdue=true", nil)["items"].([]any)
		}
		b.term("/categories", object{"code": "contact", "fields": []string{"phone"}, "sensitivity": "moderate"})
		id := b.term("/retention-rules", object{
			"purpose": b.purpose, "category": "contact", "trigger": "case closed", "days": 90, "action": "delete", "review": "2026-02-01T00:00:00Z",
		})
		if all := overdue(); len(all) != 1 || str(all[0].(object), "id") != id {
			t.Errorf("overdue are %v", all)
		}
		b.want(http.StatusOK, authz.LEG, http.MethodPost, v1+"/retention-rules/"+id+"/review", object{"next_review": "2027-02-01T00:00:00Z"})
		if all := overdue(); len(all) != 0 {
			t.Errorf("still overdue are %v", all)
		}
	})
	if p := b.want(http.StatusOK, authz.PDL, http.MethodGet, v1+"/parties/"+b.partner, nil); p["state"] != "vetted" {
		t.Errorf("partner %v", p)
	}
	b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/purposes", object{"code": "other", "text": "t", "legal_basis": "consent"})
}

func TestAgreementLife(t *testing.T) {
	b := newBench(t).enrol()
	id := b.agree()
	path := v1 + "/agreements/" + id
	t.Run("R46 the document hashes to the digest", func(t *testing.T) {
		a := b.want(http.StatusOK, authz.PSG, http.MethodGet, path, nil)
		doc := b.do(authz.PSG, http.MethodGet, path+"/document", nil)
		sum := sha256.Sum256(doc.body)
		if got := "sha256:" + hex.EncodeToString(sum[:]); got != a["digest"] || doc.Header.Get("Content-Type") != "application/json" {
			t.Errorf("the document hashes to %s, the digest is %v", got, a["digest"])
		}
	})
	for _, step := range []struct {
		role  authz.Role
		act   string
		body  any
		state string
	}{
		{authz.FP, "/suspension", object{"reason": "incident"}, "suspended"},
		{authz.LEG, "/suspension/lift", object{"reason": "closed"}, "suspended"},
		{authz.DPO, "/suspension/lift", object{"reason": "closed"}, "active"},
		{authz.PSG, "/termination", object{"reason": "notice"}, "terminated"},
	} {
		t.Run(string(step.role)+step.act, func(t *testing.T) {
			if a := b.want(http.StatusOK, step.role, http.MethodPost, path+step.act, step.body); a["state"] != step.state {
				t.Errorf("it is %v, want %s", a["state"], step.state)
			}
		})
	}
	t.Run("what the state forbids says so", func(t *testing.T) {
		p := b.want(http.StatusConflict, authz.FP, http.MethodPost, path+"/review", nil)
		if p["state"] != "terminated" || p["guard"] == "" {
			t.Errorf("%v", p)
		}
	})
	t.Run("returned", func(t *testing.T) {
		draft := v1 + "/agreements/" + b.make(authz.FP, v1+"/agreements", b.draft())
		b.want(http.StatusOK, authz.FP, http.MethodPost, draft+"/review", nil)
		if a := b.want(http.StatusOK, authz.LEG, http.MethodPost, draft+"/approval", object{"decision": "returned", "reason": "clause 5"}); a["state"] != "draft" {
			t.Errorf("it is %v", a["state"])
		}
	})
}

func TestKeys(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	profile := b.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/people/"+b.people[authz.HOM], nil)
	key := profile["keys"].([]any)[0].(object)
	path := v1 + "/people/" + b.people[authz.HOM] + "/keys/" + str(key, "id")
	if k := b.want(http.StatusOK, authz.LEG, http.MethodDelete, path, nil); k["revoked"] == nil {
		t.Errorf("revoked key %v", k)
	}
	b.want(http.StatusConflict, authz.LEG, http.MethodDelete, path, nil)
}

func TestAssessments(t *testing.T) {
	b := newBench(t).enrol()
	template := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/assessment-templates/current", nil)
	if len(template["questions"].([]any)) != 25 || !strings.HasPrefix(str(template, "digest"), "sha256:") {
		t.Errorf("template: %d questions, digest %v", len(template["questions"].([]any)), template["digest"])
	}
	id := b.make(authz.RO, v1+"/assessments", object{
		"agreement": b.make(authz.FP, v1+"/agreements", b.draft()), "purposes": []string{b.purpose}, "categories": []string{"identity"}, "countries": []string{"CO"},
	})
	p := b.want(http.StatusConflict, authz.RO, http.MethodPost, v1+"/assessments/"+id+"/submission", nil)
	if p["state"] != "draft" || !strings.Contains(str(p, "mend"), "K1") {
		t.Errorf("submitting it unanswered: %v", p)
	}
	if got := b.want(http.StatusOK, authz.OIG, http.MethodGet, v1+"/assessments/"+id, nil); got["state"] != "draft" || got["pending_approvals"] == nil {
		t.Errorf("read: %v", got)
	}
}

func TestConsents(t *testing.T) {
	b := newBench(t).enrol()
	one := b.consent("CASE-0")
	if one["sealed_case"] != nil || one["case_reference"] != nil || one["state"] != "given" {
		t.Errorf("consent %v", one)
	}
	t.Run("a batch, in order", func(t *testing.T) {
		const n = 2000
		batch := b.statement()
		cases := make([]string, n)
		for i := range cases {
			cases[i] = fmt.Sprintf("CASE-%d", i)
		}
		batch["case_references"] = cases
		records := b.want(http.StatusCreated, authz.RO, http.MethodPost, v1+"/consents/batch", batch)["records"].([]any)
		if len(records) != n {
			t.Fatalf("%d records", len(records))
		}
		first := b.want(http.StatusOK, authz.FP, http.MethodGet, v1+"/consents/"+records[0].(string), nil)
		if first["subject"] != one["subject"] {
			t.Error("the first record is not about the first case")
		}
	})
	t.Run("R01 without an understood notice nothing is saved", func(t *testing.T) {
		s := b.statement()
		s["case_reference"], s["understood"] = "CASE-SECRET", false
		got := b.do(authz.RO, http.MethodPost, v1+"/consents", s)
		if got.StatusCode != http.StatusUnprocessableEntity || strings.Contains(string(got.body), "CASE-SECRET") {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
	t.Run("a batch is bounded", func(t *testing.T) {
		s := b.statement()
		s["case_references"] = []string{strings.Repeat("x", 5<<20)}
		b.want(http.StatusRequestEntityTooLarge, authz.RO, http.MethodPost, v1+"/consents/batch", s)
	})
	t.Run("withdrawn once, with a reason", func(t *testing.T) {
		path := v1 + "/consents/" + str(one, "id") + "/withdrawal"
		if w := b.want(http.StatusOK, authz.RO, http.MethodPost, path, object{"reason": "asked"}); w["state"] != "withdrawn" {
			t.Errorf("%v", w)
		}
		b.want(http.StatusConflict, authz.RO, http.MethodPost, path, nil)
	})
}
