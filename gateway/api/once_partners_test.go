package api_test

import (
	"net/http"
	"strings"
	"time"

	"safeconduct/authz"
)

// partners does all that is done about partners: what they owe, what happens there, who asks them, and their standing.
func (d *doubled) partners(b *bench) {
	post := func(role authz.Role, path string, body object) {
		b.want(http.StatusOK, role, http.MethodPost, v1+path, body)
	}
	sum, now := strings.Repeat("0a", 32), b.clock.Now()
	owed := b.want(http.StatusOK, authz.PSG, http.MethodGet, v1+"/destructions?open=true", nil)["items"].([]any)[0].(object)
	duty := "/destructions/" + str(owed, "id")
	post(authz.PSG, duty+"/certificate", object{"method": "overwritten", "medium": "disk", "date": now, "copies": 1, "backups": "none", "witness": "head of administration"})
	post(authz.FP, duty+"/decision", object{"accepted": true})
	clearance := "/clearances/" + b.make(authz.FP, v1+"/clearances", object{
		"mission": b.mission, "originator": "Agency", "purposes": []string{b.purpose}, "categories": []string{"identity"},
		"recipients": []string{b.partner}, "evidence_digest": sum, "valid_until": now.Add(24 * time.Hour),
	})
	post(authz.FP, clearance+"/withdrawal", object{"reason": "a letter"})
	asked := "/authority-requests/" + b.make(authz.PSG, v1+"/authority-requests", object{
		"partner": b.partner, "authority": "police", "country": "CO", "reference": "A-1", "asked": now,
	})
	post(authz.LEG, asked+"/assessment", nil)
	post(authz.LEG, asked+"/decision", object{"version": 2, "outcome": "refused", "ground": "immunity", "letter_digest": sum})
	post(authz.LEG, asked+"/closure", object{"version": 3})
	incident := "/incidents/" + b.make(authz.PDL, v1+"/incidents", object{"partner": b.partner, "source": "theft", "event": "loss", "discovered": now, "notified": now})
	post(authz.FP, incident+"/triage", object{"severity": "low", "reason": "encrypted"})
	post(authz.DPO, incident+"/closure", object{"outcome": "treated", "lessons": "keys are locked away"})
	party := "/parties/" + b.partner
	post(authz.FP, party+"/amendment", object{"gdpr_status": "bound", "reason": "a letter"})
	post(authz.DPO, party+"/suspension", object{"reason": "a loss"})
	post(authz.LEG, party+"/suspension/lift", object{"reason": "closed"})
	post(authz.DPO, party+"/block", object{"reason": "sold data"})
}
