package api

import (
	"context"
	"net/http"

	"safeconduct/authz"
	"safeconduct/transfer/queue"
)

// queueQuery is one page of a queue.
type queueQuery struct {
	After string `query:"after" maxLength:"200" doc:"go on after this place: the next_after of the page before"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"500"`
}

// queueView is one page of the caller's queue.
type queueView struct {
	Items    []queue.Item     `json:"items" nullable:"false"`
	Next     string           `json:"next_after,omitempty" doc:"after for the next page; left out at the end"`
	Unlisted []queue.Unlisted `json:"unlisted,omitempty" doc:"to Legal: transfers of the bands that Legal does not see singly, by mission (R36)"`
	Cut      bool             `json:"cut,omitempty" doc:"more waits than one reading takes; what is done makes room"`
}

func (r *routes) queue() {
	handle(r, spec{
		tag: "queue", id: "get-queue", method: http.MethodGet, path: "/queue", summary: "Read what waits for you",
		about: "What you may act upon under your roles, and nothing else: SEVERE before HIGH, MODERATE and LOW, and the oldest first within each. " +
			"No transfer of LOW or MODERATE risk waits for Legal (R36).",
	}, func(ctx context.Context, c authz.Caller, in *queueQuery) (queueView, error) {
		p, err := r.Queues.Queue(ctx, c, in.After, in.Limit)
		return queueView{Items: full(p.Items), Next: p.Next, Unlisted: p.Unlisted, Cut: p.Cut}, err
	})
}
