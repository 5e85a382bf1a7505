package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/rulebook"
)

type rulesBody struct {
	Rules         rulebook.Rules `json:"rules" doc:"all of them; what is left out is not kept"`
	EffectiveFrom time.Time      `json:"effective_from" doc:"from its approval where that is later"`
	Reason        string         `json:"reason" minLength:"1" maxLength:"4000" example:"Yearly review of the periods"`
}

// readBody says what was read of a record whose draft is decided on.
type readBody struct {
	Version int `json:"version" minimum:"1" doc:"of the record, as it was read: a draft that has changed since is not decided on" example:"2"`
}

func (r *routes) rules() {
	const tag = "rulebook"
	read := func(ctx context.Context, c authz.Caller, _ done) (rulebook.Book, error) {
		return r.Rules.Rulebook(ctx, c)
	}
	handle(r, spec{
		tag: tag, id: "get-rulebook", method: http.MethodGet, path: "/rulebook", summary: "Read the policy data",
		about: "Thresholds, periods, lists and contacts: the edition in force, those that will come, and the draft. Each decision names the edition it was taken under.",
	}, func(ctx context.Context, c authz.Caller, _ *none) (rulebook.Book, error) {
		return r.Rules.Rulebook(ctx, c)
	})
	write(r, spec{tag: tag, id: "draft-rules", method: http.MethodPut, path: "/rulebook/draft", summary: "Draft the next edition of the policy data"},
		read, func(ctx context.Context, c authz.Caller, in *of[rulesBody]) (rulebook.Book, error) {
			return r.Rules.Draft(ctx, c, in.Body.Rules, in.Body.EffectiveFrom, in.Body.Reason)
		})
	write(r, spec{
		tag: tag, id: "approve-rules", method: http.MethodPost, path: "/rulebook/draft/approval", summary: "Put the draft in force from its moment",
		about: "By the DPO, and another person than the one who wrote it, in the version that they have read. Editions that were to come into force later than it are dropped.",
	}, read, func(ctx context.Context, c authz.Caller, in *of[readBody]) (rulebook.Book, error) {
		return r.Rules.Approve(ctx, c, in.Body.Version)
	})
	write(r, spec{
		tag: tag, id: "reject-rules", method: http.MethodPost, path: "/rulebook/draft/rejection", summary: "Drop the draft",
		about: "By the DPO, and another person than the one who wrote it, in the version that they have read.",
	}, read, func(ctx context.Context, c authz.Caller, in *of[readBody]) (rulebook.Book, error) {
		return r.Rules.Reject(ctx, c, in.Body.Version)
	})
}
