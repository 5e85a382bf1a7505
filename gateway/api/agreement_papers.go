package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"safeconduct/gateway/edge"
)

// PaperOf is the input of an operation on an agreement as a paper. It is exported for huma, which passes over what it cannot name.
type PaperOf struct {
	RecordID
	Language string `query:"language" enum:"en,fr,es" doc:"of the paper; the agreement's own where it is left out" example:"fr"`
}

// paperBody is a PDF, byte for byte.
type paperBody struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Disposition string `header:"Content-Disposition" hidden:"true"`
	Digest      string `header:"Repr-Digest" doc:"SHA-256 of the bytes (RFC 9530)"`
	Tag         string `header:"ETag" doc:"the same for the same bytes"`
	Body        []byte
}

const pdfType = "application/pdf"

func (r *routes) agreementPapers() {
	const about = "With its parties, scope, clauses, deviations, signatures, state and digest, and the non-waiver of privileges and immunities on every page. " +
		"A draft says that it is one. Clauses of the parties' own stand in the language in which they are agreed. The same data gives the same bytes. What is signed is the document, by its digest."
	r.paper(spec{tag: "agreements", id: "print-agreement", path: "/agreements/{id}/document.pdf", summary: "Read the agreement as a PDF", about: about}, false)
	r.paper(spec{
		tag: "agreements", id: "print-amendment", path: "/agreements/{id}/amendment/document.pdf",
		summary: "Read the amendment that is on its way as a PDF", about: about,
	}, true)
}

func (r *routes) paper(s spec, amendment bool) {
	printed(r, s, "agreement", func(ctx context.Context, in *PaperOf) ([]byte, string, error) {
		b, err := r.Agreements.Paper(ctx, edge.Caller(ctx), in.ID, in.Language, amendment)
		return b, in.ID, err
	})
}

// printed mounts an operation that answers with a PDF, under the name of what it is and its id.
func printed[I any](r *routes, s spec, name string, set func(context.Context, *I) (b []byte, id string, err error)) {
	s.method = http.MethodGet
	op := r.operation(s)
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{pdfType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	huma.Register(r.api, op, func(ctx context.Context, in *I) (*paperBody, error) {
		if _, err := pathOf(in); err != nil {
			return nil, edge.Huma(err, ctx)
		}
		b, id, err := set(ctx, in)
		if err != nil {
			return nil, edge.Huma(err, ctx)
		}
		sum := sha256.Sum256(b)
		digest := hex.EncodeToString(sum[:])
		return &paperBody{
			ContentType: pdfType, Disposition: `attachment; filename="` + name + "-" + id + `.pdf"`,
			Digest: reprDigest(digest), Tag: entityTag(digest), Body: b,
		}, nil
	})
}
