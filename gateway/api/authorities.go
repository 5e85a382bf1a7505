package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements/authorities"
	"safeconduct/authz"
)

type authorityBody struct {
	Mission   string                `json:"mission,omitempty" maxLength:"128" doc:"the mission that was asked; left out by headquarters, and by a partner"`
	Partner   string                `json:"partner,omitempty" maxLength:"128" doc:"the partner that was asked"`
	Authority authorities.Authority `json:"authority" enum:"police,court,immigration,prosecution,security,other" doc:"what sort of authority asks" example:"police"`
	Country   string                `json:"country" pattern:"^[A-Za-z]{2}$" doc:"of the authority, ISO 3166-1 alpha-2" example:"NE"`
	Reference string                `json:"reference" pattern:"^[A-Za-z0-9][A-Za-z0-9./_-]{0,63}$" doc:"number of the authority's letter or file, with a digit; no name of a person" example:"PJ-2026-0417"`
	Transfer  string                `json:"transfer,omitempty" pattern:"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" doc:"id of the transfer that was refused with RECIPIENT_AUTHORITY"`
	Asked     time.Time             `json:"asked" doc:"when the authority asked"`
}

type authorityDecisionBody struct {
	Outcome authorities.State `json:"outcome" enum:"answered,refused"`
	Ground  string            `json:"ground" minLength:"1" maxLength:"4000" doc:"in law; without names"`
	Letter  string            `json:"letter_digest" pattern:"^[0-9a-f]{64}$" doc:"SHA-256 of the letter to the authority"`
	Version int               `json:"version" minimum:"1" doc:"of the case, as it was read: one that has changed since, because the authority asked again, is not decided on" example:"2"`
}

type authorityClosureBody struct {
	Version int `json:"version" minimum:"1" doc:"of the case, as it was read: one that has changed since is not closed" example:"3"`
}

func (r *routes) authorities() {
	const tag, path = "authority-requests", "/authority-requests"
	again := changed(r.Authorities.Case)
	create(r, spec{
		tag: tag, id: "report-authority-request", path: path, summary: "Tell Legal that an authority asks for data",
		about: "Police, courts, immigration and the like. It opens a case of Legal; it is never a transfer. Disclose nothing meanwhile.",
	}, func(c authorities.Case) string { return c.ID },
		made(authorities.KindCase, r.Authorities.Case), func(ctx context.Context, c authz.Caller, in *of[authorityBody]) (authorities.Case, error) {
			b := in.Body
			return r.Authorities.Report(ctx, c, authorities.Case{
				Mission: b.Mission, Partner: b.Partner, Authority: b.Authority, Country: b.Country, Reference: b.Reference,
				Transfer: b.Transfer, Asked: b.Asked,
			})
		})
	handle(r, spec{tag: tag, id: "list-authority-requests", method: http.MethodGet, path: path, summary: "List the requests that you may see", about: "Newest first, page by page."},
		func(ctx context.Context, c authz.Caller, in *PageQuery) (page[authorities.Case], error) {
			return paged(r.Authorities.Cases(ctx, c, in.page()))
		})
	handle(r, spec{tag: tag, id: "get-authority-request", method: http.MethodGet, path: path + "/{id}", summary: "Read a request of an authority"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (authorities.Case, error) {
			return r.Authorities.Case(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "take-authority-request", method: http.MethodPost, path: path + "/{id}/assessment", summary: "Take a case", about: "By Legal, who owns it from then on.",
	}, again, func(ctx context.Context, c authz.Caller, in *RecordID) (authorities.Case, error) {
		return r.Authorities.Take(ctx, c, in.ID)
	})
	write(r, spec{
		tag: tag, id: "decide-authority-request", method: http.MethodPost, path: path + "/{id}/decision", summary: "Answer or refuse an authority",
		about: "By the owner of the case, in the version that they have read. It releases nothing by itself.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[authorityDecisionBody]) (authorities.Case, error) {
		return r.Authorities.Decide(ctx, c, in.ID, in.Body.Version, in.Body.Outcome, in.Body.Ground, in.Body.Letter)
	})
	write(r, spec{tag: tag, id: "close-authority-request", method: http.MethodPost, path: path + "/{id}/closure", summary: "Close a case that was answered or refused"},
		again, func(ctx context.Context, c authz.Caller, in *with[authorityClosureBody]) (authorities.Case, error) {
			return r.Authorities.Close(ctx, c, in.ID, in.Body.Version)
		})
}
