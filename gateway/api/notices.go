package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
)

type noticeBody struct {
	Purpose   string                      `json:"purpose" minLength:"1" maxLength:"128" doc:"id of the purpose"`
	Number    string                      `json:"notice_version" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$" doc:"what a consent names; each once for a purpose" example:"1"`
	Texts     map[string]terms.NoticeText `json:"texts" nullable:"false" doc:"by language (BCP 47); en, es and fr are needed (R14)"`
	Effective time.Time                   `json:"effective_from" doc:"from when it was, or is, given" example:"2026-01-01T00:00:00Z"`
}

type purposeQuery struct {
	Purpose string `query:"purpose" maxLength:"128" doc:"id of a purpose; all where it is left out"`
}

func (r *routes) notices() {
	const tag = "terms"
	write(r, spec{
		tag: tag, id: "write-notice", method: http.MethodPost, path: "/notices", status: http.StatusCreated, summary: "Write a notice",
		about: "By Legal. It counts when the data protection officer has approved it; without the clause on privileges and immunities it is not accepted (R33).",
	}, made(terms.KindNotice, r.Terms.Notice), func(ctx context.Context, c authz.Caller, in *of[noticeBody]) (terms.Notice, error) {
		b := in.Body
		return r.Terms.WriteNotice(ctx, c, terms.Notice{Purpose: b.Purpose, Number: b.Number, Texts: b.Texts, EffectiveFrom: b.Effective})
	})
	handle(r, spec{tag: tag, id: "list-notices", method: http.MethodGet, path: "/notices", summary: "List the notices"},
		func(ctx context.Context, c authz.Caller, in *purposeQuery) (list[terms.Notice], error) {
			return listed(r.Terms.Notices(ctx, c, in.Purpose))
		})
	write(r, spec{
		tag: tag, id: "approve-notice", method: http.MethodPost, path: "/notices/{id}/approval", summary: "Approve a notice",
		about: "By the data protection officer; never by its author.",
	}, changed(r.Terms.Notice), func(ctx context.Context, c authz.Caller, in *RecordID) (terms.Notice, error) {
		return r.Terms.ApproveNotice(ctx, c, in.ID)
	})
}
