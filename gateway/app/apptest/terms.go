package apptest

import (
	"context"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// AddPurpose has Legal propose a purpose and the data protection officer approve it.
func (w *World) AddPurpose(p terms.Purpose) terms.Purpose {
	w.T.Helper()
	p, err := w.Terms.CreatePurpose(w.Ctx, w.As(authz.LEG), p)
	return approved(w, w.Terms.ApprovePurpose, p, err)
}

// AddCategory has Legal propose a category and the data protection officer approve it.
func (w *World) AddCategory(c terms.Category) terms.Category {
	w.T.Helper()
	c, err := w.Terms.CreateCategory(w.Ctx, w.As(authz.LEG), c)
	return approved(w, w.Terms.ApproveCategory, c, err)
}

// AddRetention has Legal propose a rule of 90 days after the close of a case for the category, and of the world's purpose,
// and the data protection officer approve it.
func (w *World) AddRetention(category string) terms.RetentionRule {
	w.T.Helper()
	r, err := w.Terms.CreateRetentionRule(w.Ctx, w.As(authz.LEG), terms.RetentionRule{
		Purpose: w.Purpose.ID, Category: category, Trigger: "case closed", Days: 90, Action: "delete", Review: w.Clock.Now().AddDate(1, 0, 0),
	})
	return approved(w, w.Terms.ApproveRetentionRule, r, err)
}

// approved is what was proposed, once the data protection officer has approved it.
func approved[T interface{ Ref() evidence.Ref }](w *World, approve func(context.Context, authz.Caller, string, int) (T, error), proposed T, err error) T {
	w.T.Helper()
	w.Must(err)
	read := proposed.Ref()
	v, err := approve(w.Ctx, w.As(authz.DPO), read.ID, read.Version)
	w.Must(err)
	return v
}
