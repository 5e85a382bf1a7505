package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"safeconduct/authz"
)

// payload is the file of the story, and its hex SHA-256.
func payload() ([]byte, string) {
	b := bytes.Repeat([]byte("case_reference,given_name\nCASE-1,Ana\n"), 150_000)
	sum := sha256.Sum256(b)
	return b, hex.EncodeToString(sum[:])
}

func digestField(hexSum string) string {
	sum, err := hex.DecodeString(hexSum)
	if err != nil {
		panic(err)
	}
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum) + ":"
}

// upload sends file n of the transfer as the referral officer.
func (b *bench) upload(transfer string, n int, content []byte, headers ...string) answer {
	b.Helper()
	r := b.request(authz.RO, http.MethodPut, v1+"/transfers/"+transfer+"/files/"+strconv.Itoa(n), bytes.NewReader(content))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.send(r)
}

func (b *bench) pull(transfer string, n int, headers ...string) answer {
	b.Helper()
	r := b.request(authz.PDL, http.MethodGet, v1+"/transfers/"+transfer+"/files/"+strconv.Itoa(n), nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.send(r)
}

// released sends content and commits it, and answers with the transfer's id.
func (b *bench) released(content []byte) string {
	b.Helper()
	id := b.make(authz.RO, v1+"/transfers", b.order())
	if a := b.upload(id, 1, content); a.StatusCode != http.StatusCreated {
		b.Fatalf("upload: %d %s", a.StatusCode, a.body)
	}
	t := b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/transfers/"+id+"/commit", nil)
	if t["state"] != "available" {
		b.Fatalf("after the commit it is %v", t["state"])
	}
	return id
}

func codesOf(problem object) []string {
	var codes []string
	refusals, _ := problem["refusals"].([]any)
	for _, r := range refusals {
		codes = append(codes, r.(object)["code"].(string))
	}
	return codes
}

func TestStory(t *testing.T) {
	b := newBench(t).enrol()
	refused := b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", b.order())
	if codes := codesOf(refused); !slices.Equal(codes, []string{"AGR_MISSING", "RBA_MISSING", "CONSENT_MISSING"}) {
		t.Fatalf("R46 R47: codes are %v", codes)
	}
	b.agree()
	consent := b.consent("CASE-1")
	sent := b.want(http.StatusCreated, authz.RO, http.MethodPost, v1+"/transfers", b.order())
	id := str(sent, "id")
	content, sum := payload()
	landed := b.upload(id, 1, content, "Content-Digest", digestField(sum)).object(t)
	if landed["sha256"] != sum || landed["size"] != float64(len(content)) || landed["state"] != "sealed" {
		t.Fatalf("landed %v", landed)
	}
	released := b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/transfers/"+id+"/commit", nil)
	if released["state"] != "available" || released["release_entry"] == "" {
		t.Fatalf("released %v", released)
	}
	pulled := b.pull(id, 1)
	if pulled.StatusCode != http.StatusOK || !bytes.Equal(pulled.body, content) {
		t.Fatalf("pulled %d, %d bytes of %d", pulled.StatusCode, len(pulled.body), len(content))
	}
	ack := b.want(http.StatusOK, authz.PDL, http.MethodPost, v1+"/transfers/"+id+"/acknowledgement", object{"files": []object{{"n": 1, "sha256": sum}}})
	if ack["state"] != "acknowledged" {
		t.Fatalf("acknowledged %v", ack)
	}
	b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/consents/"+str(consent, "id")+"/withdrawal", nil)
	denied := b.pull(id, 1)
	if codes := codesOf(denied.object(t)); denied.StatusCode != http.StatusForbidden || !slices.Equal(codes, []string{"PULL_DENIED"}) {
		t.Fatalf("after the withdrawal the partner sees %d %v", denied.StatusCode, codes)
	}
	seen := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/transfers/"+id, nil)
	if codes := seen["codes"].([]any); len(codes) != 1 || codes[0] != "CONSENT_WITHDRAWN" {
		t.Fatalf("the officer sees %v", seen["codes"])
	}
	b.want(http.StatusOK, authz.FP, http.MethodPost, v1+"/transfers/"+id+"/recall", object{"reason": "withdrawn"})
	b.checkLog(id)
}

// checkLog reads the log page by page, and a checkpoint.
func (b *bench) checkLog(transfer string) {
	b.Helper()
	var kinds []string
	after := "-1"
	for {
		page := b.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/log/entries?limit=3&object="+transfer+"&after="+after, nil)
		for _, item := range page["items"].([]any) {
			kinds = append(kinds, item.(object)["entry"].(object)["kind"].(string))
		}
		next, more := page["next_after"].(float64)
		if !more {
			break
		}
		after = strconv.Itoa(int(next))
	}
	for _, kind := range []string{"decision", "change", "release", "delivery", "receipt"} {
		if !slices.Contains(kinds, kind) {
			b.Errorf("the log has no %s of the transfer: %v", kind, kinds)
		}
	}
	note := b.do(authz.OIG, http.MethodGet, v1+"/log/checkpoint", nil)
	if note.StatusCode != http.StatusOK || note.Header.Get("Content-Type") != "text/plain; charset=utf-8" ||
		!strings.HasPrefix(string(note.body), "safeconduct.test/log\n") {
		b.Errorf("checkpoint: %d %q", note.StatusCode, note.body)
	}
}

func TestPartnerSeesNoDecision(t *testing.T) {
	b := newBench(t).enrol()
	b.agree()
	b.consent("CASE-1")
	id := b.released([]byte("given_name\nAna\n"))
	for name, role := range map[string]authz.Role{"downloader": authz.PDL, "signatory": authz.PSG} {
		t.Run(name, func(t *testing.T) {
			v := b.want(http.StatusOK, role, http.MethodGet, v1+"/transfers/"+id, nil)
			for _, hidden := range []string{"decision", "codes", "sender", "approvals", "assessment", "release_entry"} {
				if _, there := v[hidden]; there {
					t.Errorf("a partner sees %s", hidden)
				}
			}
		})
	}
}

func TestDecisionIsShownWithItsMend(t *testing.T) {
	b := newBench(t).enrol()
	refused := b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", b.order())
	for lang, word := range map[string]string{"en": "agreement", "fr": "accord", "es": "acuerdo"} {
		t.Run("R56 "+lang, func(t *testing.T) {
			r := b.request(authz.RO, http.MethodGet, v1+"/transfers/"+str(refused, "transfer"), nil)
			r.Header.Set("Accept-Language", lang)
			v := b.send(r).object(t)
			first := v["decision"].(object)["refusals"].([]any)[0].(object)
			if v["state"] != "refused" || first["code"] != "AGR_MISSING" || first["ask"] == "" || !namesPosts(first, "the focal point") || !strings.Contains(strings.ToLower(str(first, "mend")), word) {
				t.Errorf("refused transfer shows %v", first)
			}
		})
	}
}

// namesPosts tells whether a refusal names the mission's contact, then Legal's.
func namesPosts(refusal object, mission string) bool {
	all, _ := refusal["contacts"].([]any)
	return len(all) == 2 && reflect.DeepEqual(all[0], object{"who": "focal_point", "contact": mission}) &&
		reflect.DeepEqual(all[1], object{"who": "legal", "contact": "Office of Legal Affairs"})
}

// Every refusal names whom to ask, as the mission and the rules say.
func TestProblemNamesWhomToAsk(t *testing.T) {
	b := newBench(t).enrol()
	for name, p := range map[string]object{
		"R56 of a transfer": b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", b.order()),
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range p["refusals"].([]any) {
				if !namesPosts(r.(object), "the focal point") {
					t.Errorf("%v", r)
				}
			}
		})
	}
	t.Run("R56 of a role, by the caller's own mission", func(t *testing.T) {
		p := b.want(http.StatusForbidden, authz.RO, http.MethodGet, v1+"/dpo-queue", nil)
		if !namesPosts(p["refusals"].([]any)[0].(object), "the focal point") {
			t.Errorf("%v", p)
		}
	})
}

func TestRequestNamesWhatIsMissing(t *testing.T) {
	b := newBench(t).enrol()
	p := b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", object{"mission": b.mission})
	if codes := codesOf(p); codes[0] != "REQ_INCOMPLETE" || p["transfer"] == "" {
		t.Fatalf("REQ_INCOMPLETE: %v", p)
	}
}

func TestSecondPerson(t *testing.T) {
	b := newBench(t)
	b.sensitivity = "high"
	b.enrol()
	b.agree()
	b.consent("CASE-1")
	waiting := func() string {
		id := b.make(authz.RO, v1+"/transfers", b.order())
		if landed := b.upload(id, 1, []byte("given_name\nAna\n")).object(t); landed["state"] != "awaiting_approval" {
			t.Fatalf("landed %v", landed)
		}
		return v1 + "/transfers/" + id
	}
	t.Run("APPROVAL_PENDING", func(t *testing.T) {
		path := waiting()
		p := b.want(http.StatusForbidden, authz.RO, http.MethodPost, path+"/commit", nil)
		if codes := codesOf(p); !slices.Equal(codes, []string{"APPROVAL_PENDING"}) {
			t.Errorf("codes %v", codes)
		}
		if v := b.want(http.StatusOK, authz.HOM, http.MethodPost, path+"/approvals", object{"granted": true, "attestation": "needed"}); v["state"] != "available" {
			t.Errorf("approved, it is %v", v["state"])
		}
	})
	t.Run("APPROVAL_DENIED is an answer to who denies", func(t *testing.T) {
		path := waiting()
		v := b.want(http.StatusOK, authz.HOM, http.MethodPost, path+"/approvals", object{"granted": false})
		if codes, _ := v["codes"].([]any); v["state"] != "refused" || len(codes) != 1 || codes[0] != "APPROVAL_DENIED" {
			t.Errorf("denied, it is %v for %v", v["state"], v["codes"])
		}
		if again := b.do(authz.HOM, http.MethodPost, path+"/approvals", object{"granted": true}); again.StatusCode != http.StatusConflict {
			t.Errorf("approving it then answers %d", again.StatusCode)
		}
	})
	t.Run("who may not approve is refused", func(t *testing.T) {
		p := b.want(http.StatusForbidden, authz.FP, http.MethodPost, waiting()+"/approvals", object{"granted": true})
		if codes := codesOf(p); !slices.Equal(codes, []string{"AUTH_ROLE_DENIED"}) {
			t.Errorf("codes %v", codes)
		}
	})
}
