package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/authz"
	"safeconduct/transfer/anonymous"
)

type disclosureBody struct {
	Mission     string                 `json:"mission" minLength:"1" maxLength:"128"`
	Datasets    []string               `json:"datasets" nullable:"false" minItems:"1" maxItems:"100" doc:"SHA-256 of each file that it is about, hex"`
	Countries   []string               `json:"countries" nullable:"false" minItems:"1" maxItems:"100" doc:"that the data is about, ISO 3166-1 alpha-2" example:"[\"NE\"]"`
	Method      string                 `json:"method" minLength:"1" maxLength:"2000" doc:"how the smallest cell was found" example:"counted over all published columns"`
	Cell        int                    `json:"smallest_cell" minimum:"0" doc:"people in the smallest cell" example:"12"`
	Own         bool                   `json:"all_own,omitempty" doc:"all of it is the organisation's own; or"`
	Originators []anonymous.Originator `json:"originators,omitempty" maxItems:"100" doc:"where the rest comes from"`
	ValidUntil  time.Time              `json:"valid_until" doc:"exclusive; within a year"`
}

func (r *routes) disclosures() {
	const tag = "disclosure assessments"
	create(r, spec{
		tag: tag, id: "write-disclosure", path: "/disclosure-assessments", summary: "Write a disclosure assessment",
		about: "It shows that files are anonymised or aggregate. It counts when a focal point of the mission has signed it.",
	}, func(a anonymous.DisclosureAssessment) string { return a.ID },
		made(anonymous.KindDisclosure, r.Disclosures.Assessment), func(ctx context.Context, c authz.Caller, in *of[disclosureBody]) (anonymous.DisclosureAssessment, error) {
			b := in.Body
			return r.Disclosures.Write(ctx, c, anonymous.DisclosureAssessment{
				Mission: b.Mission, Datasets: b.Datasets, Countries: b.Countries, Method: b.Method, Cell: b.Cell, Own: b.Own,
				Originators: b.Originators, ValidUntil: b.ValidUntil,
			})
		})
	handle(r, spec{tag: tag, id: "get-disclosure", method: http.MethodGet, path: "/disclosure-assessments/{id}", summary: "Read a disclosure assessment"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (anonymous.DisclosureAssessment, error) {
			return r.Disclosures.Assessment(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "sign-disclosure", method: http.MethodPost, path: "/disclosure-assessments/{id}/signature", summary: "Sign a disclosure assessment",
		about: "By a focal point of the mission; never by its author.",
	}, changed(r.Disclosures.Assessment), func(ctx context.Context, c authz.Caller, in *RecordID) (anonymous.DisclosureAssessment, error) {
		return r.Disclosures.Sign(ctx, c, in.ID)
	})
	write(r, urgent(spec{
		tag: tag, id: "withdraw-disclosure", method: http.MethodPost, path: "/disclosure-assessments/{id}/withdrawal", summary: "Withdraw a disclosure assessment",
		about: "What was released under it and waits is held, until another is signed of the same files. Recall what was pulled already.",
	}), changed(r.Disclosures.Assessment), func(ctx context.Context, c authz.Caller, in *RecordID) (anonymous.DisclosureAssessment, error) {
		return r.Disclosures.Withdraw(ctx, c, in.ID)
	})
}
