package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/authz/people/peopletest"
	"safeconduct/authz/rulebook"
	"safeconduct/gateway/cli/client"
)

// object is a JSON body.
type object = map[string]any

// person is somebody who calls the API.
type person struct {
	id     string
	token  identity.Secret
	client *client.Client
}

// world is an agreement in force, with those who send and pull under it, made
// through the API. All names are invented.
type world struct {
	url                                  string
	rounds                               *http.Transport
	by                                   map[authz.Role]*person
	senders, receivers                   []*person
	mission, partner, purpose, agreement string
	// sensitive has the data protection officer approve the category, and a second person each transfer.
	sensitive bool
}

const (
	country      = "CO"
	category     = "identity"
	tokenDays    = 7
	manySubjects = 1_000_000
)

// reference is the invented case number of a sender's person concerned.
func reference(sender int) string { return fmt.Sprintf("BENCH-%04d", sender) }

// enrol makes the world, with so many senders and as many receivers.
func enrol(ctx context.Context, url string, first []identity.Secret, senders int, sensitive bool) (*world, error) {
	w := &world{url: url, sensitive: sensitive, by: map[authz.Role]*person{}, rounds: &http.Transport{
		MaxIdleConnsPerHost: 4 * senders, DisableCompression: true, WriteBufferSize: 64 << 10, ReadBufferSize: 64 << 10,
	}}
	legal, err := w.login("", first[0])
	if err != nil {
		return nil, err
	}
	var me struct {
		Person struct {
			ID string `json:"id"`
		} `json:"person"`
	}
	if _, err := legal.client.Get(ctx, "/tokens/current", &me); err != nil {
		return nil, fmt.Errorf("reading who Legal is: %w", err)
	}
	legal.id = me.Person.ID
	if err := legal.undertake(ctx); err != nil {
		return nil, err
	}
	w.by[authz.LEG] = legal
	for _, step := range []func(context.Context) error{w.places, w.terms, w.alone, w.agree} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("making the world of the benchmark: %w", err)
		}
	}
	for i := range senders {
		sender, err := w.hire(ctx, authz.RO)
		if err != nil {
			return nil, err
		}
		receiver, err := w.hire(ctx, authz.PDL)
		if err != nil {
			return nil, err
		}
		w.senders, w.receivers = append(w.senders, sender), append(w.receivers, receiver)
		if err := w.consent(ctx, i); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *world) login(id string, secret identity.Secret) (*person, error) {
	c, err := client.New(w.url, secret, client.Options{Rounds: w.rounds})
	return &person{id, secret, c}, err
}

// post answers with the id of what was made, if it has one.
func (p *person) post(ctx context.Context, path string, body any) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	if _, err := p.client.Call(ctx, http.MethodPost, path, body, &made); err != nil {
		return "", fmt.Errorf("POST %s: %w", path, err)
	}
	return made.ID, nil
}

func (w *world) places(ctx context.Context) (err error) {
	legal := w.by[authz.LEG]
	if w.mission, err = legal.post(ctx, "/missions", object{"name": "Benchmark", "country": country, "contact": "the focal point"}); err != nil {
		return err
	}
	if w.partner, err = legal.post(ctx, "/parties", object{"name": "Partner", "kind": "ngo", "country": country, "mission": w.mission}); err != nil {
		return err
	}
	if w.by[authz.DPO], err = w.hire(ctx, authz.DPO); err != nil {
		return err
	}
	if w.purpose, err = w.term(ctx, "/purposes", object{"code": "shelter", "text": "Shelter", "legal_basis": "consent"}); err != nil {
		return err
	}
	for _, role := range []authz.Role{authz.HOM, authz.FP, authz.RO, authz.PSG, authz.PDL} {
		if w.by[role], err = w.hire(ctx, role); err != nil {
			return err
		}
	}
	_, err = w.by[authz.HOM].post(ctx, "/parties/"+w.partner+"/vetting", object{"passed": true, "note": "invented"})
	return err
}

// hire registers a person with the role and a token.
func (w *world) hire(ctx context.Context, role authz.Role) (*person, error) {
	legal := w.by[authz.LEG]
	who, grant := object{"name": "Invented"}, object{"role": role}
	switch place, _ := authz.PlaceOf(role); place {
	case authz.AtMission:
		who["mission"], grant["mission"] = w.mission, w.mission
	case authz.AtPartner:
		who["partner"], grant["partner"] = w.partner, w.partner
	case authz.AtHQ:
	}
	if authz.Tasked(role) {
		grant["purposes"] = []string{w.purpose} // R23
	}
	id, err := legal.post(ctx, "/people", who)
	if err != nil {
		return nil, err
	}
	if _, err := legal.post(ctx, "/people/"+id+"/roles", grant); err != nil {
		return nil, err
	}
	var issued struct {
		Secret string `json:"secret"`
	}
	if _, err := legal.client.Call(ctx, http.MethodPost, "/tokens", object{"person": id, "expires_in_days": tokenDays}, &issued); err != nil {
		return nil, fmt.Errorf("issuing a token: %w", err)
	}
	secret, err := identity.ParseSecret(issued.Secret)
	if err != nil {
		return nil, fmt.Errorf("reading a token: %w", err)
	}
	if _, err := legal.post(ctx, "/trainings", object{"csv": peopletest.CSV(time.Now(), id)}); err != nil {
		return nil, err
	}
	p, err := w.login(id, secret)
	if err != nil {
		return nil, err
	}
	return p, p.undertake(ctx)
}

// undertake has the person sign the undertaking.
func (p *person) undertake(ctx context.Context) error {
	var text struct {
		Version  string `json:"version"`
		Language string `json:"language"`
		Digest   string `json:"digest"`
	}
	if _, err := p.client.Get(ctx, "/undertaking?language=en", &text); err != nil {
		return fmt.Errorf("reading the undertaking: %w", err)
	}
	_, err := p.post(ctx, "/people/"+p.id+"/undertakings", text)
	return err
}

// term has Legal propose a purpose, a category or a retention rule and the data protection officer approve it.
func (w *world) term(ctx context.Context, list string, body object) (string, error) {
	id, err := w.by[authz.LEG].post(ctx, list, body)
	if err == nil {
		_, err = w.by[authz.DPO].post(ctx, list+"/"+id+"/approval", object{"version": 1})
	}
	return id, err
}

func (w *world) terms(ctx context.Context) (err error) {
	legal := w.by[authz.LEG]
	text := object{
		"controller": "chief of mission", "contact": "focal point", "purpose": "shelter", "retention": "90 days", "recipients": "the partner",
		"rights": "see, correct, withdraw", "non_waiver": "privileges and immunities are not waived",
	}
	notice, err := legal.post(ctx, "/notices", object{
		"purpose": w.purpose, "notice_version": "1", "effective_from": "2026-01-01T00:00:00Z", "texts": object{"en": text, "fr": text, "es": text},
	})
	if err != nil {
		return err
	}
	if _, err := w.by[authz.DPO].post(ctx, "/notices/"+notice+"/approval", nil); err != nil {
		return err
	}
	if _, err = w.term(ctx, "/categories", object{"code": category, "fields": []string{"given_name"}, "sensitivity": "moderate", "sensitive": w.sensitive}); err != nil {
		return err
	}
	_, err = w.term(ctx, "/retention-rules", object{
		"purpose": w.purpose, "category": category, "trigger": "case closed", "days": 90, "action": "delete", "review": time.Now().AddDate(1, 0, 0).UTC(),
	})
	return err
}

// alone has nobody approve a transfer but the gate: what a person takes to answer is not measured.
func (w *world) alone(ctx context.Context) error {
	var book rulebook.Book
	if _, err := w.by[authz.LEG].client.Get(ctx, "/rulebook", &book); err != nil {
		return fmt.Errorf("reading the rulebook: %w", err)
	}
	rules := book.At(time.Now()).Rules
	rules.SecondPerson.Bands = []string{"SEVERE"}
	draft := object{"rules": rules, "effective_from": time.Now().UTC(), "reason": "a measurement"}
	if _, err := w.by[authz.LEG].client.Call(ctx, http.MethodPut, "/rulebook/draft", draft, &book); err != nil {
		return fmt.Errorf("drafting rules: %w", err)
	}
	_, err := w.by[authz.DPO].post(ctx, "/rulebook/draft/approval", object{"version": book.Version})
	return err
}

// agree brings an agreement into force.
func (w *world) agree(ctx context.Context) error {
	var draft struct {
		ID       string              `json:"id"`
		Digest   signing.Digest      `json:"digest"`
		Document agreements.Document `json:"document"`
	}
	if _, err := w.by[authz.FP].client.Call(ctx, http.MethodPost, "/agreements", w.document(), &draft); err != nil {
		return fmt.Errorf("drafting the agreement: %w", err)
	}
	w.agreement = draft.ID
	path := "/agreements/" + draft.ID
	if _, err := w.by[authz.FP].post(ctx, path+"/review", nil); err != nil {
		return err
	}
	if _, err := w.by[authz.LEG].post(ctx, path+"/approval", object{"decision": "approved"}); err != nil {
		return err
	}
	for _, signatory := range []struct {
		role  authz.Role
		party string
	}{{authz.HOM, signing.PartyIOM}, {authz.PSG, w.partner}} { // in this order
		if err := w.sign(ctx, signatory.role, signing.Statement{
			Agreement: draft.ID, Version: draft.Document.Version, Digest: draft.Digest, Party: signatory.party,
			Signatory: w.by[signatory.role].id, Title: "Head",
		}); err != nil {
			return err
		}
	}
	if err := w.assess(ctx); err != nil {
		return err
	}
	if _, err := w.by[authz.LEG].post(ctx, path+"/activation", nil); err != nil || !w.sensitive {
		return err
	}
	_, err := w.by[authz.DPO].post(ctx, "/dpo-approvals", object{
		"scope": "agreement", "granted": true, "agreement": draft.ID, "purposes": []string{w.purpose}, "categories": []string{category}, "reason": "a measurement",
	})
	return err
}

func (w *world) document() object {
	clauses := []object{}
	for _, code := range agreements.MandatoryClauses() {
		clauses = append(clauses, object{"code": code})
	}
	now := time.Now().UTC()
	return object{
		"type": agreements.DataSharing, "title": "Benchmark", "mission": w.mission, "partner": w.partner, "language": "en", "clauses": clauses,
		"effective_from": now.Add(-time.Hour), "valid_until": now.AddDate(1, 0, 0),
		"scope": object{
			"missions": []string{w.mission}, "purposes": []string{w.purpose}, "subject_types": []string{"beneficiary"},
			"categories": []string{category}, "fields": []string{"given_name"}, "recipient_countries": []string{country},
			"storage_countries": []string{country}, "onward_rule": "none", "max_subjects_per_transfer": 100, "max_subjects_per_year": manySubjects,
			"retention_days": object{category: 90},
		},
	}
}

func (w *world) sign(ctx context.Context, role authz.Role, s signing.Statement) error {
	key, err := signing.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	proof, err := signing.Enrol(key, s.Signatory, time.Now())
	if err != nil {
		return fmt.Errorf("proving a key: %w", err)
	}
	jwk, err := json.Marshal(key.Public())
	if err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	keys := "/people/" + s.Signatory + "/keys"
	id, err := w.by[role].post(ctx, keys, object{"public_key": json.RawMessage(jwk), "proof": proof})
	if err != nil {
		return err
	}
	if _, err := w.by[authz.LEG].post(ctx, keys+"/"+id+"/confirmation", object{"authority": "invented"}); err != nil {
		return err
	}
	s.SignedAt = time.Now().UTC() // after the confirmation
	jws, err := signing.Sign(key, s)
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	_, err = w.by[role].post(ctx, "/agreements/"+s.Agreement+"/signatures", object{"key": id, "jws": jws})
	return err
}

// assess has an assessment approved: of a high band, since the agreement allows many subjects.
func (w *world) assess(ctx context.Context) error {
	answers := object{}
	for id, v := range map[string]int{
		"K1": 0, "K2": 1, "K3": 1, "K4": 1, "K5": 0, "S1": 2, "S2": 3, "S3": 1, "S4": 5, "L1": 2, "L2": 2, "L3": 1, "L4": 1, "L5": 1, "L6": 1,
		"L7": 1, "L8": 3, "M1": 1, "M2": 1, "M3": 1, "M4": 1, "B1": 5, "B2": 5, "B3": 4, "B4": 4,
	} {
		answers[id] = object{"value": v, "evidence": "invented"}
	}
	id, err := w.by[authz.RO].post(ctx, "/assessments", object{
		"agreement": w.agreement, "purposes": []string{w.purpose}, "categories": []string{category}, "countries": []string{country}, "answers": answers,
		"people_consulted": []string{"community focal point"},
	})
	if err != nil {
		return err
	}
	var a struct {
		Pending []authz.Role `json:"pending_approvals"`
	}
	if _, err := w.by[authz.RO].client.Call(ctx, http.MethodPost, "/assessments/"+id+"/submission", nil, &a); err != nil {
		return fmt.Errorf("submitting the assessment: %w", err)
	}
	for _, role := range a.Pending {
		if _, err := w.by[role].post(ctx, "/assessments/"+id+"/approvals", object{"decision": "approved"}); err != nil {
			return err
		}
	}
	return nil
}

// consent records that the person concerned of a sender agreed.
func (w *world) consent(ctx context.Context, sender int) error {
	_, err := w.senders[sender].post(ctx, "/consents", object{
		"mission": w.mission, "case_reference": reference(sender), "decision": "given", "notice_version": "1", "language": "es",
		"could_ask_questions": true, "understood": true, "purposes": []string{w.purpose}, "recipients": []string{w.partner},
		"categories": []string{category}, "form": "written", "event_time": time.Now().Add(-time.Hour).UTC(), "subject_type": "beneficiary",
		"evidence": object{"kind": "signed_document", "sha256": strings.Repeat("0a", 32)},
		"capacity": object{"aspects": []string{"age", "cognitive", "physical", "psychological"}, "method": "interview", "result": "capable"},
	})
	return err
}

// request asks to send one file of the sender's person concerned.
func (w *world) request(ctx context.Context, sender int) (id string, err error) {
	t, err := w.senders[sender].client.Request(ctx, client.Order{
		Mission: w.mission, Partner: w.partner, Purpose: w.purpose, Nature: "personal", RecipientClass: "service_provider", Origin: client.Origin{Source: "own"},
		Categories: []string{category}, Fields: []string{"given_name"}, Subjects: []string{reference(sender)},
		Files: []client.File{{MediaType: "text/csv"}},
	})
	return t.ID, err
}
