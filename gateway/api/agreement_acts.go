package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements"
	"safeconduct/authz"
)

type reasonBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"4000"`
}

type decisionBody struct {
	Decision string `json:"decision" enum:"approved,returned,rejected"`
	Reason   string `json:"reason,omitempty" maxLength:"4000"`
}

type deviationBody struct {
	Code   string `json:"code" pattern:"^C(0[1-9]|1[0-9]|2[0-5])$" doc:"the clause" example:"C01"`
	Reason string `json:"reason" minLength:"1" maxLength:"4000" doc:"why it may deviate" example:"The partner is bound by a stricter law."`
}

type attestationBody struct {
	Scan       string               `json:"scan" minLength:"1" maxLength:"128" doc:"id of the scan" example:"0198f7a4-2b1c-7d3e-8f10-5a6b7c8d9e0f"`
	SHA256     string               `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"of the scan that you have read"`
	Authority  string               `json:"authority" minLength:"1" maxLength:"1000" doc:"what proves that they were authorised to sign" example:"Board minutes of 1 February 2026, seen"`
	Signatures []paperSignatoryBody `json:"signatures,omitempty" nullable:"false" maxItems:"2" doc:"those that the scan shows; left out for an imported paper"`
}

type paperSignatoryBody struct {
	Party    string    `json:"party" minLength:"1" maxLength:"128" doc:"iom, or the id of the partner" example:"iom"`
	Name     string    `json:"name" minLength:"1" maxLength:"200" doc:"as on the paper" example:"Aïcha Example" personal:"true"`
	Title    string    `json:"title" minLength:"1" maxLength:"200" doc:"as on the paper" example:"Chief of Mission" personal:"true"`
	SignedAt time.Time `json:"signed_at" doc:"as on the paper" example:"2026-02-01T00:00:00Z"`
}

type signatureBody struct {
	Key string `json:"key" minLength:"1" maxLength:"128" doc:"RFC 7638 thumbprint of your enrolled and confirmed key"`
	JWS string `json:"jws" minLength:"1" maxLength:"8192" doc:"compact JWS, typ safeconduct-agreement-signature+jws, over agreement, version, digest, party, signatory, title and signed_at"`
}

// agreementActs mounts what moves an agreement through its life. Each answers with the agreement as it is then.
func (r *routes) agreementActs() {
	again := changed(r.Agreements.Agreement)
	post := func(id, act, summary, about string) spec {
		return spec{tag: "agreements", id: id, method: http.MethodPost, path: "/agreements/{id}/" + act, summary: summary, about: about}
	}
	write(r, spec{
		tag: "agreements", id: "revise-agreement", method: http.MethodPut, path: "/agreements/{id}", summary: "Write another document into a draft",
		about: "Also one that Legal returned, and one of an amendment. Mission and partner stay.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[draftBody]) (agreements.Agreement, error) {
		return r.Agreements.Revise(ctx, c, in.ID, in.Body.document())
	})
	write(r, post("review-agreement", "review", "Send a draft to Legal's review", "Annex I must be complete."),
		again, func(ctx context.Context, c authz.Caller, in *RecordID) (agreements.Agreement, error) {
			return r.Agreements.SendToReview(ctx, c, in.ID)
		})
	write(r, post("decide-agreement", "approval", "Decide on an agreement under review", "By Legal: approved for signature, returned to the drafter, or rejected."),
		again, func(ctx context.Context, c authz.Caller, in *with[decisionBody]) (agreements.Agreement, error) {
			return r.Agreements.Decide(ctx, c, in.ID, in.Body.Decision, in.Body.Reason)
		})
	write(r, post("approve-deviation", "deviations", "Approve a clause that deviates", "By somebody of Legal who did not write it, while the document is under review. It holds for this document alone."),
		again, func(ctx context.Context, c authz.Caller, in *with[deviationBody]) (agreements.Agreement, error) {
			return r.Agreements.ApproveDeviation(ctx, c, in.ID, in.Body.Code, in.Body.Reason)
		})
	write(r, post("amend-agreement", "amendment", "Draft an amendment", "The next version of an active agreement's document, or the renewal of one that has expired, with a later valid_until. The one in force "+
		"rules until the amendment is activated, and an expired one stays expired until then; one that was suspended when its term ended is not renewed. Review, "+
		"deviations, approval, signatures, scans, attestations and activation are asked for as for the agreement, and go to the amendment while there is one."),
		again, func(ctx context.Context, c authz.Caller, in *with[draftBody]) (agreements.Agreement, error) {
			return r.Agreements.Amend(ctx, c, in.ID, in.Body.document())
		})
	write(r, spec{
		tag: "agreements", id: "withdraw-amendment", method: http.MethodDelete, path: "/agreements/{id}/amendment", summary: "Give up an amendment",
		about: "The document in force is untouched.",
	}, again, func(ctx context.Context, c authz.Caller, in *RecordID) (agreements.Agreement, error) {
		return r.Agreements.WithdrawAmendment(ctx, c, in.ID)
	})
	write(r, post("sign-agreement", "signatures", "Sign an agreement", "By the head of mission, and by the partner's signatory. The signature is verified now, and again at each decision."),
		again, func(ctx context.Context, c authz.Caller, in *with[signatureBody]) (agreements.Agreement, error) {
			return r.Agreements.Sign(ctx, c, in.ID, in.Body.Key, in.Body.JWS)
		})
	write(r, post("activate-agreement", "activation", "Put a signed agreement in force", "By Legal, but not by who drafted it. An amendment that is broader makes the assessments of the agreement stale, and needs one of its own version. The renewal of one "+
		"that has expired brings it back into force, and what was held for that passes the gate again. Either ends the agreement that its document supersedes."),
		again, func(ctx context.Context, c authz.Caller, in *RecordID) (agreements.Agreement, error) {
			return r.Agreements.Activate(ctx, c, in.ID)
		})
	write(r, urgent(post("suspend-agreement", "suspension", "Suspend an agreement at once", "")),
		again, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (agreements.Agreement, error) {
			return r.Agreements.Suspend(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, post("lift-suspension", "suspension/lift", "Lift a suspension", "One of two acts: by Legal and by the data protection officer, neither alone."),
		again, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (agreements.Agreement, error) {
			return r.Agreements.Lift(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, urgent(post("terminate-agreement", "termination", "Terminate an agreement", "The partner's notice ends it; of the organisation, the head of mission and Legal both act.")),
		again, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (agreements.Agreement, error) {
			return r.Agreements.Terminate(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, post("close-out-agreement", "closeout", "Close out an agreement that has ended", "When every certificate of destruction is accepted, and no renewal of it is on its way."),
		again, func(ctx context.Context, c authz.Caller, in *RecordID) (agreements.Agreement, error) {
			return r.Agreements.CloseOut(ctx, c, in.ID)
		})
	write(r, post("attest-signatures", "attestations", "Attest signatures in wet ink", "By somebody of Legal who neither drafted or imported it nor brought the scan. Of an imported paper, who signed stands in its document."),
		again, func(ctx context.Context, c authz.Caller, in *with[attestationBody]) (agreements.Agreement, error) {
			b := in.Body
			signed := make([]agreements.PaperSignatory, len(b.Signatures))
			for i, s := range b.Signatures {
				signed[i] = agreements.PaperSignatory(s)
			}
			return r.Agreements.Attest(ctx, c, in.ID, b.Scan, b.SHA256, b.Authority, signed)
		})
}
