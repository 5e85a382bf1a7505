package api

import (
	"context"
	"net/http"

	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// newAssessmentBody is an assessment as it is drafted.
type newAssessmentBody struct {
	AssessmentBody
	Mission string `json:"mission,omitempty" maxLength:"128" doc:"the mission of the agreement's scope whose assessment it is; where it is left out, the one that signs the agreement, or your own, where you are of one that shares it"`
}

// AssessmentBody is what the author writes. Answers may be incomplete until it is submitted. It is exported for huma,
// which passes over what it cannot name.
type AssessmentBody struct {
	Agreement        string                `json:"agreement" minLength:"1" maxLength:"128" doc:"id of the agreement that is assessed"`
	AgreementVersion int                   `json:"agreement_version,omitempty" minimum:"1" doc:"version of its document; the newest where it is left out"`
	Purposes         []string              `json:"purposes" nullable:"false" minItems:"1" maxItems:"500" doc:"ids of purposes"`
	Categories       []string              `json:"categories" nullable:"false" minItems:"1" maxItems:"500" doc:"codes of categories" example:"[\"contact\"]"`
	Countries        []string              `json:"countries" nullable:"false" minItems:"1" maxItems:"250" doc:"of the recipients, and those in which they store the data" example:"[\"NE\"]"`
	Form             assessment.Form       `json:"form,omitempty" enum:"short" doc:"short for the short form, where the template has one (R47); else left out"`
	Answers          map[string]answerBody `json:"answers,omitempty" doc:"by question id, K1 to B4"`
	PeopleConsulted  []string              `json:"people_consulted,omitempty" nullable:"false" maxItems:"100" doc:"who was asked, of those whom the data are about or who speak for them: posts and groups, not names. The template says from which band on it is needed"`
}

// answerBody is the answer to one question: a value, or unknown where the question allows it.
type answerBody struct {
	Value    *int   `json:"value,omitempty" doc:"on the scale of the question"`
	Evidence string `json:"evidence,omitempty" maxLength:"4000" doc:"what the answer rests on"`
	Unknown  bool   `json:"unknown,omitempty"`
}

func (b AssessmentBody) content() assessment.Content {
	c := assessment.Content{
		Agreement: b.Agreement, AgreementVersion: b.AgreementVersion, Purposes: b.Purposes, Categories: b.Categories,
		Countries: b.Countries, PeopleConsulted: b.PeopleConsulted, Form: b.Form, Answers: assessment.Answers{},
	}
	for question, a := range b.Answers {
		c.Answers[question] = assessment.Answer(a)
	}
	return c
}

type reviewBody struct {
	Decision assessment.Decision `json:"decision" enum:"approved,returned,rejected"`
	Note     string              `json:"note,omitempty" maxLength:"4000" doc:"needed to return or to reject"`
	Role     authz.Role          `json:"role,omitempty" enum:"FP,HOM,LEG,DPO" doc:"as which of your roles, where you hold several"`
}

// assessmentView is an assessment, with who still has to approve it.
type assessmentView struct {
	assessment.Assessment
	Pending []authz.Role `json:"pending_approvals" nullable:"false" doc:"roles that still have to approve"`
}

// assessmentsQuery narrows a list of assessments.
type assessmentsQuery struct {
	Agreement string           `query:"agreement" maxLength:"128" doc:"id of the agreement that is assessed"`
	Mission   string           `query:"mission" maxLength:"128" doc:"whose assessment it is"`
	Partner   string           `query:"partner" maxLength:"128" doc:"of the agreement"`
	State     assessment.State `query:"state" enum:"draft,submitted,returned,approved,rejected,stale,expired,superseded"`
	PageQuery
}

func viewAssessment(a assessment.Assessment, err error) (assessmentView, error) {
	return assessmentView{a, full(a.PendingApprovals())}, err
}

func (r *routes) assessment(ctx context.Context, c authz.Caller, id string) (assessmentView, error) {
	return viewAssessment(r.Assessments.Assessment(ctx, c, id))
}

// as is the caller in one of their roles, or in all where none is named.
func as(c authz.Caller, role authz.Role) authz.Caller {
	if role == "" {
		return c
	}
	return c.As(role)
}

func (r *routes) assessments() {
	const tag = "assessments"
	create(r, spec{tag: tag, id: "draft-assessment", path: "/assessments", summary: "Draft a risk-benefit assessment"},
		func(v assessmentView) string { return v.ID },
		made(assessment.KindAssessment, r.assessment), func(ctx context.Context, c authz.Caller, in *of[newAssessmentBody]) (assessmentView, error) {
			return viewAssessment(r.Assessments.Create(ctx, c, in.Body.Mission, in.Body.content()))
		})
	handle(r, spec{
		tag: tag, id: "list-assessments", method: http.MethodGet, path: "/assessments", summary: "List the assessments that you may read",
		about: "Newest first, page by page, each as get-assessment shows it.",
	}, func(ctx context.Context, c authz.Caller, in *assessmentsQuery) (page[assessmentView], error) {
		f := assessment.Filter{Agreement: in.Agreement, Mission: in.Mission, Partner: in.Partner, State: in.State}
		l, err := r.Assessments.Assessments(ctx, c, f, in.page())
		views := evidence.Listed[assessmentView]{Next: l.Next}
		for _, a := range l.Items {
			views.Items = append(views.Items, assessmentView{a, full(a.PendingApprovals())})
		}
		return paged(views, err)
	})
	handle(r, spec{tag: tag, id: "get-assessment", method: http.MethodGet, path: "/assessments/{id}", summary: "Read an assessment"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (assessmentView, error) {
			return viewAssessment(r.Assessments.Assessment(ctx, c, in.ID))
		})
	write(r, spec{
		tag: tag, id: "revise-assessment", method: http.MethodPut, path: "/assessments/{id}", summary: "Write other content into a draft",
		about: "Also one that was returned. It is on the template in force then, and whoever writes it no longer approves it.",
	}, changed(r.assessment), func(ctx context.Context, c authz.Caller, in *with[AssessmentBody]) (assessmentView, error) {
		return viewAssessment(r.Assessments.Revise(ctx, c, in.ID, in.Body.content()))
	})
	write(r, spec{
		tag: tag, id: "submit-assessment", method: http.MethodPost, path: "/assessments/{id}/submission", summary: "Submit an assessment",
		about: "It is scored, and handed to those who approve its band.",
	}, changed(r.assessment), func(ctx context.Context, c authz.Caller, in *RecordID) (assessmentView, error) {
		return viewAssessment(r.Assessments.Submit(ctx, c, in.ID))
	})
	write(r, spec{
		tag: tag, id: "decide-assessment", method: http.MethodPost, path: "/assessments/{id}/approvals", summary: "Approve, return or reject an assessment",
		about: "The band says whose approval is needed, each by another person. The author never approves.",
	}, changed(r.assessment), func(ctx context.Context, c authz.Caller, in *with[reviewBody]) (assessmentView, error) {
		return viewAssessment(r.Assessments.Decide(ctx, as(c, in.Body.Role), in.ID, in.Body.Decision, in.Body.Note))
	})
}
