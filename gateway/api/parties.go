package api

import (
	"context"
	"net/http"

	"safeconduct/agreements/parties"
	"safeconduct/authz"
)

type partyBody struct {
	Name          string       `json:"name" minLength:"1" maxLength:"300" doc:"legal name" example:"Example Relief"`
	Kind          parties.Kind `json:"kind" enum:"un_io,ngo,government,company,academic" example:"ngo"`
	Country       string       `json:"country" pattern:"^[A-Za-z]{2}$" doc:"ISO 3166-1 alpha-2" example:"NE"`
	Immunities    bool         `json:"immunities,omitempty" doc:"whether it enjoys privileges and immunities"`
	AuthorityLink bool         `json:"authority_link,omitempty" doc:"whether it reports to a police, court or immigration authority"`
	GDPR          string       `json:"gdpr_status,omitempty" maxLength:"200"`
	Mission       string       `json:"mission,omitempty" maxLength:"128" doc:"the mission whose partner it is, and whose head vets it; your own where left out"`
}

type vettingBody struct {
	Passed bool   `json:"passed"`
	Note   string `json:"note,omitempty" maxLength:"4000" doc:"what the due diligence rests on"`
}

func (r *routes) parties() {
	const tag = "parties"
	create(r, spec{tag: tag, id: "create-party", path: "/parties", summary: "Register a partner"},
		func(p parties.Party) string { return p.ID },
		made(parties.KindParty, r.Parties.Party), func(ctx context.Context, c authz.Caller, in *of[partyBody]) (parties.Party, error) {
			b := in.Body
			return r.Parties.Create(ctx, c, parties.Party{
				Name: b.Name, Kind: b.Kind, Country: b.Country, Immunities: b.Immunities, AuthorityLink: b.AuthorityLink, GDPR: b.GDPR, Mission: b.Mission,
			})
		})
	handle(r, spec{tag: tag, id: "list-parties", method: http.MethodGet, path: "/parties", summary: "List the partners that you may see"},
		func(ctx context.Context, c authz.Caller, _ *none) (list[parties.Party], error) {
			return listed(r.Parties.Parties(ctx, c))
		})
	handle(r, spec{tag: tag, id: "get-party", method: http.MethodGet, path: "/parties/{id}", summary: "Read a partner"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (parties.Party, error) {
			return r.Parties.Party(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "vet-party", method: http.MethodPost, path: "/parties/{id}/vetting", summary: "Record the result of due diligence",
		about: "By another person than the one who registered the partner. One that fails is blocked.",
	}, changed(r.Parties.Party), func(ctx context.Context, c authz.Caller, in *with[vettingBody]) (parties.Party, error) {
		return r.Parties.Vet(ctx, c, in.ID, in.Body.Passed, in.Body.Note)
	})
}
