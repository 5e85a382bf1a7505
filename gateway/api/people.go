package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/edge"
)

type personBody struct {
	Name    string `json:"name" minLength:"1" maxLength:"200" example:"Aïcha Example" personal:"true"`
	Title   string `json:"title,omitempty" maxLength:"200" example:"Protection officer" personal:"true"`
	Email   string `json:"email,omitempty" maxLength:"254" example:"a.example@example.org" personal:"true"`
	Mission string `json:"mission,omitempty" maxLength:"128" doc:"the mission that the person works for; or"`
	Partner string `json:"partner,omitempty" maxLength:"128" doc:"the partner; neither for headquarters"`
}

type roleBody struct {
	Role    authz.Role `json:"role" enum:"RO,HOM,FP,LEG,DPO,PSG,PDL,OIG" doc:"the role, as domain.md section 4 names it" example:"RO"`
	Mission string     `json:"mission,omitempty" maxLength:"128" doc:"for RO, HOM and FP"`
	Partner string     `json:"partner,omitempty" maxLength:"128" doc:"for PSG and PDL"`
	// Purposes are the tasks (R23).
	Purposes []string   `json:"purposes,omitempty" maxItems:"50" doc:"ids of the purposes under which the person has a task, 1 to 50, for RO and FP only: they read, record and send for these and for no other (R23)"`
	Until    *time.Time `json:"until,omitempty" doc:"when it ends by itself, exclusive; absent: it lasts"`
	// Small is Legal's note on a partner that has too few people for two (separation of duties 10).
	Small *people.SmallPartner `json:"small_partner,omitempty" doc:"Legal's note that lets one person of a partner of few staff, three where the rulebook does not say otherwise, sign and download"`
}

// GrantID is the input of an operation on one grant.
type GrantID struct {
	RecordID
	Grant string `path:"grant" doc:"id of the grant"`
}

func (p *GrantID) ids() []string { return []string{p.ID, p.Grant} }

// profileView is a person with grants, keys and what unlocks roles, never null.
type profileView struct {
	people.Person
	Grants       []people.Grant          `json:"grants" nullable:"false"`
	Keys         []people.Key            `json:"keys" nullable:"false"`
	Trainings    []people.TrainingRecord `json:"trainings" nullable:"false"`
	Undertakings []people.Undertaking    `json:"undertakings" nullable:"false"`
}

// peopleQuery narrows a list of people.
type peopleQuery struct {
	Mission string `query:"mission" maxLength:"128" doc:"for which they work"`
	Partner string `query:"partner" maxLength:"128"`
	PageQuery
}

func (r *routes) people() {
	const tag = "people"
	create(r, spec{tag: tag, id: "create-person", path: "/people", summary: "Register a person"},
		func(p people.Person) string { return p.ID },
		made(people.KindPerson, r.person), func(ctx context.Context, c authz.Caller, in *of[personBody]) (people.Person, error) {
			b := in.Body
			return r.People.CreatePerson(ctx, c, people.Person{Name: b.Name, Title: b.Title, Email: b.Email, Mission: b.Mission, Partner: b.Partner})
		})
	handle(r, spec{
		tag: tag, id: "list-people", method: http.MethodGet, path: "/people", summary: "List the people whom you may read",
		about: "Newest first, page by page: those who work for your mission, and you; everybody for Legal and the auditor. Roles, keys, training and undertakings are in get-person.",
	}, func(ctx context.Context, c authz.Caller, in *peopleQuery) (page[people.Person], error) {
		return paged(r.People.People(ctx, c, people.Filter{Mission: in.Mission, Partner: in.Partner}, in.page()))
	})
	handle(r, spec{tag: tag, id: "get-person", method: http.MethodGet, path: "/people/{id}", summary: "Read a person, with roles, keys, training and undertakings"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (profileView, error) {
			p, err := r.People.Person(ctx, c, in.ID)
			return profileView{p.Person, full(p.Grants), full(p.Keys), full(p.Trainings), full(p.Undertakings)}, err
		})
	write(r, spec{
		tag: tag, id: "grant-role", method: http.MethodPost, path: "/people/{id}/roles", status: http.StatusCreated, summary: "Grant a role",
		about: "From now on. Nobody grants their own access. A referral officer and a focal point come to people's data by a task only (R23): " +
			"purposes names under which. For another task grant the role once more, with its purpose; what is granted before stays.",
	}, r.grantAgain, func(ctx context.Context, c authz.Caller, in *with[roleBody]) (people.Grant, error) {
		b := in.Body
		return r.People.GrantRole(ctx, c, people.Grant{Person: in.ID, Role: b.Role, Mission: b.Mission, Partner: b.Partner, Purposes: b.Purposes, Until: b.Until, Small: b.Small})
	})
	write(r, spec{
		tag: tag, id: "end-role", class: edge.Release, method: http.MethodDelete, path: "/people/{id}/roles/{grant}", summary: "End a grant of a role",
		about: "From now on. The grant stays on record, with its end.",
	}, r.grantAgain, func(ctx context.Context, c authz.Caller, in *GrantID) (people.Grant, error) {
		return r.People.EndGrant(ctx, c, in.Grant)
	})
}

func (r *routes) person(ctx context.Context, c authz.Caller, id string) (people.Person, error) {
	p, err := r.People.Person(ctx, c, id)
	return p.Person, err
}

func (r *routes) grantAgain(ctx context.Context, c authz.Caller, d done) (people.Grant, error) {
	return made(people.KindGrant, func(ctx context.Context, c authz.Caller, id string) (people.Grant, error) {
		p, err := r.People.Person(ctx, c, d.path[0])
		return among(p.Grants, err, id, func(g people.Grant) string { return g.ID })
	})(ctx, c, d)
}

// full is the list, empty rather than null.
func full[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
