package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/authz"
	"safeconduct/transfer/approvals"
)

// dpoBody is a decision on sensitive categories. What the agreement or the transfer says is left out.
type dpoBody struct {
	Scope      approvals.Scope `json:"scope" enum:"agreement,transfer,pathway" doc:"a pathway has a standing approval" example:"transfer"`
	Granted    bool            `json:"granted" doc:"a refusal, with its reason, answers a transfer that waits"`
	Agreement  string          `json:"agreement,omitempty" maxLength:"128" doc:"id, for an agreement"`
	Transfer   string          `json:"transfer,omitempty" maxLength:"128" doc:"id of the transfer that waits; it covers that one, or the one that asks for the same again"`
	Pathway    string          `json:"pathway,omitempty" maxLength:"200" doc:"name, for a pathway; it covers the transfers that name it" example:"Referral of survivors to the clinic"`
	Mission    string          `json:"mission,omitempty" maxLength:"128" doc:"for a pathway; for an agreement the mission of its scope that it covers, where it is not the one that signs"`
	Partner    string          `json:"partner,omitempty" maxLength:"128" doc:"for a pathway"`
	Purposes   []string        `json:"purposes,omitempty" maxItems:"100" doc:"ids, for an agreement or a pathway"`
	Categories []string        `json:"categories,omitempty" maxItems:"100" doc:"codes, for an agreement or a pathway" example:"[\"health\"]"`
	Most       int             `json:"most_subjects,omitempty" minimum:"0" maximum:"1000" doc:"in one transfer on a pathway; 1 where it is left out"`
	Times      int             `json:"most_transfers,omitempty" minimum:"0" maximum:"10000" doc:"that are released on a pathway under it, within what the rulebook allows; as the rulebook says where it is left out"`
	Until      *time.Time      `json:"until,omitempty" doc:"of an approval, exclusive; as long as the rules allow where it is left out. A refusal has none: it ends by an approval"`
	Reason     string          `json:"reason,omitempty" maxLength:"4000"`
}

// dpoQuery narrows the list of decisions.
type dpoQuery struct {
	Mission string `query:"mission" maxLength:"128" doc:"all where it is left out"`
	PageQuery
}

func (r *routes) approvals() {
	const tag = "sensitive categories"
	create(r, spec{
		tag: tag, id: "decide-sensitive", path: "/dpo-approvals", summary: "Decide on sensitive categories",
		about: "By the data protection officer: for an agreement, for one transfer, or standing for a named pathway; never on what they asked for themselves.",
	}, func(a approvals.DPOApproval) string { return a.ID },
		made(approvals.KindApproval, r.Approvals.Approval), func(ctx context.Context, c authz.Caller, in *of[dpoBody]) (approvals.DPOApproval, error) {
			return r.Approvals.Decide(ctx, c, approvals.Decision(in.Body))
		})
	handle(r, spec{tag: tag, id: "list-sensitive-decisions", method: http.MethodGet, path: "/dpo-approvals", summary: "List the decisions on sensitive categories", about: "Oldest first, page by page."},
		func(ctx context.Context, c authz.Caller, in *dpoQuery) (page[approvals.DPOApproval], error) {
			return paged(r.Approvals.Approvals(ctx, c, in.Mission, in.page()))
		})
	handle(r, spec{tag: tag, id: "get-sensitive-decision", method: http.MethodGet, path: "/dpo-approvals/{id}", summary: "Read a decision on sensitive categories"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (approvals.DPOApproval, error) {
			return r.Approvals.Approval(ctx, c, in.ID)
		})
	write(r, urgent(spec{
		tag: tag, id: "revoke-sensitive", method: http.MethodPost, path: "/dpo-approvals/{id}/revocation", summary: "Take an approval back",
		about: "From now on, also for what still waits to be pulled.",
	}), changed(r.Approvals.Approval), func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (approvals.DPOApproval, error) {
		return r.Approvals.Revoke(ctx, c, in.ID, in.Body.Reason)
	})
	handle(r, spec{
		tag: tag, id: "list-waiting-for-dpo", method: http.MethodGet, path: "/dpo-queue", summary: "List the transfers that wait for the data protection officer",
		about: "Those that the gate refused, or holds, for want of an approval. Oldest first, page by page.",
	}, func(ctx context.Context, c authz.Caller, in *PageQuery) (page[approvals.Waiting], error) {
		return paged(r.Approvals.Queue(ctx, c, in.page()))
	})
}
