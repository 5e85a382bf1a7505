package api_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"safeconduct/authz"
)

// rows asks the database of the bench beside the gateway.
func (b *bench) rows(query string) []string {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+b.database+"?mode=ro&_pragma=busy_timeout(10000)")
	must(b, err)
	defer func() { must(b, db.Close()) }()
	rows, err := db.QueryContext(b.Context(), query)
	must(b, err)
	defer func() { must(b, rows.Close()) }()
	var all []string
	for rows.Next() {
		var one string
		must(b, rows.Scan(&one))
		all = append(all, one)
	}
	must(b, rows.Err())
	return all
}

// effects counts what the acts so far have left behind.
func (b *bench) effects() string {
	b.Helper()
	return strings.Join(b.rows("SELECT COUNT(*) || ' acts' FROM log_entries WHERE kind IN ('decision', 'change', 'receipt') UNION ALL SELECT COUNT(*) || ' versions' FROM record_versions"), ", ")
}

// doubled sends every write twice under one key, and compares the answers and what they left behind.
type doubled struct {
	*bench
	t    *testing.T
	n    int
	keys []string
	seen map[string]bool // ids of operations that were done
}

// operation is the id of the write that a request is.
func (d *doubled) operation(r *http.Request) string {
	for path, item := range d.api.OpenAPI().Paths {
		template := regexp.MustCompile("^" + v1 + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "[^/]+") + "$")
		if !template.MatchString(r.URL.Path) {
			continue
		}
		switch {
		case r.Method == http.MethodPost && item.Post != nil:
			return item.Post.OperationID
		case r.Method == http.MethodPut && item.Put != nil:
			return item.Put.OperationID
		case r.Method == http.MethodDelete && item.Delete != nil:
			return item.Delete.OperationID
		}
	}
	return ""
}

func (d *doubled) send(r *http.Request) answer {
	op := d.operation(r)
	if op == "" {
		return d.exchange(r)
	}
	d.n++
	key := fmt.Sprintf(`"key-%d-of-the-test"`, d.n)
	d.keys = append(d.keys, key)
	r.Header.Set("Idempotency-Key", key)
	again := r.Clone(d.Context())
	if r.GetBody != nil {
		body, err := r.GetBody()
		must(d, err)
		again.Body = body
	}
	first := d.exchange(r)
	effects := d.effects()
	second := d.exchange(again)
	if now := d.effects(); now != effects {
		d.t.Errorf("%s: the first left %s, the second %s", op, effects, now)
	}
	if first.StatusCode < 300 {
		d.seen[op] = true
	}
	d.compare(op, first, second)
	return first
}

func (d *doubled) compare(op string, first, second answer) {
	if op == "issue-token" && first.StatusCode == http.StatusCreated {
		p := second.object(d.t)
		if second.StatusCode != http.StatusConflict || p["type"] != "urn:safeconduct:shown-once" || p["made"] != first.object(d.t)["id"] || strings.Contains(string(second.body), "sct_") {
			d.t.Errorf("%s: %d %s", op, second.StatusCode, second.body)
		}
		return
	}
	if first.StatusCode != second.StatusCode || plain(first) != plain(second) || first.Header.Get("Location") != second.Header.Get("Location") {
		d.t.Errorf("%s: first %d %s\nthen %d %s", op, first.StatusCode, first.body, second.StatusCode, second.body)
	}
}

// Every write of the document, repeated under its key, is done once and answered alike. A new operation that this story
// does not tell fails it.
func TestEveryWriteIsDoneOnce(t *testing.T) {
	b := newBench(t)
	b.sensitivity = "high" // so that a second person is asked
	d := &doubled{bench: b, t: t, seen: map[string]bool{}}
	b.through = d.send
	b.enrol()
	agreement := v1 + "/agreements/" + b.agree()
	d.rules(b)
	d.terms(b)
	d.transfers(b)
	d.subjects(b)
	d.partners(b)
	b.assessments(strings.TrimPrefix(agreement, v1+"/agreements/"))
	d.papers(b, agreement)
	d.endings(b, agreement)
	for path, item := range b.api.OpenAPI().Paths {
		for _, op := range []struct {
			there bool
			id    func() string
		}{
			{item.Post != nil, func() string { return item.Post.OperationID }},
			{item.Put != nil, func() string { return item.Put.OperationID }},
			{item.Delete != nil, func() string { return item.Delete.OperationID }},
		} {
			if op.there && !d.seen[op.id()] {
				t.Errorf("nobody has done %s (%s) twice", op.id(), path)
			}
		}
	}
	d.private(b)
}

// transfers sends, approves, acknowledges and takes back.
func (d *doubled) transfers(b *bench) {
	refused := b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", b.order())
	if codes := codesOf(refused); len(codes) != 1 || codes[0] != "CONSENT_MISSING" {
		d.t.Errorf("codes %v", codes)
	}
	b.consent("CASE-1")
	batch := b.statement()
	batch["case_references"] = []string{"CASE-1", "CASE-2", "CASE-3"}
	b.want(http.StatusCreated, authz.RO, http.MethodPost, v1+"/consents/batch", batch)
	content := []byte("given_name\nAna\n")
	sum := sha256.Sum256(content)
	sealed := func() string {
		id := b.make(authz.RO, v1+"/transfers", b.order())
		if landed := b.upload(id, 1, content); landed.StatusCode != http.StatusCreated {
			d.t.Fatalf("%d %s", landed.StatusCode, landed.body)
		}
		return v1 + "/transfers/" + id
	}
	asked := b.order()
	asked["recipient_class"] = "government_authority"
	b.want(http.StatusForbidden, authz.RO, http.MethodPost, v1+"/transfers", asked) // RECIPIENT_AUTHORITY, which opens a case
	path := sealed()
	b.want(http.StatusForbidden, authz.RO, http.MethodPost, path+"/commit", nil) // APPROVAL_PENDING
	b.want(http.StatusOK, authz.HOM, http.MethodPost, path+"/approvals", object{"granted": true, "attestation": "needed"})
	b.want(http.StatusOK, authz.RO, http.MethodPost, path+"/commit", nil)
	if pulled := b.do(authz.PDL, http.MethodGet, path+"/files/1", nil); !bytes.Equal(pulled.body, content) {
		d.t.Fatalf("pulled %d", pulled.StatusCode)
	}
	b.want(http.StatusOK, authz.PDL, http.MethodPost, path+"/acknowledgement", object{"files": []object{{"n": 1, "sha256": hex.EncodeToString(sum[:])}}})
	b.want(http.StatusOK, authz.FP, http.MethodPost, path+"/recall", object{"reason": "asked for"})
	b.want(http.StatusOK, authz.HOM, http.MethodPost, sealed()+"/approvals", object{"granted": false})
}

// subjects adds to consents, holds, and decides.
func (d *doubled) subjects(b *bench) {
	verbal := b.statement()
	verbal["case_reference"], verbal["form"] = "CASE-5", "verbal"
	path := v1 + "/consents/" + b.make(authz.RO, v1+"/consents", verbal)
	b.want(http.StatusOK, authz.RO, http.MethodPost, path+"/evidence", object{"kind": "recording", "sha256": someDigest(), "reason_not_written": "low_literacy"})
	b.want(http.StatusOK, authz.FP, http.MethodPost, path+"/certification", nil)
	b.want(http.StatusOK, authz.RO, http.MethodPost, path+"/capacity", object{"views": object{"outcome": "agrees"}, "assent": true})
	hold := b.make(authz.RO, v1+"/holds", object{"kind": "objection", "mission": b.mission, "case_reference": "CASE-5", "reason": "spoken"})
	b.want(http.StatusOK, authz.FP, http.MethodPost, v1+"/holds/"+hold+"/lift", object{"reason": "answered"})
	approval := b.make(authz.DPO, v1+"/dpo-approvals", object{
		"scope": "pathway", "granted": true, "pathway": "Clinic", "mission": b.mission, "partner": b.partner, "purposes": []string{b.purpose}, "categories": []string{"identity"},
	})
	b.want(http.StatusOK, authz.DPO, http.MethodPost, v1+"/dpo-approvals/"+approval+"/revocation", object{"reason": "closed"})
	disclosure := v1 + "/disclosure-assessments/" + b.make(authz.RO, v1+"/disclosure-assessments", b.disclosure())
	b.want(http.StatusOK, authz.FP, http.MethodPost, disclosure+"/signature", nil)
	b.want(http.StatusOK, authz.DPO, http.MethodPost, disclosure+"/withdrawal", nil)
}

// endings revises, suspends, ends and revokes.
func (d *doubled) endings(b *bench, agreement string) {
	d.people(b)
	draft := b.make(authz.FP, v1+"/agreements", b.draft())
	b.want(http.StatusOK, authz.FP, http.MethodPut, v1+"/agreements/"+draft, b.draft())
	b.want(http.StatusOK, authz.FP, http.MethodPost, agreement+"/suspension", object{"reason": "an incident"})
	b.want(http.StatusOK, authz.LEG, http.MethodPost, agreement+"/suspension/lift", object{"reason": "closed"})
	b.want(http.StatusOK, authz.PSG, http.MethodPost, agreement+"/termination", object{"reason": "notice"})
	b.want(http.StatusOK, authz.RO, http.MethodPost, v1+"/consents/"+str(b.consent("CASE-4"), "id")+"/withdrawal", object{"reason": "asked"})
	officer := v1 + "/people/" + b.people[authz.RO]
	head := b.want(http.StatusOK, authz.LEG, http.MethodGet, v1+"/people/"+b.people[authz.HOM], nil)
	b.want(http.StatusOK, authz.LEG, http.MethodDelete, v1+"/people/"+b.people[authz.HOM]+"/keys/"+str(head["keys"].([]any)[0].(object), "id"), nil)
	token := b.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/tokens", object{"person": b.people[authz.RO], "expires_in_days": 1})
	b.want(http.StatusOK, authz.LEG, http.MethodDelete, v1+"/tokens/"+str(token, "id"), nil)
	grant := b.want(http.StatusOK, authz.LEG, http.MethodGet, officer, nil)["grants"].([]any)[0].(object)
	b.want(http.StatusOK, authz.LEG, http.MethodDelete, officer+"/roles/"+str(grant, "id"), nil)
}

// people are delegated to, suspended and nominated.
func (d *doubled) people(b *bench) {
	person, reason := v1+"/people/"+b.people[authz.FP], object{"reason": "an incident"}
	b.want(http.StatusCreated, authz.HOM, http.MethodPost, v1+"/people/"+b.people[authz.FP]+"/delegations", object{
		"role": "HOM", "mission": b.mission, "until": b.clock.Now().Add(24 * time.Hour),
	})
	spare := b.make(authz.LEG, v1+"/people", object{"name": "Deputy of Legal"})
	b.want(http.StatusCreated, authz.LEG, http.MethodPost, v1+"/people/"+spare+"/delegations", object{"role": "LEG", "until": b.clock.Now().Add(24 * time.Hour)})
	b.want(http.StatusOK, authz.LEG, http.MethodPost, person+"/suspension", reason)
	b.want(http.StatusOK, authz.DPO, http.MethodPost, person+"/suspension/lift", reason)
	mission := v1 + "/missions/" + b.mission
	b.want(http.StatusOK, authz.FP, http.MethodPut, mission+"/contact", object{"contact": "the post at the desk"})
	b.want(http.StatusOK, authz.LEG, http.MethodPost, mission+"/suspension", reason)
	b.want(http.StatusOK, authz.DPO, http.MethodPost, mission+"/suspension/lift", reason)
	nominated := b.make(authz.PSG, v1+"/nominations", object{"partner": b.partner, "name": "Somebody"})
	b.want(http.StatusOK, authz.LEG, http.MethodPost, v1+"/nominations/"+nominated+"/decision", object{"granted": true})
}

// private: what is kept of the requests is hashes and ids of log entries, and nothing that was sent.
func (d *doubled) private(b *bench) {
	form := regexp.MustCompile(`^[0-9a-f]{64}\|[0-9a-f]{64}\|[0-9a-f]{32}\|( [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})+$`)
	all := b.rows("SELECT slot || '|' || print || '|' || holder || '|' || entries FROM claims")
	if len(all) < 40 {
		d.t.Errorf("only %d claims are kept", len(all))
	}
	for _, row := range all {
		if !form.MatchString(row) {
			d.t.Errorf("R55 a claim holds %s", row)
		}
		for _, key := range d.keys {
			if strings.Contains(row, strings.Trim(key, `"`)) {
				d.t.Errorf("a claim holds its key: %s", row)
			}
		}
	}
}
