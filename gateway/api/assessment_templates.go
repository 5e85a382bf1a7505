package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/signing"
	"safeconduct/authz"
)

// questionnaireBody is another version of the questionnaire. Its number comes from the gateway.
type questionnaireBody struct {
	Title         assessment.Text          `json:"title"`
	Reviewers     []authz.Role             `json:"reviewers" nullable:"false" minItems:"1" maxItems:"4" doc:"who may return or reject: FP, HOM, LEG, DPO"`
	Scoring       assessment.Scoring       `json:"scoring" doc:"the numbers of the formula"`
	Bands         []assessment.BandRule    `json:"bands" nullable:"false" minItems:"1" maxItems:"4" doc:"lowest first; from LOW to SEVERE"`
	Questions     []assessment.Question    `json:"questions" nullable:"false" minItems:"1" maxItems:"200" doc:"in the order in which they are asked"`
	Short         *assessment.ShortForm    `json:"short_form,omitempty" doc:"the short form for low risk (R47); left out where there is none"`
	People        assessment.PeopleScale   `json:"people" doc:"which answers stand for children, and for specific needs"`
	Categories    assessment.CategoryScale `json:"categories" doc:"with what the highest sensitivity among the categories is answered at least; what is known is not answered below it"`
	Subjects      assessment.SubjectScale  `json:"subjects" doc:"with what the subjects a year that the agreement allows are answered at least"`
	EffectiveFrom time.Time                `json:"effective_from,omitzero" doc:"from when it is in force once approved; from then on where it is left out or past" example:"2027-01-01T00:00:00Z"`
	Reason        string                   `json:"reason" minLength:"1" maxLength:"4000" doc:"why it is written"`
}

func (b questionnaireBody) template() assessment.Template {
	return assessment.Template{
		Title: b.Title, Reviewers: b.Reviewers, Scoring: b.Scoring, Bands: b.Bands, Questions: b.Questions, Short: b.Short,
		People: &b.People, Categories: &b.Categories, Subjects: &b.Subjects,
	}
}

// templateView is the questionnaire in force with its digest.
type templateView struct {
	assessment.Template
	Digest signing.Digest `json:"digest" doc:"of the template; each assessment stores it (R37)"`
	ID     string         `json:"id" doc:"of its record"`
}

func (r *routes) assessmentTemplates() {
	const tag = "assessments"
	again := changed(r.Assessments.Edition)
	handle(r, spec{
		tag: tag, id: "get-assessment-template", method: http.MethodGet, path: "/assessment-templates/current", summary: "Read the current questionnaire",
		about: "Questions with their scales and anchors, the scoring, and the bands with their approvals.",
	}, func(ctx context.Context, _ authz.Caller, _ *none) (templateView, error) {
		e, err := r.Assessments.Template(ctx)
		return templateView{e.Template, e.Digest, e.ID}, err
	})
	handle(r, spec{tag: tag, id: "list-assessment-templates", method: http.MethodGet, path: "/assessment-templates", summary: "List all versions of the questionnaire"},
		func(ctx context.Context, c authz.Caller, _ *none) (list[assessment.Edition], error) {
			return listed(r.Assessments.Templates(ctx, c))
		})
	handle(r, spec{tag: tag, id: "get-assessment-template-version", method: http.MethodGet, path: "/assessment-templates/{id}", summary: "Read a version of the questionnaire"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (assessment.Edition, error) {
			return r.Assessments.Edition(ctx, c, in.ID)
		})
	create(r, spec{
		tag: tag, id: "draft-assessment-template", path: "/assessment-templates", summary: "Draft another version of the questionnaire",
		about: "By Legal. It is in force once the DPO has approved it. Each assessment keeps the version that it was made on.", large: true,
	}, func(e assessment.Edition) string { return e.ID }, made(assessment.KindTemplate, r.Assessments.Edition),
		func(ctx context.Context, c authz.Caller, in *of[questionnaireBody]) (assessment.Edition, error) {
			return r.Assessments.CreateTemplate(ctx, c, in.Body.template(), in.Body.EffectiveFrom, in.Body.Reason)
		})
	write(r, spec{
		tag: tag, id: "approve-assessment-template", method: http.MethodPost, path: "/assessment-templates/{id}/approval", summary: "Bring a version of the questionnaire into force",
		about: "By the DPO, and not by who wrote it.",
	}, again, func(ctx context.Context, c authz.Caller, in *RecordID) (assessment.Edition, error) {
		return r.Assessments.ApproveTemplate(ctx, c, in.ID)
	})
	write(r, urgent(spec{
		tag: tag, id: "withdraw-assessment-template", method: http.MethodPost, path: "/assessment-templates/{id}/withdrawal", summary: "Withdraw a version of the questionnaire",
		about: "By Legal or the DPO, for good. All that was assessed on it is stale from now on (RBA_STALE).",
	}), again, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (assessment.Edition, error) {
		return r.Assessments.WithdrawTemplate(ctx, c, in.ID, in.Body.Reason)
	})
}
