package api_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/people/peopletest"
	"safeconduct/transfer/consent"
)

const (
	v1     = "/api/v1"
	nobody = authz.Role("")
)

// enrol registers the mission, the partner, a person for each role with a token, and the terms; all through the API.
func (b *bench) enrol() *bench {
	b.Helper()
	b.mission = b.make(authz.LEG, v1+"/missions", object{"name": "Mission" + b.planted, "country": "CO", "contact": "the focal point"}) // a post, which refusals name (R56)
	b.partner = b.make(authz.LEG, v1+"/parties", object{"name": "Partner" + b.planted, "kind": "ngo", "country": "CO", "mission": b.mission})
	b.hire(authz.DPO, authz.DPO, "", "")
	b.purpose = b.term("/purposes", object{"code": "shelter", "text": "Shelter" + b.planted, "legal_basis": "consent"})
	for _, role := range []authz.Role{authz.HOM, authz.FP, authz.RO, authz.PSG, authz.PDL, authz.OIG} {
		b.hire(role, role, b.mission, b.partner)
	}
	b.want(http.StatusOK, authz.HOM, http.MethodPost, v1+"/parties/"+b.partner+"/vetting", object{"passed": true, "note": "checked" + b.planted})
	b.notice = b.make(authz.LEG, v1+"/notices", object{"purpose": b.purpose, "notice_version": "1", "texts": noticeTexts(b.planted), "effective_from": "2026-01-01T00:00:00Z"})
	b.want(http.StatusOK, authz.DPO, http.MethodPost, v1+"/notices/"+b.notice+"/approval", nil)
	b.term("/categories", object{"code": "identity", "fields": []string{"given_name", "notes"}, "sensitivity": b.sensitivity})
	b.term("/retention-rules", object{
		"purpose": b.purpose, "category": "identity", "trigger": "case closed", "days": 90, "action": "delete", "review": "2027-03-01T00:00:00Z",
	})
	return b
}

// term has Legal propose a purpose, a category or a retention rule and the data protection officer approve it; it answers with
// its id.
func (b *bench) term(list string, body object) string {
	b.Helper()
	id := b.make(authz.LEG, v1+list, body)
	b.want(http.StatusOK, authz.DPO, http.MethodPost, v1+list+"/"+id+"/approval", object{"version": 1})
	return id
}

// hire registers a person with the role and a token, under a name for the bench.
func (b *bench) hire(as, role authz.Role, mission, partner string) {
	b.Helper()
	person, grant := object{"name": string(role) + b.planted}, object{"role": role}
	switch place, _ := authz.PlaceOf(role); place {
	case authz.AtMission:
		person["mission"], grant["mission"] = mission, mission
	case authz.AtPartner:
		person["partner"], grant["partner"] = partner, partner
	case authz.AtHQ:
	}
	if authz.Tasked(role) {
		grant["purposes"] = []string{b.purpose} // R23
	}
	id := b.make(authz.LEG, v1+"/people", person)
	b.make(authz.LEG, v1+"/people/"+id+"/roles", grant)
	b.people[as] = id
	b.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/trainings", object{"csv": peopletest.CSV(b.clock.Now(), id)})
	b.tokens[as] = str(b.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", object{"person": id, "expires_in_days": 7}), "secret")
	b.undertake(as)
}

// undertake has who goes by the name sign the undertaking.
func (b *bench) undertake(as authz.Role) {
	b.Helper()
	text := b.want(http.StatusOK, as, http.MethodGet, v1+"/undertaking?language=en", nil)
	b.want(http.StatusCreated, as, http.MethodPost, v1+"/people/"+b.people[as]+"/undertakings", object{
		"version": text["version"], "language": text["language"], "digest": text["digest"],
	})
}

func (b *bench) draft() object {
	clauses := []object{}
	for _, code := range agreements.MandatoryClauses() {
		clauses = append(clauses, object{"code": code})
	}
	return object{
		"type": "data_sharing", "title": "Shelter" + b.planted, "mission": b.mission, "partner": b.partner, "language": "en", "clauses": clauses,
		"effective_from": "2026-02-01T00:00:00Z", "valid_until": "2027-02-01T00:00:00Z",
		"scope": object{
			"missions": []string{b.mission}, "purposes": []string{b.purpose}, "subject_types": []string{"beneficiary"},
			"categories": []string{"identity"}, "fields": []string{"given_name", "notes"}, "recipient_countries": []string{"CO"},
			"storage_countries": []string{"CO"}, "onward_rule": "none", "max_subjects_per_transfer": 100, "max_subjects_per_year": 1000,
			"retention_days": object{"identity": 90},
		},
	}
}

// sign enrols and confirms a key of the person who holds the role, and signs the agreement with it.
func (b *bench) sign(agreement object, role authz.Role) {
	b.Helper()
	key, err := signing.GenerateKey(rand.Reader)
	must(b, err)
	proof, err := signing.Enrol(key, b.people[role], b.clock.Now())
	must(b, err)
	jwk, err := json.Marshal(key.Public())
	must(b, err)
	keys := v1 + "/people/" + b.people[role] + "/keys"
	id := b.make(role, keys, object{"public_key": json.RawMessage(jwk), "proof": proof})
	b.want(http.StatusOK, authz.LEG, http.MethodPost, keys+"/"+id+"/confirmation", object{"authority": "letter"})
	digest, err := signing.ParseDigest(str(agreement, "digest"))
	must(b, err)
	party := signing.PartyIOM
	if role == authz.PSG {
		party = b.partner
	}
	jws, err := signing.Sign(key, signing.Statement{
		Agreement: str(agreement, "id"), Version: 1, Digest: digest, Party: party,
		Signatory: b.people[role], Title: "Head", SignedAt: b.clock.Now().UTC(),
	})
	must(b, err)
	b.want(http.StatusOK, role, http.MethodPost, v1+"/agreements/"+str(agreement, "id")+"/signatures", object{"key": id, "jws": jws})
}

// agree drafts, reviews, signs, assesses and activates an agreement, and answers with its id.
func (b *bench) agree() string {
	b.Helper()
	return b.inForce(b.want(http.StatusCreated, authz.FP, http.MethodPost, v1+"/agreements", b.draft()))
}

// inForce has a draft reviewed, signed, assessed and activated.
func (b *bench) inForce(a object) string {
	b.Helper()
	path := v1 + "/agreements/" + str(a, "id")
	b.want(http.StatusOK, authz.FP, http.MethodPost, path+"/review", nil)
	b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/approval", object{"decision": "approved"})
	b.sign(a, authz.HOM)
	b.sign(a, authz.PSG)
	b.assess(str(a, "id"))
	active := b.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/activation", nil)
	if active["state"] != "active" {
		b.Fatalf("after the activation it is %v", active["state"])
	}
	return str(a, "id")
}

// assess has an assessment of band LOW approved.
func (b *bench) assess(agreement string) string {
	b.Helper()
	answers, category := object{}, 2
	if b.sensitivity == "high" {
		category = 4
	}
	for id, v := range map[string]int{
		"K1": 0, "K2": 1, "K3": 1, "K4": 1, "K5": 0, "S1": category, "S2": 3, "S3": 1, "S4": 3, "L1": 2, "L2": 2, "L3": 1, "L4": 1, "L5": 1, "L6": 1,
		"L7": 1, "L8": 3, "M1": 1, "M2": 1, "M3": 1, "M4": 1, "B1": 5, "B2": 5, "B3": 4, "B4": 4,
	} {
		answers[id] = object{"value": v, "evidence": "seen" + b.planted}
	}
	id := b.make(authz.RO, v1+"/assessments", object{
		"agreement": agreement, "purposes": []string{b.purpose}, "categories": []string{"identity"}, "countries": []string{"CO"}, "answers": answers,
		"people_consulted": []string{"community focal point"},
	})
	x := b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/assessments/"+id+"/submission", nil)
	pending, _ := x["pending_approvals"].([]any)
	for _, role := range pending {
		x = b.want(http.StatusOK, authz.Role(role.(string)), http.MethodPost, v1+"/assessments/"+id+"/approvals", object{"decision": "approved"})
	}
	if x["state"] != "approved" {
		b.Fatalf("the assessment is %v: %v", x["state"], x["result"])
	}
	return id
}

func (b *bench) statement() object {
	return object{
		"mission": b.mission, "decision": "given", "notice_version": "1", "language": "es", "could_ask_questions": true, "understood": true,
		"purposes": []string{b.purpose}, "recipients": []string{b.partner}, "categories": []string{"identity"},
		"form": "written", "event_time": b.clock.Now().Add(-time.Hour), "subject_type": "beneficiary",
		"evidence": object{"kind": "signed_document", "sha256": someDigest()},
		"capacity": object{"aspects": consent.Aspects(), "method": "interview", "result": "capable"},
	}
}

// noticeTexts are those of a notice, each ending alike.
func noticeTexts(end string) object {
	text := object{
		"controller": "The chief of mission" + end, "contact": "the focal point", "purpose": "shelter", "retention": "ninety days",
		"recipients": "the shelter", "rights": "see, correct, withdraw", "non_waiver": "nothing is waived",
	}
	return object{"en": text, "fr": text, "es": text}
}

func someDigest() string { return strings.Repeat("0a", 32) }

func (b *bench) disclosure() object {
	return object{
		"mission": b.mission, "datasets": []string{someDigest()}, "countries": []string{"CO"}, "method": "counted" + b.planted,
		"smallest_cell": 12, "all_own": true, "valid_until": "2026-12-01T00:00:00Z",
	}
}

func (b *bench) consent(reference string) object {
	b.Helper()
	s := b.statement()
	s["case_reference"] = reference
	return b.want(http.StatusCreated, authz.RO, http.MethodPost, v1+"/consents", s)
}

func (b *bench) order(files ...object) object {
	if files == nil {
		files = []object{{"media_type": "text/csv"}}
	}
	return object{
		"mission": b.mission, "partner": b.partner, "purpose": b.purpose, "nature": "personal", "recipient_class": "service_provider", "data_origin": map[string]any{"source": "own"},
		"categories": []string{"identity"}, "fields": []string{"given_name"}, "subjects": []string{"CASE-1"}, "files": files,
	}
}
