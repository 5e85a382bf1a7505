package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/templates"
	"safeconduct/authz"
	"safeconduct/gateway/api/apitest"
)

const (
	// unknown is an id of the right form that nothing has.
	unknown = "0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"
	// planted stands in every name and text of the world that is walked, and in every body of the walk.
	planted = "Zorblaxina"
	// spare is a referral officer who does nothing, for others to act on.
	spare authz.Role = "spare"
)

// walk is a world in which every operation has something to act on, and the document that its server serves.
type walk struct {
	*bench
	doc apitest.Document
	ids map[string]string // by collection, and by parameter: those of the mission
	// those of its partner, where they are others
	partners map[string]string
	// another mission and its partner
	otherMission, otherPartner string
	undertaking                object // what signs it
	scanned                    string // agreement whose paper the scan is of
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	b := newBench(t)
	b.planted = planted
	w := &walk{bench: b, ids: map[string]string{}}
	got := b.do(nobody, http.MethodGet, v1+"/openapi.json", nil)
	var err error
	w.doc, err = apitest.Read(got.body)
	must(t, err)
	if len(w.doc.Operations) < 50 {
		t.Fatalf("only %d operations are described", len(w.doc.Operations))
	}
	legal := object{"person": b.people[authz.LEG], "expires_in_days": 1}
	ended := b.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", legal)
	b.tokens["expired"] = str(ended, "secret")
	b.want(http.StatusOK, "expired", http.MethodGet, v1+"/tokens/current", nil)
	b.clock.add(25 * time.Hour)
	ended = b.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", legal)
	b.tokens["revoked"] = str(ended, "secret")
	b.want(http.StatusOK, authz.LEG, http.MethodDelete, v1+"/tokens/"+str(ended, "id"), nil)
	b.enrol()
	w.fill()
	return w
}

// fill makes one record in each collection.
func (w *walk) fill() {
	w.Helper()
	agreement := w.agree()
	w.hire(spare, authz.RO, w.mission, "")
	officer := w.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/people/"+w.people[spare], nil)
	head := w.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/people/"+w.people[authz.HOM], nil)
	token := w.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", object{"person": w.people[spare], "expires_in_days": 1})
	w.ids = map[string]string{
		"missions": w.mission, "parties": w.partner, "people": w.people[spare], "tokens": str(token, "id"),
		"agreements": agreement, "assessments": w.assess(agreement), "consents": str(w.consent("CASE-"+planted), "id"),
		"grant": str(first(officer, "grants"), "id"), "key": str(first(head, "keys"), "id"), "n": "1",
		"agreement-templates": templates.ShippedID, "scan": w.scan(),
	}
	w.ids["holds"] = w.make(authz.RO, v1+"/holds", object{"kind": "erasure", "mission": w.mission, "case_reference": "CASE-" + planted, "reason": "asked"})
	w.ids["notices"] = w.notice
	for _, list := range []string{"purposes", "categories", "retention-rules"} {
		w.ids[list] = str(first(w.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/"+list, nil), "items"), "id")
	}
	w.ids["dpo-approvals"] = w.make(authz.DPO, v1+"/dpo-approvals", object{"scope": "agreement", "granted": true, "agreement": agreement, "purposes": []string{w.purpose}, "categories": []string{"identity"}})
	w.ids["disclosure-assessments"] = w.make(authz.RO, v1+"/disclosure-assessments", w.disclosure())
	alert := w.want(http.StatusCreated, authz.DPO, http.MethodPost, v1+"/conflict-alerts", object{"country": "ZZ", "reason": planted})
	w.ids["conflict-alerts"], w.ids["assessment-templates"] = str(alert, "id"), w.make(authz.LEG, v1+"/assessment-templates", w.questionnaire())
	signatory := w.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/people/"+w.people[authz.PSG], nil)
	token = w.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", object{"person": w.people[authz.PSG], "expires_in_days": 1})
	w.partners = maps.Clone(w.ids)
	maps.Copy(w.partners, map[string]string{
		"people": w.people[authz.PSG], "tokens": str(token, "id"), "grant": str(first(signatory, "grants"), "id"), "key": str(first(signatory, "keys"), "id"),
	})
	text := w.want(http.StatusOK, spare, http.MethodGet, v1+"/undertaking?language=fr", nil)
	w.undertaking = object{"version": text["version"], "language": text["language"], "digest": text["digest"]}
	w.ids["nominations"] = w.make(authz.PSG, v1+"/nominations", object{"partner": w.partner, "name": planted})
	w.partners["nominations"] = w.ids["nominations"]
	w.consent("CASE-1")
	w.ids["transfers"] = w.released([]byte("given_name\n" + planted + "\n"))
	w.partners["transfers"] = w.ids["transfers"]
	w.placed()
	page := w.want(http.StatusOK, authz.OIG, http.MethodGet, v1+"/log/entries?kind=decision&limit=1", nil)
	w.ids["seq"] = number(first(page, "items")["seq"].(float64))
	w.partners["seq"] = w.ids["seq"]
	w.fillPartners()
}

// fillPartners makes what is kept of partners. The incident is at one to which nothing is sent.
func (w *walk) fillPartners() {
	w.Helper()
	pulled := w.released([]byte("given_name\n" + planted + "\n"))
	if got := w.pull(pulled, 1); got.StatusCode != http.StatusOK {
		w.Fatalf("a pull: %d %s", got.StatusCode, got.body)
	}
	now := w.clock.Now()
	quiet := w.make(authz.FP, v1+"/parties", object{"name": "Quiet", "kind": "ngo", "country": "CO", "mission": w.mission})
	for collection, id := range map[string]string{
		"destructions": pulled,
		"incidents": w.make(authz.FP, v1+"/incidents", object{
			"mission": w.mission, "partner": quiet, "source": planted, "event": planted, "discovered": now, "notified": now, "transfers": []string{pulled},
		}),
		"authority-requests": w.make(authz.FP, v1+"/authority-requests", object{
			"mission": w.mission, "partner": w.partner, "authority": "police", "country": "CO", "reference": "A-1", "asked": now,
		}),
		"clearances": w.make(authz.FP, v1+"/clearances", object{
			"mission": w.mission, "originator": planted, "purposes": []string{w.purpose}, "categories": []string{"identity"},
			"recipients": []string{w.partner}, "evidence_digest": strings.Repeat("0a", 32), "valid_until": "2027-02-01T00:00:00Z",
		}),
	} {
		w.ids[collection], w.partners[collection] = id, id
	}
}

// questionnaire is the one in force, to be written again.
func (w *walk) questionnaire() object {
	w.Helper()
	q := w.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/assessment-templates/current", nil)
	for _, name := range []string{"version", "digest", "id"} {
		delete(q, name)
	}
	q["reason"] = planted
	return q
}

// scan has one of a paper of another agreement, which is to be signed; it is sealed under that one.
func (w *walk) scan() string {
	w.Helper()
	a := w.want(http.StatusCreated, authz.FP, http.MethodPost, v1+"/agreements", w.draft())
	w.scanned = str(a, "id")
	path := v1 + "/agreements/" + w.scanned
	w.want(http.StatusOK, authz.FP, http.MethodPost, path+"/review", nil)
	w.want(http.StatusOK, authz.LEG, http.MethodPost, path+"/approval", object{"decision": "approved"})
	return str(w.sendScan(authz.FP, path, []byte("%PDF-1.7\n"+planted), http.StatusCreated), "id")
}

func first(v object, list string) object { return v[list].([]any)[0].(object) }

// hireOthers enrols another mission and another partner, each role under the name of others.
func (w *walk) hireOthers() {
	w.Helper()
	w.otherMission = w.make(authz.LEG, v1+"/missions", object{"name": "Other", "country": "NE", "contact": "focal point"})
	w.otherPartner = w.make(authz.LEG, v1+"/parties", object{"name": "Other partner", "kind": "ngo", "country": "NE", "mission": w.otherMission})
	for _, role := range localRoles() {
		w.hire(others(role), role, w.otherMission, w.otherPartner)
	}
}

func localRoles() []authz.Role {
	return []authz.Role{authz.RO, authz.HOM, authz.FP, authz.PSG, authz.PDL}
}

func allRoles() []authz.Role {
	return append(localRoles(), authz.LEG, authz.DPO, authz.OIG)
}

func others(role authz.Role) authz.Role { return "other " + role }

// own fills a path with the ids of the mission.
func (w *walk) own(op apitest.Operation) string {
	w.Helper()
	return w.at(op, w.ids)
}

// at fills a path with ids. A collection or a parameter of which they have none fails.
func (w *walk) at(op apitest.Operation, ids map[string]string) string {
	w.Helper()
	return v1 + op.At(func(name string) string {
		key := name
		if name == "id" {
			key = op.Collection()
		}
		id, ok := ids[key]
		if !ok {
			w.Fatalf("%s: the fixture has no %s in %s: put one into fill", op.ID, name, op.Path)
		}
		return id
	})
}

// with fills every parameter of a path with id, but for the number of a file.
func with(op apitest.Operation, id string) string {
	return v1 + op.At(func(name string) string {
		switch name {
		case "n":
			return "1"
		case "seq":
			return "999999999"
		}
		return id
	})
}

// call sends a well-formed request as the role, with the values in its body.
func (w *walk) call(role authz.Role, op apitest.Operation, path string, values object) answer {
	w.Helper()
	body, mediaType, err := w.doc.Body(op, apitest.Fill{Word: planted, Values: values})
	must(w, err)
	r := w.request(role, op.Method, path, nil)
	if op.HasBody() {
		r = w.request(role, op.Method, path, bytes.NewReader(body))
		r.Header.Set("Content-Type", mediaType)
	}
	return w.send(r)
}

// values name records of the fixture in bodies, and what the schema alone cannot say.
func (w *walk) values(s step) object {
	all := object{
		"mission": w.mission, "missions": []string{w.mission}, "partner": w.partner, "person": w.people[spare], "purpose": w.purpose,
		"purposes": []string{w.purpose}, "recipients": []string{w.partner}, "category": "identity", "categories": []string{"identity"},
		"agreement": w.ids["agreements"], "key": w.ids["key"], "countries": []string{"CO"},
		"valid_until": "2027-02-01T00:00:00Z", "review": "2027-03-01T00:00:00Z",
	}
	maps.Copy(all, s.values)
	if s.reads != "" {
		read := w.want(http.StatusOK, authz.OIG, http.MethodGet, v1+s.reads, nil)
		if list, ok := read["items"].([]any); ok {
			read = list[0].(object)
		}
		all["version"] = max(read["version"].(float64), 1) // of shipped rules, which nobody has drafted anew, it is 0
	}
	return all
}

// home are values that name the others' own mission and partner.
func (w *walk) home(s step) object {
	all := w.values(s)
	all["mission"], all["missions"], all["partner"], all["recipients"] = w.otherMission, []string{w.otherMission}, w.otherPartner, []string{w.otherPartner}
	for _, name := range []string{"mission", "partner"} {
		if v, ok := s.values[name]; ok && v == nil {
			all[name] = nil
		}
	}
	return all
}

// plain is an answer without what differs at each request.
func plain(a answer) string {
	return regexp.MustCompile(`[0-9a-f]{32}`).ReplaceAllString(string(a.body), "REQUEST")
}

// denied fails unless an answer is a problem that tells nothing, and never a success or an internal error.
func denied(t *testing.T, what string, a answer) {
	t.Helper()
	var p object
	if a.StatusCode < 400 || a.StatusCode > 499 || a.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(a.body, &p) != nil {
		t.Errorf("%s: %d %s", what, a.StatusCode, a.body)
	}
	if strings.Contains(strings.ToLower(string(a.body)), strings.ToLower(planted)) {
		t.Errorf("R55 %s: the answer holds what was planted: %s", what, a.body)
	}
}
