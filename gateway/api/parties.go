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
	GDPR          string       `json:"gdpr_status,omitempty" maxLength:"200" doc:"the partner's own position under the GDPR, as a fact; no submission of the organisation to it is implied (R39)"`
	Mechanism     string       `json:"transfer_mechanism,omitempty" maxLength:"200" doc:"by which data may go to its country (R39)"`
	Class         string       `json:"recipient_class,omitempty" enum:"service_provider,other_participants,public,media,certification_authority,un_io,government_authority" doc:"where it is of one recipient class only (R21)"`
	Mission       string       `json:"mission,omitempty" maxLength:"128" doc:"the mission whose partner it is, and whose head vets it; your own where left out"`
}

// amendmentBody is what changes; what is left out stays.
type amendmentBody struct {
	Name          *string `json:"name,omitempty" minLength:"1" maxLength:"300" doc:"legal name"`
	Country       *string `json:"country,omitempty" pattern:"^[A-Za-z]{2}$" doc:"ISO 3166-1 alpha-2; another one outdates the assessments"`
	Class         *string `json:"recipient_class,omitempty" enum:"service_provider,other_participants,public,media,certification_authority,un_io,government_authority"`
	GDPR          *string `json:"gdpr_status,omitempty" maxLength:"200" doc:"the partner's own position under the GDPR, as a fact; no submission of the organisation to it is implied (R39)" example:"adequacy decision"`
	Mechanism     *string `json:"transfer_mechanism,omitempty" maxLength:"200" doc:"by which data may go to its country (R39)"`
	Immunities    *bool   `json:"immunities,omitempty"`
	AuthorityLink *bool   `json:"authority_link,omitempty"`
	Reason        string  `json:"reason" minLength:"1" maxLength:"4000"`
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
				Mechanism: b.Mechanism, Class: b.Class,
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
		about: "By another person than those who registered and amended the partner. One that fails is blocked. It lapses after the time that the rules say, and is repeated.",
	}, changed(r.Parties.Party), func(ctx context.Context, c authz.Caller, in *with[vettingBody]) (parties.Party, error) {
		return r.Parties.Vet(ctx, c, in.ID, in.Body.Passed, in.Body.Note)
	})
	r.partyActs()
}

// partyActs mounts what changes a partner. Each answers with the partner as it is then.
func (r *routes) partyActs() {
	again := changed(r.Parties.Party)
	post := func(id, act, summary, about string) spec {
		return spec{tag: "parties", id: id, method: http.MethodPost, path: "/parties/{id}/" + act, summary: summary, about: about}
	}
	write(r, post("amend-party", "amendment", "Write other data of a partner", "What the due diligence was about ends the vetting where it changes: name, country, class, immunities, links to authorities."),
		again, func(ctx context.Context, c authz.Caller, in *with[amendmentBody]) (parties.Party, error) {
			b := in.Body
			return r.Parties.Amend(ctx, c, in.ID, parties.Amendment{
				Name: b.Name, Country: b.Country, Class: b.Class, GDPR: b.GDPR, Mechanism: b.Mechanism,
				Immunities: b.Immunities, AuthorityLink: b.AuthorityLink, Reason: b.Reason,
			})
		})
	write(r, urgent(post("suspend-party", "suspension", "Suspend a partner at once", "By Legal or the data protection officer. Nothing is sent to it, nor pulled by it, until another person lifts it.")),
		again, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (parties.Party, error) {
			return r.Parties.Suspend(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, post("lift-party-suspension", "suspension/lift", "Lift the suspension of a partner", "By another person than who suspended it."),
		again, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (parties.Party, error) {
			return r.Parties.Lift(ctx, c, in.ID, in.Body.Reason)
		})
	write(r, urgent(post("block-party", "block", "Block a partner", "By Legal or the data protection officer. Only a new vetting by another person of Legal unblocks it.")),
		again, func(ctx context.Context, c authz.Caller, in *with[reasonBody]) (parties.Party, error) {
			return r.Parties.Block(ctx, c, in.ID, in.Body.Reason)
		})
}
