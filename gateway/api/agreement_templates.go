package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements/templates"
	"safeconduct/authz"
)

// templateBody is the next version of an agreement template.
type templateBody struct {
	Name          string                          `json:"name" minLength:"1" maxLength:"60" doc:"of the template; a known one gets its next version" example:"standard"`
	EffectiveFrom time.Time                       `json:"effective_from" doc:"from when documents are made from it; not before its approval" example:"2026-07-01T00:00:00Z"`
	Reason        string                          `json:"reason" minLength:"1" maxLength:"4000" doc:"why it is written" example:"Shorter notice of incidents"`
	Clauses       []templates.Clause              `json:"clauses" nullable:"false" maxItems:"25" doc:"C01 to C25, each with title and text in en, fr and es"`
	Safeguards    map[string]templates.Safeguards `json:"safeguards" doc:"of Annex II, in en, fr and es"`
	Annexes       []templates.Annex               `json:"annexes,omitempty" nullable:"false" maxItems:"2" doc:"the texts of Annexes III and IV, of which C08 and C16 speak"`
}

func (r *routes) agreementTemplates() {
	const tag = "agreement templates"
	create(r, spec{
		tag: tag, id: "write-agreement-template", path: "/agreement-templates", summary: "Write the next version of an agreement template", large: true,
		about: "By Legal. Nothing is made from it before the data protection officer has approved it.",
	}, func(t templates.Template) string { return t.ID },
		made(templates.KindTemplate, r.Templates.Template), func(ctx context.Context, c authz.Caller, in *of[templateBody]) (templates.Template, error) {
			b := in.Body
			return r.Templates.Write(ctx, c, b.Name, templates.Content{Clauses: b.Clauses, Safeguards: b.Safeguards, Annexes: b.Annexes}, b.EffectiveFrom, b.Reason)
		})
	handle(r, spec{
		tag: tag, id: "list-agreement-templates", method: http.MethodGet, path: "/agreement-templates", summary: "List agreement templates",
		about: "Every version, the one that ships with the program first.",
	}, func(ctx context.Context, c authz.Caller, _ *none) (list[templates.Template], error) {
		return listed(r.Templates.Templates(ctx, c))
	})
	handle(r, spec{tag: tag, id: "get-agreement-template", method: http.MethodGet, path: "/agreement-templates/{id}", summary: "Read a version of an agreement template"},
		func(ctx context.Context, c authz.Caller, in *RecordID) (templates.Template, error) {
			return r.Templates.Template(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "approve-agreement-template", method: http.MethodPost, path: "/agreement-templates/{id}/approval", summary: "Approve a version of an agreement template",
		about: "By the data protection officer, and not by who wrote it.",
	}, changed(r.Templates.Template), func(ctx context.Context, c authz.Caller, in *RecordID) (templates.Template, error) {
		return r.Templates.Approve(ctx, c, in.ID)
	})
}
