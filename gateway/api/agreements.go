package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
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
	TransferMechanism      string         `json:"transfer_mechanism,omitempty" maxLength:"300" doc:"by which data may leave the country that they come from, where the rules ask for one (R39)" example:"Standard contractual clauses"`
	OnwardRule             string         `json:"onward_rule,omitempty" enum:"none,listed"`
	OnwardRecipients       []string       `json:"onward_recipients,omitempty" nullable:"false" maxItems:"500"`
	MaxSubjectsPerTransfer int            `json:"max_subjects_per_transfer,omitempty" minimum:"0" example:"100"`
	MaxSubjectsPerYear     int            `json:"max_subjects_per_year,omitempty" minimum:"0" example:"2500"`
	RetentionDays          map[string]int `json:"retention_days,omitempty" doc:"per category code, how many days the recipient may keep it"`
}

type clauseBody struct {
	Code       string            `json:"code" pattern:"^C(0[1-9]|1[0-9]|2[0-5])$" example:"C01"`
	Text       string            `json:"text_version,omitempty" maxLength:"100" doc:"version of the clause's text; that of the template, which it is where it is left out" example:"1"`
	Parameters map[string]string `json:"parameters,omitempty" doc:"what the template's text leaves open: whole numbers within its bounds, or one of its words, such as consent_collected_by of C06 (R10)" example:"{\"notice_hours\":\"24\"}"`
	Deviation  string            `json:"deviation,omitempty" maxLength:"8000" doc:"a text of your own in place of the template's, which Legal approves; C20 has none"`
}

type templateRefBody struct {
	Name    string `json:"name" minLength:"1" maxLength:"60" doc:"name of the template" example:"standard"`
	Version int    `json:"version,omitempty" minimum:"1" doc:"the version in force, to be sure of it" example:"1"`
}

// safeguardsBody are safeguards of Annex II, beside those of the template (R54).
type safeguardsBody struct {
	Institutional []string `json:"institutional,omitempty" nullable:"false" maxItems:"50" doc:"rules, responsibilities, training, control"`
	Technical     []string `json:"technical,omitempty" nullable:"false" maxItems:"50" doc:"access, encryption, software, logs, backups"`
	Physical      []string `json:"physical,omitempty" nullable:"false" maxItems:"50" doc:"premises, equipment, paper"`
}

type annexBody struct {
	Title  string `json:"title" minLength:"1" maxLength:"300"`
	Digest string `json:"digest" pattern:"^sha256:[0-9a-f]{64}$"`
}

// draftBody is the document without its id and version, which it gets.
type draftBody struct {
	Type          agreements.Type  `json:"type" enum:"data_sharing,controller_processor,joint_controllers"`
	Parent        string           `json:"parent,omitempty" maxLength:"128" doc:"id of the agreement that it hangs on"`
	Title         string           `json:"title" minLength:"1" maxLength:"300" example:"Sharing of referral data, Niger"`
	Mission       string           `json:"mission" minLength:"1" maxLength:"128" doc:"the mission that signs for IOM"`
	Partner       string           `json:"partner" minLength:"1" maxLength:"128"`
	Supersedes    string           `json:"supersedes,omitempty" maxLength:"128" doc:"id of the agreement with the same partner whose place it takes once it is active"`
	Language      string           `json:"language" enum:"en,fr,es"`
	Scope         scopeBody        `json:"scope"`
	Template      *templateRefBody `json:"template,omitempty" doc:"the standard one where it is left out"`
	Clauses       []clauseBody     `json:"clauses,omitempty" nullable:"false" maxItems:"25" doc:"those with parameters or deviations; every other clause is the template's"`
	Safeguards    *safeguardsBody  `json:"safeguards,omitempty" doc:"of Annex II, beside those of the template"`
	Annexes       []annexBody      `json:"annexes,omitempty" nullable:"false" maxItems:"50"`
	EffectiveFrom time.Time        `json:"effective_from"`
	ValidUntil    time.Time        `json:"valid_until" doc:"exclusive instant"`
}

func (b draftBody) document() agreements.Document {
	d := agreements.Document{
		Type: b.Type, Parent: b.Parent, Title: b.Title, Mission: b.Mission, Partner: b.Partner, Language: b.Language,
		Supersedes: b.Supersedes, Scope: agreements.Scope(b.Scope), EffectiveFrom: b.EffectiveFrom, ValidUntil: b.ValidUntil,
	}
	if b.Template != nil {
		d.Template = &agreements.TemplateRef{Name: b.Template.Name, Version: b.Template.Version}
	}
	if b.Safeguards != nil {
		s := templates.Safeguards(*b.Safeguards)
		d.Safeguards = &s
	}
	for _, c := range b.Clauses {
		d.Clauses = append(d.Clauses, agreements.Clause(c))
	}
	for _, a := range b.Annexes {
		d.Annexes = append(d.Annexes, agreements.Annex(a))
	}
	return d
}

// agreementsQuery narrows a list of agreements.
type agreementsQuery struct {
	Mission string           `query:"mission" maxLength:"128" doc:"that signs it, or sends under it"`
	Partner string           `query:"partner" maxLength:"128"`
	State   agreements.State `query:"state" enum:"draft,review,rejected,approved,part_signed,signed,active,suspended,expired,terminated,closed_out"`
	PageQuery
}

func (r *routes) agreements() {
	const tag = "agreements"
	create(r, spec{
		tag: tag, id: "draft-agreement", path: "/agreements", summary: "Draft an agreement", duty: duty.Keeper,
		about: "The members are those of its document, which is what the parties sign. Its clauses are those of the template in " +
			"force, unless one deviates. Nothing is agreed by it.",
	}, func(a agreements.Agreement) string { return a.ID },
		made(agreements.KindAgreement, r.Agreements.Agreement), func(ctx context.Context, c authz.Caller, in *of[draftBody]) (agreements.Agreement, error) {
			return r.Agreements.Create(ctx, c, in.Body.document())
		})
	handle(r, spec{
		tag: tag, id: "list-agreements", method: http.MethodGet, path: "/agreements", summary: "List the agreements that you may read",
		about: "Newest first, page by page, each as get-agreement shows it to you: of your mission, of others that share theirs with it, or given to your partner.",
	}, func(ctx context.Context, c authz.Caller, in *agreementsQuery) (page[agreements.Agreement], error) {
		f := agreements.Filter{Mission: in.Mission, Partner: in.Partner, State: in.State}
		return paged(r.Agreements.Agreements(ctx, c, f, in.page()))
	})
	handle(r, spec{
		tag: tag, id: "get-agreement", method: http.MethodGet, path: "/agreements/{id}", summary: "Read an agreement",
		about: "Of one for several missions each reads it once it is approved for signature. The partner, and missions other than the one that signs, read the " +
			"documents and who signed them, not who did what else; a mission is told why it is suspended.",
	},
		func(ctx context.Context, c authz.Caller, in *RecordID) (agreements.Agreement, error) {
			return r.Agreements.Agreement(ctx, c, in.ID)
		})
	documentOf := func(pick func(agreements.Agreement) (agreements.Document, error)) func(context.Context, authz.Caller, *RecordID) ([]byte, error) {
		return func(ctx context.Context, c authz.Caller, in *RecordID) ([]byte, error) {
			a, err := r.Agreements.Agreement(ctx, c, in.ID)
			if err != nil {
				return nil, err
			}
			doc, err := pick(a)
			if err != nil {
				return nil, err
			}
			text, err := signing.Canonical(doc)
			if err != nil {
				return nil, fmt.Errorf("writing the document of an agreement: %w", err)
			}
			return text, nil
		}
	}
	const exactly = "Its RFC 8785 form, byte for byte: its SHA-256 is the digest that every signature binds."
	bytesOf(r, spec{
		tag: tag, id: "get-agreement-document", method: http.MethodGet, path: "/agreements/{id}/document", summary: "Read the document that is signed",
		about: exactly,
	}, "application/json", documentOf(func(a agreements.Agreement) (agreements.Document, error) { return a.Document, nil }))
	bytesOf(r, spec{
		tag: tag, id: "get-amendment-document", method: http.MethodGet, path: "/agreements/{id}/amendment/document", summary: "Read the document of the amendment that is on its way",
		about: exactly,
	}, "application/json", documentOf(func(a agreements.Agreement) (agreements.Document, error) {
		if a.Amendment == nil {
			return agreements.Document{}, evidence.ErrNotFound
		}
		return a.Amendment.Document, nil
	}))
	handle(r, spec{
		tag: tag, id: "get-agreement-text", method: http.MethodGet, path: "/agreements/{id}/text", summary: "Read the clauses in words",
		about: "Of the document that is drafted, reviewed and signed now, in its language: the template's texts with the parameters in their places, and what deviates.",
	}, func(ctx context.Context, c authz.Caller, in *RecordID) (list[agreements.ClauseText], error) {
		return listed(r.Agreements.Text(ctx, c, in.ID))
	})
}
