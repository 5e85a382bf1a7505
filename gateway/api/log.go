package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer"
)

// logQuery narrows the log. What is left out does not.
type logQuery struct {
	From    time.Time        `query:"from" doc:"from this instant on"`
	To      time.Time        `query:"to" doc:"before this instant"`
	Kind    evidence.Kind    `query:"kind" enum:"decision,change,denial,release,delivery,abort,receipt,access"`
	Verdict evidence.Verdict `query:"verdict" enum:"allowed,refused"`
	Code    string           `query:"code" maxLength:"64" doc:"a code, such as CONSENT_WITHDRAWN"`
	Mission string           `query:"mission" maxLength:"128"`
	Partner string           `query:"partner" maxLength:"128"`
	Actor   string           `query:"actor" maxLength:"128" doc:"id of a person"`
	Object  string           `query:"object" maxLength:"128" doc:"id of what was acted upon"`
	After   int64            `query:"after" default:"-1" minimum:"-1" doc:"go on after this sequence number"`
	Limit   int              `query:"limit" default:"100" minimum:"1" maximum:"500"`
}

// SeqInput is the input of an operation on one entry of the log. It is exported for huma, which passes over what it cannot name.
type SeqInput struct {
	Seq int64 `path:"seq" minimum:"0" doc:"sequence number of the entry" example:"0"`
}

// logView is one page of the log.
type logView struct {
	Items []transfer.LogLine `json:"items" nullable:"false"`
	Next  *int64             `json:"next_after,omitempty" doc:"after for the next page; left out at the end of the log. A page may be short before it"`
}

func (r *routes) log() {
	const tag = "log"
	handle(r, spec{
		tag: tag, id: "list-log-entries", method: http.MethodGet, path: "/log/entries", summary: "Read the evidence log",
		about: "Entries in order, as far as you may see them: all at headquarters, your mission's as its head or focal point, else your own. Entries hold references, never names.",
	}, func(ctx context.Context, c authz.Caller, in *logQuery) (logView, error) {
		lines, next, err := r.Log.Entries(ctx, c, transfer.LogFilter{
			From: in.From, To: in.To, Kind: in.Kind, Verdict: in.Verdict, Code: in.Code, Mission: in.Mission, Partner: in.Partner,
			Actor: in.Actor, Object: in.Object, After: in.After, AtMost: in.Limit,
		})
		v := logView{Items: full(lines)}
		if next >= 0 {
			v.Next = &next
		}
		return v, err
	})
	handle(r, spec{
		tag: tag, id: "replay-decision", method: http.MethodGet, path: "/log/{seq}/replay", summary: "Decide again what an entry decided",
		about: "Puts the facts together again from the versions of the records that were read then, asks the gate, and says whether the same verdict comes out, or what differs.",
	}, func(ctx context.Context, c authz.Caller, in *SeqInput) (transfer.Replay, error) {
		return r.Log.Replay(ctx, c, in.Seq)
	})
	bytesOf(r, spec{
		tag: tag, id: "get-checkpoint", method: http.MethodGet, path: "/log/checkpoint", summary: "Read the newest signed checkpoint",
		about: "A C2SP signed note, to be kept elsewhere: with it a later cut or rollback of the log is found.",
	}, "text/plain; charset=utf-8", func(ctx context.Context, c authz.Caller, _ *none) ([]byte, error) {
		return r.Log.Checkpoint(ctx, c)
	})
}
