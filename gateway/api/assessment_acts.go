package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/gateway/edge"
)

// conditionBody is a duty on which the approval rests; the owner is a person or a post.
type conditionBody struct {
	Text  string     `json:"text" minLength:"1" maxLength:"4000" doc:"what is to be done" example:"Two named users only, with MFA"`
	Owner string     `json:"owner,omitempty" maxLength:"128" doc:"id of the person who does it; or"`
	Post  authz.Role `json:"owner_role,omitempty" enum:"RO,HOM,FP,LEG,DPO" doc:"the post whose holder does it" example:"FP"`
	Due   time.Time  `json:"due" doc:"until when; it lies ahead" example:"2027-01-31T00:00:00Z"`
}

type closureBody struct {
	Done string `json:"done" minLength:"1" maxLength:"4000" doc:"what was done" example:"Both users enrolled with MFA"`
}

// ConditionNumber is the input of an operation on one condition. It is exported for huma, which passes over what it cannot name.
type ConditionNumber struct {
	RecordID
	N    int `path:"n" minimum:"1" doc:"number of the condition, from 1" example:"1"`
	Body closureBody
}

// derogationBody is what Legal and the DPO both give, word for word the same but for the text.
type derogationBody struct {
	Purpose     string     `json:"purpose" minLength:"1" maxLength:"128" doc:"id of the purpose"`
	Categories  []string   `json:"categories" nullable:"false" minItems:"1" maxItems:"500" doc:"codes of categories" example:"[\"contact\"]"`
	MaxSubjects int        `json:"max_subjects" minimum:"1" doc:"the most people in the transfer" example:"3"`
	Until       time.Time  `json:"until" doc:"until when the transfer is released at the latest, exclusive" example:"2027-01-31T00:00:00Z"`
	Text        string     `json:"text" minLength:"1" maxLength:"4000" doc:"why, in writing"`
	Role        authz.Role `json:"role,omitempty" enum:"LEG,DPO" doc:"as which of your roles, where you hold both"`
}

// alertBody says that a country is in conflict.
type alertBody struct {
	Country string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2" example:"NE"`
	Reason  string `json:"reason" minLength:"1" maxLength:"4000"`
}

// assessmentActs mounts conditions, derogations and alerts.
func (r *routes) assessmentActs() {
	const tag = "assessments"
	again := changed(r.assessment)
	write(r, spec{
		tag: tag, id: "add-condition", method: http.MethodPost, path: "/assessments/{id}/conditions", summary: "Make the approval rest on a condition",
		about: "By one who may approve it, while it is submitted. Nothing is released under it while a condition is open (RBA_CONDITION_OPEN).",
	}, again, func(ctx context.Context, c authz.Caller, in *with[conditionBody]) (assessmentView, error) {
		b := in.Body
		return viewAssessment(r.Assessments.AddCondition(ctx, c, in.ID, assessment.Condition{Text: b.Text, Owner: b.Owner, Post: b.Post, Due: b.Due}))
	})
	write(r, spec{
		tag: tag, id: "close-condition", method: http.MethodPost, path: "/assessments/{id}/conditions/{n}/closure", summary: "Close a condition",
		about: "By its owner, or by a focal point of the mission.",
	}, again, func(ctx context.Context, c authz.Caller, in *ConditionNumber) (assessmentView, error) {
		return viewAssessment(r.Assessments.CloseCondition(ctx, c, in.ID, in.N, in.Body.Done))
	})
	write(r, spec{
		tag: tag, id: "derogate", method: http.MethodPost, path: "/assessments/{id}/derogation", summary: "Let one transfer pass a SEVERE assessment",
		about: "Legal and the DPO, two people, each give it for the same scope. The first transfer whose request passes under it is the only one.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[derogationBody]) (assessmentView, error) {
		b := in.Body
		return viewAssessment(r.Assessments.Derogate(ctx, as(c, b.Role), in.ID, assessment.Derogation{
			Purpose: b.Purpose, Categories: b.Categories, MaxSubjects: b.MaxSubjects, Until: b.Until,
		}, b.Text))
	})
	write(r, spec{
		tag: tag, id: "withdraw-derogation", class: edge.Release, method: http.MethodDelete, path: "/assessments/{id}/derogation", summary: "Withdraw a derogation at once",
		about: "By Legal or the DPO. What was released under it, and not pulled yet, is held.",
	}, again, func(ctx context.Context, c authz.Caller, in *RecordID) (assessmentView, error) {
		return viewAssessment(r.Assessments.WithdrawDerogation(ctx, c, in.ID))
	})
	write(r, spec{
		tag: tag, id: "end-assessment", class: edge.Release, method: http.MethodPost, path: "/assessments/{id}/staleness", summary: "End one approved assessment",
		about: "By Legal or the DPO, who say why. Transfers under it are refused, and those that wait to be pulled are held (RBA_STALE); what is known now is assessed anew.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (assessmentView, error) {
		return viewAssessment(r.Assessments.End(ctx, c, in.ID, in.Body.Reason))
	})
	write(r, spec{
		tag: tag, id: "raise-alert", class: edge.Release, method: http.MethodPost, path: "/conflict-alerts", status: http.StatusCreated, summary: "Raise a conflict alert for a country",
		about: "By Legal or the DPO. All that was submitted for the country before, or by a mission in it, is stale from now on (RBA_STALE).",
	}, made(assessment.KindAlert, r.Assessments.Alert), func(ctx context.Context, c authz.Caller, in *of[alertBody]) (assessment.Cause, error) {
		return r.Assessments.RaiseAlert(ctx, c, in.Body.Country, in.Body.Reason)
	})
	handle(r, spec{tag: tag, id: "list-alerts", method: http.MethodGet, path: "/conflict-alerts", summary: "List the conflict alerts", about: "Newest first, lifted ones too, page by page."},
		func(ctx context.Context, c authz.Caller, in *PageQuery) (page[assessment.Cause], error) {
			return paged(r.Assessments.Alerts(ctx, c, in.page()))
		})
	write(r, spec{
		tag: tag, id: "lift-alert", method: http.MethodPost, path: "/conflict-alerts/{id}/lifting", summary: "Lift a conflict alert",
		about: "By Legal or the DPO. What it made stale is assessed anew all the same.",
	}, changed(r.Assessments.Alert), func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (assessment.Cause, error) {
		return r.Assessments.LiftAlert(ctx, c, in.ID, in.Body.Reason)
	})
}
