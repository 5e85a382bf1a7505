package api

import (
	"context"
	"net/http"

	"safeconduct/authz"
	"safeconduct/gateway/edge"
	"safeconduct/transfer/consent"
)

type consentBody struct {
	consent.Statement
	Case string `json:"case_reference" minLength:"1" maxLength:"200" doc:"case number; only its keyed hash and a sealed copy are kept" example:"NE-2026-00417" personal:"true"`
}

type consentsBody struct {
	consent.Statement
	Cases []string `json:"case_references" nullable:"false" minItems:"1" maxItems:"20000" doc:"case numbers, each once" personal:"true"`
}

type withdrawalBody struct {
	Reason string `json:"reason,omitempty" maxLength:"4000"`
}

// withdrawal is an operation whose body may be left out.
type withdrawal struct {
	RecordID
	Body *withdrawalBody
}

// batchView names the records of a batch, in the order of its case references.
type batchView struct {
	Records []string `json:"records" nullable:"false" doc:"ids of the consent records, in the order of case_references"`
}

func (r *routes) consents() {
	const tag = "consents"
	create(r, spec{
		tag: tag, id: "record-consent", path: "/consents", summary: "Record what one person said",
		about: "Given or refused. Nothing is saved without notice version, language, could_ask_questions and understood (R01).",
	}, func(v consent.Record) string { return v.ID },
		made(consent.KindConsent, r.Consents.Consent), func(ctx context.Context, c authz.Caller, in *of[consentBody]) (consent.Record, error) {
			records, err := r.Consents.Record(ctx, c, in.Body.Statement, []string{in.Body.Case})
			if err != nil {
				return consent.Record{}, err
			}
			return records[0], nil
		})
	write(r, spec{
		tag: tag, id: "record-consents", method: http.MethodPost, path: "/consents/batch", status: http.StatusCreated, large: true,
		summary: "Record what many people said alike", about: "All or none, at most 20,000.",
	}, r.consentsAgain, func(ctx context.Context, c authz.Caller, in *of[consentsBody]) (batchView, error) {
		records, err := r.Consents.Record(ctx, c, in.Body.Statement, in.Body.Cases)
		v := batchView{Records: make([]string, 0, len(records))}
		for _, record := range records {
			v.Records = append(v.Records, record.ID)
		}
		return v, err
	})
	handle(r, spec{tag: tag, id: "get-consent", method: http.MethodGet, path: "/consents/{id}", summary: "Read a consent record"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (consent.Record, error) {
			return r.Consents.Consent(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "withdraw-consent", class: edge.Release, method: http.MethodPost, path: "/consents/{id}/withdrawal", summary: "Record a withdrawal",
		about: "It holds at once: the next decision about any transfer of that person reads it. No task is asked for; who has none under a " +
			"purpose of the consent is answered with the record's id, state and withdrawal, and all else is left empty (R23).",
	}, changed(r.Consents.Withdrawal), func(ctx context.Context, c authz.Caller, in *withdrawal) (consent.Record, error) {
		reason := ""
		if in.Body != nil {
			reason = in.Body.Reason
		}
		return r.Consents.Withdraw(ctx, c, in.ID, reason)
	})
}

// consentsAgain names the records of a batch, of which the caller must be allowed to read the first: all are of one mission.
func (r *routes) consentsAgain(ctx context.Context, c authz.Caller, d done) (batchView, error) {
	v := batchView{Records: full(d.ids(consent.KindConsent))}
	if len(v.Records) == 0 {
		return v, &edge.ShownError{}
	}
	_, err := r.Consents.Consent(ctx, c, v.Records[0])
	return v, err
}
