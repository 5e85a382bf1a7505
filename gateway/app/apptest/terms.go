package apptest

import (
	"safeconduct/agreements/terms"
	"safeconduct/authz"
)

// AddPurpose has Legal propose a purpose and the data protection officer approve it.
func (w *World) AddPurpose(p terms.Purpose) terms.Purpose {
	w.T.Helper()
	p, err := w.Terms.CreatePurpose(w.Ctx, w.As(authz.LEG), p)
	w.Must(err)
	p, err = w.Terms.ApprovePurpose(w.Ctx, w.As(authz.DPO), p.ID, p.Version)
	w.Must(err)
	return p
}

// AddCategory has Legal propose a category and the data protection officer approve it.
func (w *World) AddCategory(c terms.Category) terms.Category {
	w.T.Helper()
	c, err := w.Terms.CreateCategory(w.Ctx, w.As(authz.LEG), c)
	w.Must(err)
	c, err = w.Terms.ApproveCategory(w.Ctx, w.As(authz.DPO), c.ID, c.Version)
	w.Must(err)
	return c
}

// AddRetention has Legal propose a rule of 90 days after the close of a case for the category, and of the world's purpose,
// and the data protection officer approve it.
func (w *World) AddRetention(category string) terms.RetentionRule {
	w.T.Helper()
	r, err := w.Terms.CreateRetentionRule(w.Ctx, w.As(authz.LEG), terms.RetentionRule{
		Purpose: w.Purpose.ID, Category: category, Trigger: "case closed", Days: 90, Action: "delete", Review: w.Clock.Now().AddDate(1, 0, 0),
	})
	w.Must(err)
	r, err = w.Terms.ApproveRetentionRule(w.Ctx, w.As(authz.DPO), r.ID, r.Version)
	w.Must(err)
	return r
}
