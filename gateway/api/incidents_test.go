package api_test

import (
	"net/http"
	"slices"
	"testing"

	"safeconduct/authz"
)

// Whom it is about the partner that reports it cannot say; who judges it can.
func TestWhomAnIncidentIsAbout(t *testing.T) {
	t.Run("SoD 5 the subject of a partner's report neither judges nor closes it", func(t *testing.T) {
		b := newBench(t).enrol()
		now := b.clock.Now().UTC()
		path := v1 + "/incidents/" + b.make(authz.PSG, v1+"/incidents", object{
			"partner": b.partner, "source": "a copy", "event": "files were copied", "discovered": now, "notified": now, "about": []string{b.people[authz.FP]},
		})
		if read := b.want(http.StatusOK, authz.FP, http.MethodGet, path, nil); read["about"] != nil {
			t.Errorf("the partner says it is about %v", read["about"])
		}
		triage := func(about ...string) object {
			return object{"severity": "moderate", "reason": "by one of ours", "about": about}
		}
		b.want(http.StatusUnprocessableEntity, authz.DPO, http.MethodPost, path+"/triage", triage("0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"))
		b.want(http.StatusOK, authz.DPO, http.MethodPost, path+"/triage", triage(b.people[authz.FP]))
		b.want(http.StatusConflict, authz.FP, http.MethodPost, path+"/triage", object{"severity": "low", "reason": "nothing"})
		b.want(http.StatusOK, authz.DPO, http.MethodPost, path+"/triage", triage()) // lets nobody off
		b.want(http.StatusConflict, authz.FP, http.MethodPost, path+"/triage", object{"severity": "low", "reason": "nothing"})

		b.want(http.StatusConflict, authz.DPO, http.MethodPost, path+"/triage", triage(b.people[authz.DPO])) // the subject judges nothing, says the subject
		read := b.want(http.StatusOK, authz.FP, http.MethodGet, path, nil)
		if about, _ := read["about"].([]any); !slices.Equal(about, []any{b.people[authz.FP]}) || read["severity"] != "moderate" {
			t.Errorf("about %v, %v", read["about"], read["severity"])
		}
		if seen := b.want(http.StatusOK, authz.PSG, http.MethodGet, path, nil); seen["about"] != nil {
			t.Errorf("the partner sees %v", seen["about"])
		}
		b.want(http.StatusOK, authz.DPO, http.MethodPost, path+"/closure", object{"outcome": "treated", "lessons": "copies are counted"})
	})
	t.Run("SoD 5 the officer whom a focal point names does not close it", func(t *testing.T) {
		b := newBench(t).enrol()
		now := b.clock.Now().UTC()
		path := v1 + "/incidents/" + b.make(authz.PDL, v1+"/incidents", object{
			"partner": b.partner, "source": "a copy", "event": "files were copied", "discovered": now, "notified": now,
		})
		b.want(http.StatusOK, authz.FP, http.MethodPost, path+"/triage", object{"severity": "serious", "reason": "by the officer", "about": []string{b.people[authz.DPO]}})
		b.want(http.StatusConflict, authz.DPO, http.MethodPost, path+"/closure", object{"outcome": "treated", "lessons": "nothing"})
		b.want(http.StatusConflict, authz.DPO, http.MethodPost, path+"/triage", object{"severity": "low", "reason": "nothing"})
	})
}
