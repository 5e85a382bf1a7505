package api_test

import (
	"net/http"
	"testing"
	"time"

	"safeconduct/authz"
)

// severe are answers that end in SEVERE.
func (b *bench) severe() object {
	answers := object{"K1": object{"value": 0}, "K2": object{"value": 1}, "K3": object{"value": 1}, "K4": object{"value": 1}, "K5": object{"value": 0}}
	for group, n := range map[string]int{"S": 4, "L": 8, "M": 4, "B": 4} {
		for i := range n {
			answers[group+string(rune('1'+i))] = object{"value": map[string]int{"S": 4, "L": 5, "M": 0, "B": 3}[group], "evidence": "seen"}
		}
	}
	return answers
}

// assessments tells every act on assessments, on their templates and on what makes them stale, on the agreement.
func (b *bench) assessments(agreement string) {
	b.Helper()
	content := object{
		"agreement": agreement, "purposes": []string{b.purpose}, "categories": []string{"identity"}, "countries": []string{"CO"}, "answers": b.severe(),
		"people_consulted": []string{"community focal point"},
	}
	path := v1 + "/assessments/" + b.make(authz.RO, v1+"/assessments", content)
	b.want(http.StatusOK, authz.RO, http.MethodPut, path, content)
	if x := b.want(http.StatusOK, authz.RO, http.MethodPost, path+"/submission", nil); x["result"].(object)["band"] != "SEVERE" {
		b.Errorf("submitted: %v", x["result"])
	}
	due := b.clock.Now().Add(240 * time.Hour)
	b.want(http.StatusOK, authz.HOM, http.MethodPost, path+"/conditions", object{"text": "two users only", "owner_role": "RO", "due": due})
	b.want(http.StatusConflict, authz.HOM, http.MethodPost, path+"/conditions/1/closure", object{"done": "enrolled"}) // not the owner's
	b.want(http.StatusOK, authz.RO, http.MethodPost, path+"/conditions/1/closure", object{"done": "enrolled"})
	b.want(http.StatusConflict, authz.HOM, http.MethodPost, path+"/approvals", object{"decision": "approved"})
	derogation := object{"purpose": b.purpose, "categories": []string{"identity"}, "max_subjects": 1, "until": due, "text": "no other way"}
	b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/derogation", derogation)
	b.want(http.StatusConflict, authz.LEG, http.MethodPost, path+"/derogation", derogation)
	if x := b.want(http.StatusOK, authz.DPO, http.MethodPost, path+"/derogation", derogation); x["state"] != "approved" {
		b.Errorf("both gave it: %v", x["state"])
	}
	if x := b.want(http.StatusOK, authz.DPO, http.MethodDelete, path+"/derogation", nil); x["state"] != "expired" {
		b.Errorf("withdrawn: %v", x["state"])
	}
	ended := v1 + "/assessments/" + b.assess(agreement) + "/staleness"
	if x := b.want(http.StatusOK, authz.DPO, http.MethodPost, ended, object{"reason": "the site was raided"}); x["state"] != "stale" || x["stale_reason"] != "ended" {
		b.Errorf("ended: %v, %v", x["state"], x["stale_reason"])
	}
	b.want(http.StatusConflict, authz.DPO, http.MethodPost, ended, object{"reason": "again"})
	held := v1 + "/assessments/" + b.assess(agreement)
	alert := b.want(http.StatusCreated, authz.DPO, http.MethodPost, v1+"/conflict-alerts", object{"country": "CO", "reason": "fighting"})
	if x := b.want(http.StatusOK, authz.RO, http.MethodGet, held, nil); x["state"] != "stale" || x["stale_reason"] != "conflict_alert" {
		b.Errorf("after the alert: %v, %v", x["state"], x["stale_reason"])
	}
	b.want(http.StatusOK, authz.LEG, http.MethodPost, v1+"/conflict-alerts/"+str(alert, "id")+"/lifting", object{"reason": "over"})
	b.questionnaires(agreement)
}

func (b *bench) questionnaires(agreement string) {
	b.Helper()
	q := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/assessment-templates/current", nil)
	delete(q, "version")
	delete(q, "digest")
	delete(q, "id")
	q["reason"] = "lessons of the year"
	id := b.make(authz.LEG, v1+"/assessment-templates", q)
	b.want(http.StatusOK, authz.DPO, http.MethodPost, v1+"/assessment-templates/"+id+"/approval", nil)
	if now := b.want(http.StatusOK, authz.RO, http.MethodGet, v1+"/assessment-templates/current", nil); now["id"] != id || now["version"] != 1000.0 {
		b.Errorf("in force: %v, version %v", now["id"], now["version"])
	}
	held := v1 + "/assessments/" + b.assess(agreement)
	if x := b.want(http.StatusOK, authz.RO, http.MethodGet, held, nil); x["template_version"] != 1000.0 {
		b.Errorf("R37 assessed on version %v", x["template_version"])
	}
	b.want(http.StatusOK, authz.LEG, http.MethodPost, v1+"/assessment-templates/"+id+"/withdrawal", object{"reason": "a wrong scale"})
	if x := b.want(http.StatusOK, authz.RO, http.MethodGet, held, nil); x["state"] != "stale" || x["stale_reason"] != "template_withdrawn" {
		b.Errorf("after the withdrawal: %v, %v", x["state"], x["stale_reason"])
	}
}

func TestAssessmentActs(t *testing.T) {
	b := newBench(t).enrol()
	b.assessments(b.agree())
	t.Run("R47 the short form is for low sensitivities", func(t *testing.T) {
		short := object{
			"agreement": b.make(authz.FP, v1+"/agreements", b.draft()), "purposes": []string{b.purpose}, "categories": []string{"identity"}, "countries": []string{"CO"},
			"form": "short",
		}
		want := map[string]int{"low": http.StatusCreated, "moderate": http.StatusCreated}[b.sensitivity]
		if got := b.do(authz.RO, http.MethodPost, v1+"/assessments", short); want == 0 && got.StatusCode != http.StatusUnprocessableEntity || want != 0 && got.StatusCode != want {
			t.Errorf("%s: %d %s", b.sensitivity, got.StatusCode, got.body)
		}
	})
}
