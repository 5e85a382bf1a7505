package api

import (
	"context"
	"net/http"
	"time"

	"safeconduct/authz"
	"safeconduct/transfer/retention"
)

type certificateBody struct {
	Method        string    `json:"method" minLength:"1" maxLength:"2000" doc:"how the data were destroyed" example:"overwritten"`
	Medium        string    `json:"medium" minLength:"1" maxLength:"2000" doc:"what they lay on" example:"server disk"`
	Date          time.Time `json:"date" doc:"when they were destroyed"`
	Copies        int       `json:"copies" minimum:"0" doc:"how many copies were destroyed, the first included" example:"1"`
	Backups       string    `json:"backups" minLength:"1" maxLength:"2000" doc:"what became of copies in backups" example:"none were made"`
	SubRecipients []string  `json:"sub_recipients,omitempty" nullable:"false" maxItems:"500" doc:"organisations that had copies, and destroyed them"`
	Witness       string    `json:"witness" minLength:"1" maxLength:"300" doc:"the post of who saw it, not a name" example:"head of administration"`
	Exceptions    string    `json:"exceptions,omitempty" maxLength:"4000" doc:"what was not destroyed, and why"`
}

type certificateDecisionBody struct {
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty" maxLength:"4000" doc:"needed where it is returned, and where it makes exceptions"`
}

// DutyQuery is the input of the list of duties.
type DutyQuery struct {
	Open bool `query:"open" doc:"only those without an accepted certificate"`
	PageQuery
}

func (r *routes) destructions() {
	const tag = "destructions"
	again := changed(r.Destruction.Duty)
	handle(r, spec{
		tag: tag, id: "list-destructions", method: http.MethodGet, path: "/destructions", summary: "List the duties to destroy that you may see",
		about: "Those that are due first come first, page by page.",
	}, func(ctx context.Context, c authz.Caller, in *DutyQuery) (page[retention.Duty], error) {
		return paged(r.Destruction.Duties(ctx, c, in.Open, in.page()))
	})
	handle(r, spec{tag: tag, id: "get-destruction", method: http.MethodGet, path: "/destructions/{id}", summary: "Read the duty to destroy what was pulled of a transfer", about: "Its id is the transfer's."},
		func(ctx context.Context, c authz.Caller, in *RecordID) (retention.Duty, error) {
			return r.Destruction.Duty(ctx, c, in.ID)
		})
	write(r, spec{
		tag: tag, id: "certify-destruction", method: http.MethodPost, path: "/destructions/{id}/certificate", summary: "Certify that what was pulled is destroyed",
		about: "By the partner's signatory, by the due date. Overdue, it refuses every new transfer to the partner.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[certificateBody]) (retention.Duty, error) {
		b := in.Body
		return r.Destruction.Certify(ctx, c, in.ID, retention.Certificate{
			Method: b.Method, Medium: b.Medium, Date: b.Date, Copies: b.Copies, Backups: b.Backups, SubRecipients: b.SubRecipients,
			Witness: b.Witness, Exceptions: b.Exceptions,
		})
	})
	write(r, spec{
		tag: tag, id: "decide-destruction", method: http.MethodPost, path: "/destructions/{id}/decision", summary: "Accept a certificate, or return it",
		about: "By the mission's focal point, and not by who certified.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[certificateDecisionBody]) (retention.Duty, error) {
		return r.Destruction.Decide(ctx, c, in.ID, in.Body.Accepted, in.Body.Reason)
	})
}
