package api

import (
	"context"
	"net/http"

	"safeconduct/authz"
	"safeconduct/transfer/consent"
)

type evidenceBody struct {
	consent.Proof
	NotWritten consent.NotWritten `json:"reason_not_written,omitempty" enum:"child,low_literacy,incapacity,other" doc:"needed for audio and video (R05)"`
}

type certificationBody struct {
	SHA256 string `json:"sha256,omitempty" pattern:"^[0-9a-f]{64}$" doc:"of the statement that you signed, hex, where there is a paper"`
}

// certification is an operation whose body may be left out.
type certification struct {
	RecordID
	Body *certificationBody
}

// consentActs mounts what is added to a consent after it was recorded. One call of record-consent may carry all but the
// certification.
func (r *routes) consentActs() {
	again := changed(r.Consents.Consent)
	post := func(id, act, summary, about string) spec {
		return spec{tag: "consents", id: id, method: http.MethodPost, path: "/consents/{id}/" + act, summary: summary, about: about}
	}
	write(r, post("attach-evidence", "evidence", "Name the signed document or the recording", "By its SHA-256; the log holds no more of it (R03). A fingerprint alone is refused (R12)."),
		again, func(ctx context.Context, c authz.Caller, in *with[evidenceBody]) (consent.Record, error) {
			return r.Consents.Attach(ctx, c, in.ID, in.Body.Proof, in.Body.NotWritten)
		})
	write(r, post("certify-consent", "certification", "Certify verbal consent", "By a named staff member of the organisation, never a partner's (R06), and not by the approver of a transfer that rests on it."),
		again, func(ctx context.Context, c authz.Caller, in *certification) (consent.Record, error) {
			statement := ""
			if in.Body != nil {
				statement = in.Body.SHA256
			}
			return r.Consents.Certify(ctx, c, in.ID, statement)
		})
	write(r, post("assess-capacity", "capacity", "Record capacity, guardian, and own views", "What is left out stays as it was. Assent is never enough alone (R07-R09)."),
		again, func(ctx context.Context, c authz.Caller, in *with[consent.Circumstances]) (consent.Record, error) {
			return r.Consents.Assess(ctx, c, in.ID, in.Body)
		})
}
