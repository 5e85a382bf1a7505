package api

import (
	"context"
	"net/http"

	"safeconduct/authz"
	"safeconduct/transfer/rights"
)

// holdBody is a hold as it is asked for, on one of three things.
type holdBody struct {
	Kind     rights.Kind `json:"kind" enum:"objection,erasure,rectification,legal_hold,review" doc:"legal_hold by Legal alone; review, of a transfer, by the focal point, Legal or the data protection officer" example:"objection"`
	Mission  string      `json:"mission,omitempty" maxLength:"128" doc:"whose case reference it is"`
	Case     string      `json:"case_reference,omitempty" maxLength:"200" doc:"case number of the person; or" example:"NE-2026-00417" personal:"true"`
	Subject  string      `json:"subject,omitempty" maxLength:"128" doc:"opaque id of the person, as refusals name it; or" personal:"true"`
	Transfer string      `json:"transfer,omitempty" maxLength:"128" doc:"id of the one transfer that a legal hold, or one for review, is on"`
	Reason   string      `json:"reason" pattern:"^[a-z][a-z0-9_]{1,63}$" doc:"a code, never free text" example:"spoken_objection"`
}

type liftBody struct {
	Reason string `json:"reason" pattern:"^[a-z][a-z0-9_]{1,63}$" doc:"a code, never free text" example:"request_completed"`
}

// holdsQuery narrows a list of what is open.
type holdsQuery struct {
	Mission string `query:"mission" maxLength:"128" doc:"needed but at headquarters, and where you have one mission"`
	PageQuery
}

func (r *routes) holds() {
	const tag = "holds"
	create(r, urgent(spec{
		tag: tag, id: "place-hold", path: "/holds", summary: "Stop the sharing of a person's data, or of one transfer",
		about: "At once: every decision about a transfer of that person waits for it and reads it. An objection, a request for " +
			"erasure or rectification by the mission; a legal hold by Legal; a transfer is held for review by the focal point, Legal or the data protection officer. Verify identity after: a hold is reversible.",
	}), func(h rights.Hold) string { return h.ID },
		made(rights.KindHold, r.Holds.Hold), func(ctx context.Context, c authz.Caller, in *of[holdBody]) (rights.Hold, error) {
			b := in.Body
			return r.Holds.Place(ctx, c, rights.Order{
				Kind: b.Kind, Mission: b.Mission, Case: b.Case, Subject: b.Subject, Transfer: b.Transfer, Reason: b.Reason,
			})
		})
	handle(r, spec{tag: tag, id: "list-holds", method: http.MethodGet, path: "/holds", summary: "List the open holds", about: "Oldest first, page by page."},
		func(ctx context.Context, c authz.Caller, in *holdsQuery) (page[rights.Hold], error) {
			return paged(r.Holds.OpenHolds(ctx, c, in.Mission, in.page()))
		})
	handle(r, spec{tag: tag, id: "get-hold", method: http.MethodGet, path: "/holds/{id}", summary: "Read a hold"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (rights.Hold, error) {
			return r.Holds.Hold(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "lift-hold", method: http.MethodPost, path: "/holds/{id}/lift", summary: "Lift a hold",
		about: "By the focal point, of a legal hold by Legal, of one for review by the focal point, Legal or the data protection officer; what headquarters holds for review, headquarters lifts, and its sender never lifts a transfer's; never by who placed it (separation of duties 11).",
	}, changed(r.Holds.Hold), func(ctx context.Context, c authz.Caller, in *with[liftBody]) (rights.Hold, error) {
		return r.Holds.Lift(ctx, c, in.ID, in.Body.Reason)
	})
}
