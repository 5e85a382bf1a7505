package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"safeconduct/gateway/edge"
	"safeconduct/transfer"
)

// exportQuery says which part of the log. What is left out does not narrow it.
type exportQuery struct {
	From    time.Time `query:"from" doc:"from this instant on"`
	To      time.Time `query:"to" doc:"before this instant"`
	Mission string    `query:"mission" maxLength:"128" doc:"id of a mission"`
}

const jsonLines = "application/x-ndjson"

func (r *routes) logExport() {
	op := r.operation(spec{
		tag: "log", id: "export-log", method: http.MethodGet, path: "/log/export", summary: "Export the evidence log",
		about: "By Legal, the data protection officer and the auditor. JSON Lines: the first says what it is, who asked and when, and that no privilege or " +
			"immunity is waived; then an entry a line, with its place, its leaf hash and the proof that it lies under the checkpoint; the last but one has that " +
			"checkpoint and how many entries there are, were not asked for, and were erased; the last carries the entry of the log that has the digest of all other lines, with its proof, or says that " +
			"the log did not prove in time how the export ended: an export without it was cut. That it was exported, and which range, is in the log before the first byte, and how it ended afterwards: as complete where all lines but the last had left, and the connection still stood.",
	})
	op.Responses["200"] = &huma.Response{Description: "The export", Content: map[string]*huma.MediaType{jsonLines: {Schema: &huma.Schema{}}}}
	huma.Register(r.api, op, func(ctx context.Context, in *exportQuery) (*huma.StreamResponse, error) {
		out, err := r.Log.Export(ctx, edge.Caller(ctx), transfer.Excerpt{From: in.From, To: in.To, Mission: in.Mission})
		if err != nil {
			return nil, edge.Huma(err, ctx)
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			hctx.SetStatus(http.StatusOK)
			hctx.SetHeader("Content-Type", jsonLines)
			hctx.SetHeader("Content-Disposition", `attachment; filename="log-`+out.ID()+`.jsonl"`)
			hctx.SetHeader("Cache-Control", "no-store")
			hctx.SetHeader("X-Content-Type-Options", "nosniff")
			if err := out.Send(ctx, hctx.BodyWriter()); err != nil {
				edge.WriteProblem(humagin.Unwrap(hctx), err) // breaks the connection where a byte was written
			}
		}}, nil
	})
}
