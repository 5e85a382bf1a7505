package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
	"safeconduct/gateway/duty"
)

// scopeBody is Annex I. It may be incomplete in a draft; the review asks for all of it.
type scopeBody struct {
	Missions               []string       `json:"missions,omitempty" nullable:"false" maxItems:"500" doc:"missions that may send under it"`
	Programmes             []string       `json:"programmes,omitempty" nullable:"false" maxItems:"500"`
	Purposes               []string       `json:"purposes,omitempty" nullable:"false" maxItems:"500" doc:"ids of purposes"`
	SubjectTypes           []string       `json:"subject_types,omitempty" nullable:"false" maxItems:"20" example:"[\"beneficiary\"]"`
	Categories             []string       `json:"categories,omitempty" nullable:"false" maxItems:"500" doc:"codes of categories" example:"[\"contact\"]"`
	Fields                 []string       `json:"fields,omitempty" nullable:"false" maxItems:"1000" example:"[\"phone\",\"location\"]"`
	RecipientCountries     []string       `json:"recipient_countries,omitempty" nullable:"false" maxItems:"250" example:"[\"NE\"]"`
	StorageCountries       []string       `json:"storage_countries,omitempty" nullable:"false" maxItems:"250" example:"[\"NE\"]"`
	OnwardRule             string         `json:"onward_rule,omitempty" enum:"none,listed"`
	OnwardRecipients       []string       `json:"onward_recipients,omitempty" nullable:"false" maxItems:"500"`
	MaxSubjectsPerTransfer int            `json:"max_subjects_per_transfer,omitempty" minimum:"0" example:"100"`
	MaxSubjectsPerYear     int            `json:"max_subjects_per_year,omitempty" minimum:"0" example:"2500"`
	RetentionDays          map[string]int `json:"retention_days,omitempty" doc:"per category code, how many days the recipient may keep it"`
}

type clauseBody struct {
	Code       string            `json:"code" pattern:"^C(0[1-9]|1[0-9]|2[0-5])$" example:"C01"`
	Text       string            `json:"text_version" minLength:"1" maxLength:"100" doc:"version of the clause's text" example:"2026-1"`
	Parameters map[string]string `json:"parameters,omitempty"`
	Deviation  string            `json:"deviation,omitempty" maxLength:"8000"`
}

type annexBody struct {
	Title  string `json:"title" minLength:"1" maxLength:"300"`
	Digest string `json:"digest" pattern:"^sha256:[0-9a-f]{64}$"`
}

// draftBody is the document without its id and version, which it gets.
type draftBody struct {
	Type          agreements.Type `json:"type" enum:"data_sharing,controller_processor,joint_controllers"`
	Parent        string          `json:"parent,omitempty" maxLength:"128" doc:"id of the agreement that it hangs on"`
	Title         string          `json:"title" minLength:"1" maxLength:"300" example:"Sharing of referral data, Niger"`
	Mission       string          `json:"mission" minLength:"1" maxLength:"128" doc:"the mission that signs for IOM"`
	Partner       string          `json:"partner" minLength:"1" maxLength:"128"`
	Language      string          `json:"language" enum:"en,fr,es"`
	Scope         scopeBody       `json:"scope"`
	Clauses       []clauseBody    `json:"clauses,omitempty" nullable:"false" maxItems:"25"`
	Annexes       []annexBody     `json:"annexes,omitempty" nullable:"false" maxItems:"50"`
	EffectiveFrom time.Time       `json:"effective_from"`
	ValidUntil    time.Time       `json:"valid_until" doc:"exclusive instant"`
}

func (b draftBody) document() agreements.Document {
	d := agreements.Document{
		Type: b.Type, Parent: b.Parent, Title: b.Title, Mission: b.Mission, Partner: b.Partner, Language: b.Language,
		Scope: agreements.Scope(b.Scope), EffectiveFrom: b.EffectiveFrom, ValidUntil: b.ValidUntil,
	}
	for _, c := range b.Clauses {
		d.Clauses = append(d.Clauses, agreements.Clause(c))
	}
	for _, a := range b.Annexes {
		d.Annexes = append(d.Annexes, agreements.Annex(a))
	}
	return d
}

func (r *routes) agreements() {
	const tag = "agreements"
	create(r, spec{
		tag: tag, id: "draft-agreement", path: "/agreements", summary: "Draft an agreement", duty: duty.Keeper,
		about: "The members are those of its document, which is what the parties sign. Nothing is agreed by it.",
	}, func(a agreements.Agreement) string { return a.ID },
		made(agreements.KindAgreement, r.Agreements.Agreement), func(ctx context.Context, c authz.Caller, in *of[draftBody]) (agreements.Agreement, error) {
			return r.Agreements.Create(ctx, c, in.Body.document())
		})
	handle(r, spec{tag: tag, id: "get-agreement", method: http.MethodGet, path: "/agreements/{id}", summary: "Read an agreement"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (agreements.Agreement, error) {
			return r.Agreements.Agreement(ctx, c, in.ID)
		})
	bytesOf(r, spec{
		tag: tag, id: "get-agreement-document", method: http.MethodGet, path: "/agreements/{id}/document", summary: "Read the document that is signed",
		about: "Its RFC 8785 form, byte for byte: its SHA-256 is the digest that every signature binds.",
	}, "application/json", func(ctx context.Context, c authz.Caller, in *RecordID) ([]byte, error) {
		a, err := r.Agreements.Agreement(ctx, c, in.ID)
		if err != nil {
			return nil, err
		}
		text, err := signing.Canonical(a.Document)
		if err != nil {
			return nil, fmt.Errorf("writing the document of an agreement: %w", err)
		}
		return text, nil
	})
}
