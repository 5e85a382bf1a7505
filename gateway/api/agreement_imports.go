package api

import (
	"context"
	"net/http"

	"safeconduct/agreements"
	"safeconduct/agreements/imports"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// importBody is a list of agreements that were signed on paper.
type importBody struct {
	Check bool          `json:"check,omitempty" doc:"only say what is wrong; make nothing" example:"false"`
	Rows  []imports.Row `json:"rows" nullable:"false" minItems:"1" maxItems:"500" doc:"one paper agreement each"`
}

func (r *routes) agreementImports() {
	write(r, spec{
		tag: "agreements", id: "import-agreements", method: http.MethodPost, path: "/agreement-imports", summary: "Import agreements that were signed on paper", large: true,
		about: "All rows or none: what is wrong with any is told by row and column. Send the scan of each after; it counts when Legal has attested it, and an " +
			"assessment of it is approved. A paper that was imported before is answered with its agreement.",
	}, r.importAgain, func(ctx context.Context, c authz.Caller, in *of[importBody]) (list[agreements.Imported], error) {
		return listed(r.Agreements.Import(ctx, c, in.Body.Rows, in.Body.Check))
	})
}

// importAgain answers with the agreements that were made, in their order.
func (r *routes) importAgain(ctx context.Context, c authz.Caller, d done) (list[agreements.Imported], error) {
	var all []agreements.Imported
	for _, id := range d.ids(agreements.KindAgreement) {
		a, err := r.Agreements.Agreement(ctx, c, id)
		if err != nil {
			return list[agreements.Imported]{}, err
		}
		if a.Document.Paper == nil {
			return list[agreements.Imported]{}, evidence.ErrNotFound
		}
		all = append(all, agreements.Imported{Agreement: a.ID, SHA256: a.Document.Paper.SHA256})
	}
	return listed(all, nil)
}
