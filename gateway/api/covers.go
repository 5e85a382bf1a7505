package api

import (
	"context"
	"net/http"

	"safeconduct/authz"
	"safeconduct/gateway/edge"
	"safeconduct/transfer/cover"
)

// CoverOf is the input of an operation on the cover sheet of a transfer. It is exported for huma, which passes over what it cannot name.
type CoverOf struct {
	RecordID
	Language string `query:"language" enum:"en,fr,es" doc:"of the sheet; the agreement's own where it is left out" example:"fr"`
}

func (r *routes) covers() {
	const about = "What goes with the files: by which agreement, for what, within which limits of consent, until when they may be kept, how to know each file, " +
		"and that privileges and immunities are not waived (R33). No personal data. For the mission once every file has landed; for the recipient " +
		"when they may pull, by the same gate, which is in the log. To them a refusal is PULL_DENIED and no more. No pull session is used up by it."
	handle(r, spec{tag: "transfers", id: "get-cover", method: http.MethodGet, path: "/transfers/{id}/cover", summary: "Read the cover sheet of a transfer", about: about, guarded: true},
		func(ctx context.Context, c authz.Caller, in *CoverOf) (cover.Sheet, error) {
			return r.Transfers.Cover(ctx, c, in.ID, in.Language)
		})
	printed(r, spec{tag: "transfers", id: "print-cover", path: "/transfers/{id}/cover.pdf", summary: "Read the cover sheet of a transfer as a PDF", about: about, guarded: true}, "cover",
		func(ctx context.Context, in *CoverOf) ([]byte, string, error) {
			b, err := r.Transfers.CoverPDF(ctx, edge.Caller(ctx), in.ID, in.Language)
			return b, in.ID, err
		})
}
