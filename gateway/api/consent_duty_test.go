package api_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"safeconduct/authz"
)

// collecting drafts an agreement whose clause C06 gives the collection of consent to who the word names, has it signed and
// activated, and records a consent that the partner collected, with its evidence.
func (b *bench) collecting(word string) (agreement string) {
	b.Helper()
	draft := b.draft()
	if word != "" {
		draft["clauses"] = []object{{"code": "C06", "parameters": object{"consent_collected_by": word}}}
	}
	a := b.want(http.StatusCreated, authz.FP, http.MethodPost, v1+"/agreements", draft)
	b.inForce(a)
	s := b.statement()
	s["case_reference"], s["collected_by_partner"] = "CASE-1", b.partner
	b.want(http.StatusCreated, authz.RO, http.MethodPost, v1+"/consents", s)
	return str(a, "id")
}

// The duty to collect consent, from the draft of an agreement to the gate.
func TestWhoCollectsConsent(t *testing.T) {
	for name, word := range map[string]string{"R10 CONSENT_EVIDENCE where the organisation collects": "organisation", "R10 CONSENT_EVIDENCE where the draft is silent": ""} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t).enrol()
			b.collecting(word)
			if codes := codesOf(b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", b.order())); !slices.Equal(codes, []string{"CONSENT_EVIDENCE"}) {
				t.Errorf("%v", codes)
			}
		})
	}
	t.Run("R10 what the partner collected counts where the agreement says so", func(t *testing.T) {
		b := newBench(t).enrol()
		path := v1 + "/agreements/" + b.collecting("partner")
		b.released([]byte("given_name\nx\n"))
		if doc := b.do(authz.PSG, http.MethodGet, path+"/document", nil); !bytes.Contains(doc.body, []byte(`"parameters":{"consent_collected_by":"partner"}`)) {
			t.Errorf("%s", doc.body)
		}
		words := b.want(http.StatusOK, authz.PSG, http.MethodGet, path+"/text", nil)["items"].([]any)
		if c := words[5].(object); !strings.Contains(str(c, "text"), "assigned to the partner") || str(c["parameters"].(object), "consent_collected_by") != "partner" {
			t.Errorf("%v", c)
		}
	})
	t.Run("R10 another word is refused", func(t *testing.T) {
		b := newBench(t).enrol()
		draft := b.draft()
		draft["clauses"] = []object{{"code": "C06", "parameters": object{"consent_collected_by": "nobody"}}}
		b.problem(b.do(authz.FP, http.MethodPost, v1+"/agreements", draft), http.StatusUnprocessableEntity, "invalid")
	})
	t.Run("R10 an imported paper says it in its row", func(t *testing.T) {
		b := newBench(t).enrol()
		row := b.paper("one")
		row["consent_collected_by"] = "partner"
		made := b.want(http.StatusOK, authz.FP, http.MethodPost, v1+"/agreement-imports", object{"rows": []object{row}})
		doc := b.do(authz.FP, http.MethodGet, v1+"/agreements/"+str(first(made, "items"), "agreement")+"/document", nil)
		if !bytes.Contains(doc.body, []byte(`"consent_collected_by":"partner"`)) {
			t.Errorf("%s", doc.body)
		}
	})
}
