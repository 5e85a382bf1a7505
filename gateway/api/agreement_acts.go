package api

import (
	"context"
	"net/http"

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
		about: "Also one that Legal returned. Mission and partner stay.",
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
	write(r, post("sign-agreement", "signatures", "Sign an agreement", "By the head of mission, and by the partner's signatory. The signature is verified now, and again at each decision."),
		again, func(ctx context.Context, c authz.Caller, in *with[signatureBody]) (agreements.Agreement, error) {
			return r.Agreements.Sign(ctx, c, in.ID, in.Body.Key, in.Body.JWS)
		})
	write(r, post("activate-agreement", "activation", "Put a signed agreement in force", "By Legal, but not by who drafted it."),
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
}
