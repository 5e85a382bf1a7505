package api

import (
	"context"
	"net/http"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
)

const (
	termsTag      = "terms"
	proposedAbout = "By Legal. It counts once the data protection officer has approved it."
	listAbout     = "As they are now. One that is proposed or withdrawn is among them, says so, and counts for nothing; draft is what waits for the data protection officer, and next what they approved that is not in force yet."
)

// amended is what can be done to a term that there is.
type amended[T, B any] struct {
	one, path string // what it is called in the ids of operations, and where its list is
	called    string // in a sentence
	stays     string // what no amendment changes
	list      func(context.Context, authz.Caller) ([]T, error)
	id        func(T) string
	amend     func(ctx context.Context, c authz.Caller, id string, b B) (T, error)
	approve   func(ctx context.Context, c authz.Caller, id string, read int) (T, error)
	reject    func(ctx context.Context, c authz.Caller, id string, read int) (T, error)
}

func (r *routes) amendments() {
	amends(r, amended[terms.Purpose, purposeAmendment]{
		"purpose", "/purposes", "a purpose", "Its code stays as it is, and once anything of it was approved its text too, since people consented to that text and parties signed it: another meaning is another purpose, under another code.", r.Terms.Purposes, func(p terms.Purpose) string { return p.ID },
		func(ctx context.Context, c authz.Caller, id string, b purposeAmendment) (terms.Purpose, error) {
			return r.Terms.AmendPurpose(ctx, c, id, b.Values, b.Text, b.EffectiveFrom, b.Reason)
		}, r.Terms.ApprovePurpose, r.Terms.RejectPurpose,
	})
	amends(r, amended[terms.Category, categoryAmendment]{
		"category", "/categories", "a category of data", "Its code stays as it is, and once anything of it was approved its fields too, since consents and agreements name those fields by that code: other fields are another category, under another code. Where it becomes more sensitive, what was assessed of it is stale from its moment on (RBA_STALE).", r.Terms.Categories, func(c terms.Category) string { return c.ID },
		func(ctx context.Context, c authz.Caller, id string, b categoryAmendment) (terms.Category, error) {
			return r.Terms.AmendCategory(ctx, c, id, b.Values, b.Fields, b.EffectiveFrom, b.Reason)
		}, r.Terms.ApproveCategory, r.Terms.RejectCategory,
	})
	amends(r, amended[terms.RetentionRule, retentionAmendment]{
		"retention-rule", "/retention-rules", "a retention rule", "Its purpose and its category stay as they are.", r.Terms.RetentionRules, func(x terms.RetentionRule) string { return x.ID },
		func(ctx context.Context, c authz.Caller, id string, b retentionAmendment) (terms.RetentionRule, error) {
			return r.Terms.AmendRetentionRule(ctx, c, id, b.Values, b.EffectiveFrom, b.Reason)
		}, r.Terms.ApproveRetentionRule, r.Terms.RejectRetentionRule,
	})
}

func amends[T, B any](r *routes, a amended[T, B]) {
	again := func(ctx context.Context, c authz.Caller, d done) (T, error) {
		all, err := a.list(ctx, c)
		return among(all, err, d.path[0], a.id)
	}
	write(r, spec{
		tag: termsTag, id: "amend-" + a.one, method: http.MethodPost, path: a.path + "/{id}/amendment", summary: "Draft new values of " + a.called,
		about: "By Legal, in place of what waits. They are in force once the data protection officer has approved them, from then or from their moment where that is later. " + a.stays,
	}, again, func(ctx context.Context, c authz.Caller, in *with[B]) (T, error) {
		return a.amend(ctx, c, in.ID, in.Body)
	})
	write(r, spec{
		tag: termsTag, id: "approve-" + a.one, method: http.MethodPost, path: a.path + "/{id}/approval", summary: "Approve what waits of " + a.called,
		about: "By the data protection officer, and another person than the one who wrote it, of what is new, or amended, in the version that they have read. What was approved to come later is dropped.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[readBody]) (T, error) {
		return a.approve(ctx, c, in.ID, in.Body.Version)
	})
	write(r, spec{
		tag: termsTag, id: "reject-" + a.one, method: http.MethodPost, path: a.path + "/{id}/rejection", summary: "Drop what waits of " + a.called,
		about: "By the data protection officer, and another person than the one who wrote it, in the version that they have read.",
	}, again, func(ctx context.Context, c authz.Caller, in *with[readBody]) (T, error) {
		return a.reject(ctx, c, in.ID, in.Body.Version)
	})
}
