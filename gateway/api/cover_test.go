package api_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
)

// The cover sheet of a transfer goes to its mission and, by the gate, to its recipient.
func TestCover(t *testing.T) {
	b := newBench(t).enrol()
	b.planted = planted
	agreement := b.agree()
	b.consent("CASE-1")
	content := []byte("given_name\n" + planted + "\n")
	id := b.make(authz.RO, v1+"/transfers", b.order())
	path := v1 + "/transfers/" + id + "/cover"
	t.Run("before the files have landed there is none", func(t *testing.T) {
		b.problem(b.do(authz.RO, http.MethodGet, path, nil), http.StatusConflict, "illegal-transition")
	})
	if a := b.upload(id, 1, content); a.StatusCode != http.StatusCreated {
		t.Fatalf("upload: %d %s", a.StatusCode, a.body)
	}
	t.Run("R43 before its release the mission reads that it is not released, and the partner nothing", func(t *testing.T) {
		if s := b.want(http.StatusOK, authz.FP, http.MethodGet, path, nil); s["state"] != "not_released" {
			t.Errorf("%v", s)
		}
		b.want(http.StatusNotFound, authz.PDL, http.MethodGet, path, nil)
	})
	b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/transfers/"+id+"/commit", nil)
	for _, role := range []authz.Role{authz.RO, authz.HOM, authz.FP, authz.LEG, authz.DPO, authz.OIG, authz.PDL} {
		for language, says := range map[string]string{"en": "waiver", "fr": "renonciation", "es": "renuncia", "": "waiver"} {
			query := "?language=" + language
			if language == "" {
				query = ""
			}
			s := b.want(http.StatusOK, role, http.MethodGet, path+query, nil)
			w := s["non_waiver"].(object)
			if s["state"] != "released" || w["clause"] != "C20" || !strings.Contains(str(w, "text"), says) || str(s["agreement"].(object), "id") != agreement {
				t.Errorf("R33 %s in %q: %v", role, language, s)
			}
			if f := first(s, "files"); f["sha256"] != hexOf(content) || s["retention"].(object)["days"] != 90.0 || str(s["mission"].(object), "contact") == "" {
				t.Errorf("R27 %s: %v", role, s)
			}
			if role != authz.RO && role != authz.PDL {
				break // the language is nobody's own
			}
		}
	}
	t.Run("R55 it holds nothing of the people in it", func(t *testing.T) {
		got := b.do(authz.PDL, http.MethodGet, path, nil)
		record := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/transfers/"+id, nil)
		for _, secret := range []string{"CASE-1", str(record, "sender"), "subjects_digest"} {
			if bytes.Contains(got.body, []byte(secret)) {
				t.Errorf("it holds %q: %s", secret, got.body)
			}
		}
	})
	t.Run("R12 the limits of consent travel", func(t *testing.T) {
		limits := b.want(http.StatusOK, authz.PDL, http.MethodGet, path, nil)["consent_limits"].(object)
		if limits["excluded_recipients"] != "all_others" || limits["excluded_categories"] == nil {
			t.Errorf("%v", limits)
		}
	})
	t.Run("R33 as a PDF", func(t *testing.T) {
		got := b.do(authz.PDL, http.MethodGet, path+".pdf?language=es", nil)
		if got.StatusCode != http.StatusOK || !bytes.HasPrefix(got.body, []byte("%PDF-")) || got.Header.Get("Content-Type") != "application/pdf" ||
			got.Header.Get("Content-Disposition") != `attachment; filename="cover-`+id+`.pdf"` {
			t.Errorf("%d %v", got.StatusCode, got.Header)
		}
	})
	t.Run("no pull session is used up by it", func(t *testing.T) {
		if got := b.pull(id, 1); got.StatusCode != http.StatusOK {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
		if s := b.want(http.StatusOK, authz.FP, http.MethodGet, path, nil); str(s["retention"].(object), "destroy_by") == "" {
			t.Errorf("R27 once pulled it says by when all is destroyed: %v", s["retention"])
		}
	})
	t.Run("PULL_DENIED where a pull would be refused, and the cause in the log alone", func(t *testing.T) {
		b.make(authz.LEG, v1+"/holds", object{"kind": "legal_hold", "mission": b.mission, "case_reference": "CASE-1", "reason": "asked"})
		got := b.want(http.StatusForbidden, authz.PDL, http.MethodGet, path, nil)
		if codes := codesOf(got); !slices.Equal(codes, []string{"PULL_DENIED"}) || strings.Contains(str(got, "detail"), "HOLD") {
			t.Errorf("%v", got)
		}
		b.want(http.StatusOK, authz.FP, http.MethodGet, path, nil)
		b.placed()
		found := false
		for _, line := range b.want(http.StatusOK, authz.OIG, http.MethodGet, v1+"/log/entries?limit=500", nil)["items"].([]any) {
			e := line.(object)["entry"].(object)
			found = found || e["result"] == "cover" && e["verdict"] == "refused" && slices.Contains(listOf(e, "codes"), "LEGAL_HOLD")
		}
		if !found {
			t.Error("R43 the log does not say why")
		}
	})
	t.Run("after a recall it is over", func(t *testing.T) {
		b.want(http.StatusOK, authz.FP, http.MethodPost, v1+"/transfers/"+id+"/recall", object{"reason": "wrong"})
		if s := b.want(http.StatusOK, authz.RO, http.MethodGet, path, nil); s["state"] != "ended" {
			t.Errorf("%v", s["state"])
		}
		b.want(http.StatusForbidden, authz.PDL, http.MethodGet, path, nil)
	})
}
