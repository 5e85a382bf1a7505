package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements/incidents"
	"safeconduct/authz"
	"safeconduct/gateway/edge"
)

type incidentBody struct {
	Mission       string    `json:"mission,omitempty" maxLength:"128" doc:"whose focal point triages it; left out by headquarters, and by a partner"`
	Partner       string    `json:"partner" minLength:"1" maxLength:"128" doc:"at which it happened"`
	Source        string    `json:"source" minLength:"1" maxLength:"4000" doc:"of the threat; without names" example:"theft of a laptop"`
	Event         string    `json:"event" minLength:"1" maxLength:"4000" doc:"what happened; without names" example:"files were copied"`
	Vulnerability string    `json:"vulnerability,omitempty" maxLength:"4000" doc:"what made it possible"`
	Impact        string    `json:"impact,omitempty" maxLength:"4000" doc:"on the people concerned"`
	Discovered    time.Time `json:"discovered"`
	Notified      time.Time `json:"notified" doc:"when the organisation was told"`
	Transfers     []string  `json:"transfers,omitempty" nullable:"false" maxItems:"1000" doc:"ids of the transfers concerned"`
	About         []string  `json:"about,omitempty" nullable:"false" maxItems:"100" doc:"ids of the persons whose acts it is about, who do not close it"`
}

type triageBody struct {
	Severity incidents.Severity `json:"severity" enum:"low,moderate,serious"`
	Reason   string             `json:"reason" minLength:"1" maxLength:"4000"`
	About    []string           `json:"about,omitempty" nullable:"false" maxItems:"100" doc:"ids of more persons whose acts it is about, who neither judge nor close it from then on; those named before stay"`
}

type incidentClosureBody struct {
	Outcome incidents.Outcome `json:"outcome" enum:"treated,unfounded"`
	Lessons string            `json:"lessons" minLength:"1" maxLength:"8000"`
}

func (r *routes) incidents() {
	const tag = "incidents"
	again := changed(r.Incidents.Incident)
	create(r, spec{
		tag: tag, id: "report-incident", class: edge.Release, path: "/incidents", summary: "Report a data incident at a partner",
		about: "It counts as serious at once, and refuses every transfer to the partner, until it is triaged.",
	}, func(i incidents.Incident) string { return i.ID },
		made(incidents.KindIncident, r.Incidents.Incident), func(ctx context.Context, c authz.Caller, in *of[incidentBody]) (incidents.Incident, error) {
			b := in.Body
			return r.Incidents.Report(ctx, c, incidents.Incident{
				Mission: b.Mission, Partner: b.Partner, Source: b.Source, Event: b.Event, Vulnerability: b.Vulnerability, Impact: b.Impact,
				Discovered: b.Discovered, Notified: b.Notified, Transfers: full(b.Transfers), About: b.About,
			})
		})
	handle(r, spec{tag: tag, id: "list-incidents", method: http.MethodGet, path: "/incidents", summary: "List the incidents that you may see", about: "Newest first, page by page."},
		func(ctx context.Context, c authz.Caller, in *PageQuery) (page[incidents.Incident], error) {
			return paged(r.Incidents.Incidents(ctx, c, in.page()))
		})
	handle(r, spec{tag: tag, id: "get-incident", method: http.MethodGet, path: "/incidents/{id}", summary: "Read an incident"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (incidents.Incident, error) {
			return r.Incidents.Incident(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "triage-incident", method: http.MethodPost, path: "/incidents/{id}/triage", summary: "Say how serious an incident is",
		about: "By the focal point, or the data protection officer, and nobody whom it is about, whom they may name. What was assessed about the partner is stale from then on.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[triageBody]) (incidents.Incident, error) {
		return r.Incidents.Triage(ctx, c, in.ID, in.Body.Severity, in.Body.Reason, in.Body.About...)
	})
	write(r, spec{
		tag: tag, id: "close-incident", method: http.MethodPost, path: "/incidents/{id}/closure", summary: "Close an incident",
		about: "By the data protection officer, and nobody whom it is about.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[incidentClosureBody]) (incidents.Incident, error) {
		return r.Incidents.Close(ctx, c, in.ID, in.Body.Outcome, in.Body.Lessons)
	})
}
