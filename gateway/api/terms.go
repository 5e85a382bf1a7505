package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
)

type purposeBody struct {
	Code        string `json:"code" pattern:"^[a-z][a-z0-9_]{1,63}$" example:"medical_referral"`
	Text        string `json:"text" minLength:"1" maxLength:"4000" example:"Referral to a health service"`
	Refusable   bool   `json:"refusable,omitempty"`
	Consequence string `json:"consequence,omitempty" maxLength:"4000" doc:"what refusing means; needed where it is refusable (R15)"`
	LegalBasis  string `json:"legal_basis" minLength:"1" maxLength:"1000" example:"consent"`
	Statistics  bool   `json:"statistics,omitempty" doc:"it serves statistics: for it data leave anonymised or aggregate only (R19)"`
}

type categoryBody struct {
	Code          string            `json:"code" pattern:"^[a-z][a-z0-9_]{1,63}$" example:"contact"`
	Fields        []string          `json:"fields" nullable:"false" minItems:"1" maxItems:"1000" example:"[\"phone\",\"location\"]"`
	Sensitivity   terms.Sensitivity `json:"sensitivity" enum:"low,moderate,high,severe"`
	Sensitive     bool              `json:"sensitive,omitempty" doc:"the data protection officer approves what is sent of it; true where it is severe, or is approved for each transfer"`
	ApprovalScope string            `json:"approval_scope,omitempty" enum:"agreement,transfer" doc:"agreement where it is left out"`
}

type retentionBody struct {
	Purpose   string    `json:"purpose" minLength:"1" maxLength:"128" doc:"id of the purpose"`
	Category  string    `json:"category" minLength:"1" maxLength:"64" doc:"code of the category" example:"contact"`
	Trigger   string    `json:"trigger" minLength:"1" maxLength:"200" doc:"what starts the period; collection, where it is the day on which the data were collected: such data are refused once it is over" example:"case_closed"`
	Days      int       `json:"days" minimum:"1" maximum:"36525" doc:"the period, in days" example:"365"`
	Action    string    `json:"action" enum:"delete,anonymise"`
	Extension string    `json:"extension_ground,omitempty" maxLength:"1000"`
	Review    time.Time `json:"review" doc:"when the rule itself is reviewed (R48)"`
}

// rulesQuery narrows the list of retention rules.
type rulesQuery struct {
	Overdue bool `query:"overdue" doc:"only those whose review is overdue, the longest overdue first (R48)"`
}

// Amendment is what the bodies of amendments have alike, with new values of a term: all of them, since what is left out is
// not kept.
type Amendment[V any] struct {
	Values        V         `json:"values" doc:"all of them; what is left out is not kept"`
	EffectiveFrom time.Time `json:"effective_from,omitempty" doc:"from its approval where that is later, or where it is left out"`
	Reason        string    `json:"reason" minLength:"1" maxLength:"4000" example:"Yearly review"`
}

type purposeAmendment struct {
	Amendment[terms.PurposeValues]
	Text string `json:"text,omitempty" maxLength:"4000" doc:"another text, while nothing of the purpose was approved; left out, it stays" example:"Referral to a health service"`
}

type categoryAmendment struct {
	Amendment[terms.CategoryValues]
	Fields []string `json:"fields,omitempty" nullable:"false" minItems:"1" maxItems:"1000" doc:"other fields, while nothing of the category was approved; left out, they stay" example:"[\"phone\",\"location\"]"`
}

type retentionAmendment struct {
	Amendment[terms.RetentionValues]
}

type nextReviewBody struct {
	Next time.Time `json:"next_review" doc:"when the rule is reviewed again; later than now"`
}

func (r *routes) terms() {
	const tag = termsTag
	write(r, spec{tag: tag, id: "create-purpose", method: http.MethodPost, path: "/purposes", status: http.StatusCreated, summary: "Propose a purpose", about: proposedAbout},
		listedAs(terms.KindPurpose, r.Terms.Purposes, func(p terms.Purpose) string { return p.ID }), func(ctx context.Context, c authz.Caller, in *of[purposeBody]) (terms.Purpose, error) {
			b := in.Body
			return r.Terms.CreatePurpose(ctx, c, terms.Purpose{
				Code: b.Code, Text: b.Text, Refusable: b.Refusable, Consequence: b.Consequence, LegalBasis: b.LegalBasis, Statistics: b.Statistics,
			})
		})
	handle(r, spec{tag: tag, id: "list-purposes", method: http.MethodGet, path: "/purposes", summary: "List the purposes", about: listAbout},
		func(ctx context.Context, c authz.Caller, _ *none) (list[terms.Purpose], error) {
			return listed(r.Terms.Purposes(ctx, c))
		})
	write(r, spec{tag: tag, id: "create-category", method: http.MethodPost, path: "/categories", status: http.StatusCreated, summary: "Propose a category of data", about: proposedAbout},
		listedAs(terms.KindCategory, r.Terms.Categories, func(k terms.Category) string { return k.ID }), func(ctx context.Context, c authz.Caller, in *of[categoryBody]) (terms.Category, error) {
			b := in.Body
			return r.Terms.CreateCategory(ctx, c, terms.Category{
				Code: b.Code, Fields: b.Fields, Sensitivity: b.Sensitivity, Sensitive: b.Sensitive, ApprovalScope: b.ApprovalScope,
			})
		})
	handle(r, spec{tag: tag, id: "list-categories", method: http.MethodGet, path: "/categories", summary: "List the categories of data", about: listAbout},
		func(ctx context.Context, c authz.Caller, _ *none) (list[terms.Category], error) {
			return listed(r.Terms.Categories(ctx, c))
		})
	write(r, spec{
		tag: tag, id: "create-retention-rule", method: http.MethodPost, path: "/retention-rules", status: http.StatusCreated,
		summary: "Propose how long data may be kept", about: "Without a rule for a purpose and a category nothing is transferred (R24). " + proposedAbout,
	}, listedAs(terms.KindRetention, r.Terms.RetentionRules, func(x terms.RetentionRule) string { return x.ID }), func(ctx context.Context, c authz.Caller, in *of[retentionBody]) (terms.RetentionRule, error) {
		b := in.Body
		return r.Terms.CreateRetentionRule(ctx, c, terms.RetentionRule{
			Purpose: b.Purpose, Category: b.Category, Trigger: b.Trigger, Days: b.Days, Action: b.Action, Extension: b.Extension, Review: b.Review,
		})
	})
	handle(r, spec{
		tag: tag, id: "list-retention-rules", method: http.MethodGet, path: "/retention-rules", summary: "List the retention rules",
		about: "All of them, or those in force whose review is overdue (R48). " + listAbout,
	}, func(ctx context.Context, c authz.Caller, in *rulesQuery) (list[terms.RetentionRule], error) {
		if in.Overdue {
			return listed(r.Terms.OverdueRules(ctx, c))
		}
		return listed(r.Terms.RetentionRules(ctx, c))
	})
	write(r, spec{
		tag: tag, id: "review-retention-rule", method: http.MethodPost, path: "/retention-rules/{id}/review",
		summary: "Record that a retention rule was reviewed", about: "It stays as it is until its next review (R48). By Legal.",
	},
		func(ctx context.Context, c authz.Caller, d done) (terms.RetentionRule, error) {
			all, err := r.Terms.RetentionRules(ctx, c)
			return among(all, err, d.path[0], func(x terms.RetentionRule) string { return x.ID })
		}, func(ctx context.Context, c authz.Caller, in *with[nextReviewBody]) (terms.RetentionRule, error) {
			return r.Terms.ReviewRetentionRule(ctx, c, in.ID, in.Body.Next)
		})
}
