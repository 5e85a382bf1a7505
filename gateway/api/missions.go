package api

import (
	"context"
	"net/http"

	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/gateway/duty"
)

type missionBody struct {
	Name    string `json:"name" minLength:"1" maxLength:"200" example:"IOM Niger"`
	Country string `json:"country" pattern:"^[A-Za-z]{2}$" doc:"ISO 3166-1 alpha-2" example:"NE"`
	Contact string `json:"contact" minLength:"1" maxLength:"300" doc:"whom a refusal names first: a post, not a person (R56)" example:"dp-niger@example.org"`
}

type contactBody struct {
	Contact string `json:"contact" minLength:"1" maxLength:"300" doc:"whom a refusal names first: a post, not a person (R56)" example:"dp-niger@example.org"`
}

func (r *routes) missions() {
	const tag = "missions"
	create(r, spec{tag: tag, id: "create-mission", path: "/missions", summary: "Register a mission", duty: duty.Keeper},
		func(m people.Mission) string { return m.ID },
		made(people.KindMission, r.People.Mission), func(ctx context.Context, c authz.Caller, in *of[missionBody]) (people.Mission, error) {
			return r.People.CreateMission(ctx, c, people.Mission{Name: in.Body.Name, Country: in.Body.Country, Contact: in.Body.Contact})
		})
	handle(r, spec{tag: tag, id: "list-missions", method: http.MethodGet, path: "/missions", summary: "List the missions that you may see"},
		func(ctx context.Context, c authz.Caller, _ *none) (list[people.Mission], error) {
			return listed(r.People.Missions(ctx, c))
		})
	handle(r, spec{tag: tag, id: "get-mission", method: http.MethodGet, path: "/missions/{id}", summary: "Read a mission"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (people.Mission, error) {
			return r.People.Mission(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "change-mission-contact", method: http.MethodPut, path: "/missions/{id}/contact", summary: "Name another contact of a mission",
		about: "Its refusals name it from then on (R56). By the mission's focal point, its head, and Legal.",
	}, changed(r.People.Mission), func(ctx context.Context, c authz.Caller, in *with[contactBody]) (people.Mission, error) {
		return r.People.ChangeContact(ctx, c, in.ID, in.Body.Contact)
	})
}
