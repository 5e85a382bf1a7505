package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements/clearance"
	"safeconduct/authz"
	"safeconduct/gateway/edge"
)

type clearanceBody struct {
	Mission    string    `json:"mission" minLength:"1" maxLength:"128" doc:"the mission that holds the data"`
	Originator string    `json:"originator" minLength:"1" maxLength:"300" doc:"the organisation that collected the data" example:"Example Agency"`
	Purposes   []string  `json:"purposes" nullable:"false" minItems:"1" maxItems:"300" doc:"ids of purposes"`
	Categories []string  `json:"categories" nullable:"false" minItems:"1" maxItems:"300" doc:"codes of categories"`
	Recipients []string  `json:"recipients" nullable:"false" minItems:"1" maxItems:"300" doc:"ids of the partners to whom the data may go on"`
	Evidence   string    `json:"evidence_digest" pattern:"^[0-9a-f]{64}$" doc:"SHA-256 of what the originator wrote"`
	ValidUntil time.Time `json:"valid_until" doc:"exclusive instant" example:"2027-02-01T00:00:00Z"`
}

func (r *routes) clearances() {
	const tag = "clearances"
	create(r, spec{
		tag: tag, id: "record-clearance", path: "/clearances", summary: "Record what the originator of data agreed to",
		about: "For data that another organisation collected: to whom they may go on, and what for.",
	}, func(c clearance.Clearance) string { return c.ID },
		made(clearance.KindClearance, r.Clearances.Clearance), func(ctx context.Context, c authz.Caller, in *of[clearanceBody]) (clearance.Clearance, error) {
			b := in.Body
			return r.Clearances.Record(ctx, c, clearance.Clearance{
				Mission: b.Mission, Originator: b.Originator, Purposes: b.Purposes, Categories: b.Categories, Recipients: b.Recipients,
				Evidence: b.Evidence, ValidUntil: b.ValidUntil,
			})
		})
	handle(r, spec{tag: tag, id: "list-clearances", method: http.MethodGet, path: "/clearances", summary: "List the clearances that you may see", about: "Newest first, page by page."},
		func(ctx context.Context, c authz.Caller, in *PageQuery) (page[clearance.Clearance], error) {
			return paged(r.Clearances.Clearances(ctx, c, in.page()))
		})
	handle(r, spec{tag: tag, id: "get-clearance", method: http.MethodGet, path: "/clearances/{id}", summary: "Read a clearance"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (clearance.Clearance, error) {
			return r.Clearances.Clearance(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "withdraw-clearance", class: edge.Release, method: http.MethodPost, path: "/clearances/{id}/withdrawal", summary: "End a clearance at once",
	}, changed(r.Clearances.Clearance), func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (clearance.Clearance, error) {
		return r.Clearances.Withdraw(ctx, c, in.ID, in.Body.Reason)
	})
}
