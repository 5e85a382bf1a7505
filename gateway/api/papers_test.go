package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/authz"
)

func scanOf(name string) []byte { return []byte("%PDF-1.7\n" + name) }

func hexOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// sendScan posts a scan with its digest.
func (b *bench) sendScan(role authz.Role, agreement string, content []byte, status int) object {
	b.Helper()
	return b.sendScanUnder("", role, agreement, content, status)
}

func (b *bench) sendScanUnder(key string, role authz.Role, agreement string, content []byte, status int) object {
	b.Helper()
	r := b.request(role, http.MethodPost, agreement+"/scans", bytes.NewReader(content))
	sum := sha256.Sum256(content)
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	got := b.send(r)
	if got.StatusCode != status {
		b.Fatalf("%d %s, want %d", got.StatusCode, got.body, status)
	}
	return got.object(b)
}

// paper is a row of an import.
func (b *bench) paper(scan string) object {
	signatory := object{"name": "A" + b.planted, "title": "Head", "signed_at": "2026-02-01T00:00:00Z"}
	return object{
		"line": 2, "partner": b.partner, "mission": b.mission, "type": "data_sharing", "title": "Old paper" + b.planted, "language": "en", "purposes": []string{b.purpose},
		"subject_types": []string{"beneficiary"}, "categories": []string{"identity"}, "fields": []string{"given_name"}, "recipient_countries": []string{"CO"},
		"storage_countries": []string{"CO"}, "max_subjects_per_transfer": 10, "max_subjects_per_year": 100, "retention_days": object{"identity": 90},
		"effective_from": "2026-02-01T00:00:00Z", "valid_until": "2027-02-01T00:00:00Z", "clauses": templates.Codes(), "iom": signatory, "other": signatory,
		"scan_sha256": hexOf(scanOf(scan)),
	}
}

// Papers that were signed before: imported, their scans sent and attested, assessed, and then in force.
func TestImportedPapers(t *testing.T) {
	b := newBench(t).enrol()
	second := b.hireLegal()
	const path = v1 + "/agreement-imports"
	bad := b.paper("x")
	bad["partner"] = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"
	p := b.problem(b.do(authz.FP, http.MethodPost, path, object{"rows": []object{b.paper("one"), bad}}), http.StatusUnprocessableEntity, "invalid")
	if e := first(p, "errors"); str(e, "location") != "line 2, column partner" || !strings.Contains(str(e, "message"), ";") {
		t.Errorf("%v", p)
	}
	if got := b.want(http.StatusOK, authz.FP, http.MethodPost, path, object{"check": true, "rows": []object{b.paper("one")}}); len(got["items"].([]any)) != 0 {
		t.Errorf("a check: %v", got)
	}
	made := b.under("import", authz.FP, path, object{"rows": []object{b.paper("one")}})
	id := str(first(made.object(t), "items"), "agreement")
	again := b.under("import", authz.FP, path, object{"rows": []object{b.paper("one")}})
	if made.StatusCode != http.StatusOK || again.StatusCode != http.StatusOK || str(first(again.object(t), "items"), "agreement") != id {
		t.Fatalf("%d %s, %d %s", made.StatusCode, made.body, again.StatusCode, again.body)
	}
	agreement := v1 + "/agreements/" + id
	scan := b.sendScanUnder("scan", authz.FP, agreement, scanOf("one"), http.StatusCreated)
	if twin := b.sendScanUnder("scan", authz.FP, agreement, scanOf("one"), http.StatusCreated); str(twin, "id") != str(scan, "id") {
		t.Errorf("sent under one key it is %v and %v", scan, twin)
	}
	attest := object{"scan": str(scan, "id"), "sha256": str(scan, "sha256"), "authority": "minutes seen"}
	t.Run("SoD 3 by Legal other than who brought it", func(t *testing.T) {
		b.problem(b.do(authz.FP, http.MethodPost, agreement+"/attestations", attest), http.StatusForbidden, "refused")
	})
	a := b.want(http.StatusOK, second, http.MethodPost, agreement+"/attestations", attest)
	if a["state"] != "signed" || str(first(a, "signatures"), "method") != "wet_ink" {
		t.Errorf("%v", a["signatures"])
	}
	b.problem(b.do(second, http.MethodPost, agreement+"/activation", nil), http.StatusConflict, "illegal-transition")
	b.assess(id)
	if a := b.want(http.StatusOK, second, http.MethodPost, agreement+"/activation", nil); a["state"] != "active" {
		t.Errorf("%v", a["state"])
	}
	t.Run("R49 it is read back by those who may, as it was", func(t *testing.T) {
		for role, status := range map[authz.Role]int{
			authz.OIG: 200, authz.DPO: 200, authz.LEG: 200, authz.HOM: 200, authz.FP: 200, authz.RO: 403, authz.PSG: 403, authz.PDL: 403, nobody: 401,
		} {
			got := b.do(role, http.MethodGet, agreement+"/scans/"+str(scan, "id"), nil)
			if got.StatusCode != status || status == 200 && (!bytes.Equal(got.body, scanOf("one")) || got.Header.Get("Content-Type") != "application/pdf") {
				t.Errorf("%s: %d %s", role, got.StatusCode, got.body)
			}
		}
	})
	t.Run("it is released under it", func(t *testing.T) {
		b.consent("CASE-1")
		b.released([]byte("given_name\nx\n"))
	})
}

// papers writes a template, has a clause deviate, amends, imports, attests and closes out.
func (d *doubled) papers(b *bench, agreement string) {
	second := b.hireLegal()
	shipped, err := templates.Shipped()
	must(b, err)
	template := b.make(authz.LEG, v1+"/agreement-templates", object{
		"name": "health", "effective_from": "2026-02-01T00:00:00Z", "reason": "new", "clauses": shipped.Content.Clauses, "safeguards": shipped.Content.Safeguards, "annexes": shipped.Content.Annexes,
	})
	content, _ := b.want(http.StatusOK, authz.DPO, http.MethodPost, v1+"/agreement-templates/"+template+"/approval", nil)["content"].(object)
	if annexes, _ := content["annexes"].([]any); len(annexes) != 2 {
		b.Errorf("what was written with two annexes is approved with %v", annexes)
	}
	deviating := b.draft()
	deviating["clauses"], deviating["template"] = []object{{"code": "C12", "deviation": "Our own."}}, object{"name": "health", "version": 1}
	draft := v1 + "/agreements/" + b.make(authz.FP, v1+"/agreements", deviating)
	b.want(http.StatusOK, authz.FP, http.MethodPost, draft+"/review", nil)
	b.want(http.StatusOK, authz.LEG, http.MethodPost, draft+"/deviations", object{"code": "C12", "reason": "a stricter law"})
	b.want(http.StatusOK, authz.FP, http.MethodPost, agreement+"/amendment", b.draft())
	b.want(http.StatusOK, authz.FP, http.MethodDelete, agreement+"/amendment", nil)
	made := b.want(http.StatusOK, authz.FP, http.MethodPost, v1+"/agreement-imports", object{"rows": []object{b.paper("one")}})
	paper := v1 + "/agreements/" + str(first(made, "items"), "agreement")
	scan := b.sendScan(authz.FP, paper, scanOf("one"), http.StatusCreated)
	b.want(http.StatusOK, second, http.MethodPost, paper+"/attestations", object{"scan": str(scan, "id"), "sha256": str(scan, "sha256"), "authority": "seen"})
	b.assess(str(first(made, "items"), "agreement"))
	b.want(http.StatusOK, second, http.MethodPost, paper+"/activation", nil)
	b.want(http.StatusOK, authz.PSG, http.MethodPost, paper+"/termination", object{"reason": "over"})
	b.want(http.StatusOK, authz.FP, http.MethodPost, paper+"/closeout", nil)
}

func TestScanProblems(t *testing.T) {
	b := newBench(t).enrol()
	a := b.want(http.StatusCreated, authz.FP, http.MethodPost, v1+"/agreements", b.draft())
	path := v1 + "/agreements/" + str(a, "id")
	b.sendScan(authz.FP, path, scanOf("x"), http.StatusConflict)
	b.want(http.StatusOK, authz.FP, http.MethodPost, path+"/review", nil)
	b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/approval", object{"decision": "approved"})
	b.sendScan(authz.FP, path, []byte("a text of some length"), http.StatusUnsupportedMediaType)
	b.sendScan(authz.RO, path, scanOf("x"), http.StatusForbidden)
	b.sendScan(authz.FP, v1+"/agreements/"+"0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f", scanOf("x"), http.StatusNotFound)
	r := b.request(authz.FP, http.MethodPost, path+"/scans", bytes.NewReader(scanOf("x")))
	if got := b.exchange(r); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a digest: %d %s", got.StatusCode, got.body)
	}
	if got := b.want(http.StatusOK, authz.PSG, http.MethodGet, path+"/scans", nil); len(got["items"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
}

// An amendment through the API: the version in force rules until the other is activated.
func TestAmendedThroughTheAPI(t *testing.T) {
	b := newBench(t).enrol()
	path := v1 + "/agreements/" + b.agree()
	amended := b.draft()
	amended["scope"].(object)["max_subjects_per_transfer"] = 50
	a := b.want(http.StatusOK, authz.FP, http.MethodPost, path+"/amendment", amended)
	if a["state"] != "active" || a["amendment"].(object)["state"] != "draft" {
		t.Fatalf("%v", a)
	}
	b.want(http.StatusOK, authz.FP, http.MethodPost, path+"/review", nil)
	a = b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/approval", object{"decision": "approved"})
	text := b.do(authz.PSG, http.MethodGet, path+"/amendment/document", nil)
	digest, err := signing.ParseDigest(str(a["amendment"].(object), "digest"))
	must(t, err)
	if sum := signing.Digest(sha256.Sum256(text.body)); sum != digest {
		t.Errorf("%s, want %s", sum, digest)
	}
	words := b.want(http.StatusOK, authz.PSG, http.MethodGet, path+"/text", nil)["items"].([]any)
	if i := slices.IndexFunc(words, func(w any) bool { return w.(object)["code"] == "C20" }); len(words) != 25 || !strings.Contains(str(words[i].(object), "text"), "waiver") {
		t.Errorf("%v", words)
	}
	b.want(http.StatusOK, authz.FP, http.MethodDelete, path+"/amendment", nil)
	b.problem(b.do(authz.FP, http.MethodDelete, path+"/amendment", nil), http.StatusConflict, "illegal-transition")
	b.problem(b.do(authz.FP, http.MethodPost, path+"/closeout", nil), http.StatusConflict, "illegal-transition")
}
