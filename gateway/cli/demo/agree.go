package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/transfer/gate"
)

// agreement is what the story reads of one.
type agreement struct {
	ID       string              `json:"id"`
	State    agreements.State    `json:"state"`
	Digest   signing.Digest      `json:"digest"`
	Document agreements.Document `json:"document"`
}

// agree brings an agreement into force, and asks to send at each stage before.
func (p *Player) agree(ctx context.Context) error {
	if err := p.asks(ctx, "refused-without-agreement", "asks to send: there is no agreement", gate.AgrMissing, gate.RBAMissing, gate.ConsentMissing); err != nil {
		return err
	}
	if err := p.do(ctx, post("draft-agreement", authz.FP, "drafts the agreement", "/agreements", p.document()), &p.draft); err != nil {
		return err
	}
	p.world.Agreement = p.draft.ID
	if err := p.asks(ctx, "refused-unsigned", "asks again: nobody has signed it", gate.AgrUnsigned, gate.RBAMissing, gate.ConsentMissing); err != nil {
		return err
	}
	path := "/agreements/" + p.draft.ID
	if err := p.do(ctx, post("review-agreement", authz.FP, "hands the agreement to Legal", path+"/review", nil), nil); err != nil {
		return err
	}
	if err := p.do(ctx, post("approve-agreement", authz.LEG, "approves it for signature", path+"/approval", object{"decision": "approved"}), nil); err != nil {
		return err
	}
	if err := p.sign(ctx, authz.HOM, signing.PartyIOM); err != nil {
		return err
	}
	if err := p.asks(ctx, "refused-half-signed", "asks again: the partner has not signed", gate.AgrPartSigned, gate.RBAMissing, gate.ConsentMissing); err != nil {
		return err
	}
	if err := p.sign(ctx, authz.PSG, p.world.Partner); err != nil {
		return err
	}
	if err := p.asks(ctx, "refused-without-assessment", "asks again: nobody has weighed risks and benefits, so that it cannot be in force",
		gate.AgrNotActive, gate.RBAMissing, gate.ConsentMissing); err != nil {
		return err
	}
	if err := p.assess(ctx, ""); err != nil {
		return err
	}
	if err := p.do(ctx, post("activate-agreement", authz.LEG, "puts the agreement in force", path+"/activation", nil), &p.draft); err != nil {
		return err
	}
	return p.asks(ctx, "refused-without-consent", "asks again: the persons have not consented", gate.ConsentMissing)
}

// asks requests the transfer, which must be refused for these codes.
func (p *Player) asks(ctx context.Context, step, what string, codes ...gate.Code) error {
	return p.refused(ctx, post(step, authz.RO, what, "/transfers", p.order()), codes...)
}

func (p *Player) document() object {
	clauses := []object{}
	for _, code := range agreements.MandatoryClauses() {
		clauses = append(clauses, object{"code": code})
	}
	now := p.Now().UTC()
	return object{
		"type": agreements.DataSharing, "title": "Referral of persons to Example Relief", "mission": p.world.Mission, "partner": p.world.Partner,
		"language": "en", "clauses": clauses, "effective_from": now.Add(-time.Hour), "valid_until": now.AddDate(1, 0, 0),
		"scope": object{
			"missions": []string{p.world.Mission}, "purposes": []string{p.world.Purpose}, "subject_types": []string{"beneficiary"},
			"categories": []string{category, health}, "fields": append(Fields(), need), "recipient_countries": []string{country}, "storage_countries": []string{country},
			"onward_rule": "none", "max_subjects_per_transfer": MaxSubjects, "max_subjects_per_year": 40 * MaxSubjects,
			"retention_days": object{category: keepDays, health: keepDays},
		},
	}
}

// sign enrols the signatory's key, has it confirmed, and signs.
func (p *Player) sign(ctx context.Context, role authz.Role, party string) error {
	key, err := signing.GenerateKey(p.Random)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	person := p.people[role]
	proof, err := signing.Enrol(key, person, p.Now())
	if err != nil {
		return fmt.Errorf("proving a key: %w", err)
	}
	jwk, err := key.Public().MarshalJSON()
	if err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	keys, id := "/people/"+person+"/keys", key.Public().Thumbprint()
	if err := p.do(ctx, post("enrol-key-"+lower(role), role, "enrols a signing key of their own", keys, object{
		"public_key": json.RawMessage(jwk), "proof": proof,
	}), nil); err != nil {
		return err
	}
	if err := p.do(ctx, post("confirm-key-"+lower(role), authz.LEG, "confirms their authority to sign", keys+"/"+id+"/confirmation", object{
		"authority": "invented letter of authority",
	}), nil); err != nil {
		return err
	}
	_, title := cast(role)
	jws, err := signing.Sign(key, signing.Statement{
		Agreement: p.draft.ID, Version: p.draft.Document.Version, Digest: p.draft.Digest, Party: party, Signatory: person, Title: title, SignedAt: p.Now().UTC(),
	})
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	return p.do(ctx, post("sign-"+lower(role), role, "signs the agreement", "/agreements/"+p.draft.ID+"/signatures", object{"key": id, "jws": jws}), nil)
}

// assess weighs risks and benefits, and has it approved by all whom its band
// needs. The names of its steps end with the suffix.
func (p *Player) assess(ctx context.Context, suffix string) error {
	answers := object{}
	for question, v := range map[string]int{
		"K1": 0, "K2": 1, "K3": 1, "K4": 1, "K5": 0, "S1": 4, "S2": 4, "S3": 4, "S4": 5, "L1": 3, "L2": 3, "L3": 2, "L4": 1, "L5": 2, "L6": 3,
		"L7": 3, "L8": 4, "M1": 1, "M2": 1, "M3": 1, "M4": 1, "B1": 5, "B2": 5, "B3": 4, "B4": 4,
	} {
		answers[question] = object{"value": v, "evidence": "invented for the demo"}
	}
	var a struct {
		ID      string       `json:"id"`
		State   string       `json:"state"`
		Pending []authz.Role `json:"pending_approvals"`
		Result  struct {
			Band string `json:"band"`
		} `json:"result"`
	}
	if err := p.do(ctx, post("draft-assessment"+suffix, authz.RO, "weighs risks and benefits", "/assessments", object{
		"agreement": p.draft.ID, "purposes": []string{p.world.Purpose}, "categories": []string{category, health}, "countries": []string{country}, "answers": answers,
		"people_consulted": []string{"the women's committee of the site"},
	}), &a); err != nil {
		return err
	}
	p.world.Assessment = a.ID
	path := "/assessments/" + a.ID
	if err := p.do(ctx, post("submit-assessment"+suffix, authz.RO, "submits the assessment, which is scored", path+"/submission", nil), &a); err != nil {
		return err
	}
	for _, role := range slices.Clone(a.Pending) { // the answers are read into a
		c := post("approve-assessment-"+lower(role)+suffix, role, "approves the assessment of band "+a.Result.Band, path+"/approvals", object{"decision": "approved"})
		if err := p.do(ctx, c, &a); err != nil {
			return err
		}
	}
	if a.State != "approved" {
		return fmt.Errorf("%w: step submit-assessment: the assessment is %s", ErrUnexpected, a.State)
	}
	return nil
}
