package app_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
)

// revalued has the world's category amended from a moment on, and approved.
func revalued(w *apptest.World, v terms.CategoryValues, from time.Time) {
	w.T.Helper()
	v.ApprovalScope = "agreement"
	c, err := w.Terms.AmendCategory(w.Ctx, w.As(authz.LEG), theCategory(w).ID, v, nil, from, "the region changed")
	w.Must(err)
	_, err = w.Terms.ApproveCategory(w.Ctx, w.As(authz.DPO), c.ID, c.Version)
	w.Must(err)
}

// marks has the clock write as many stale assessments.
func marks(w *apptest.World, want int) {
	w.T.Helper()
	if n, err := w.Assessments.SettleDue(w.Ctx); err != nil || n != want {
		w.T.Fatalf("the clock marks %d, %v; want %d", n, err, want)
	}
}

func reads(w *apptest.World, id string, state assessment.State, reason assessment.Trigger) {
	w.T.Helper()
	x, err := w.Assessments.Assessment(w.Ctx, w.As(authz.RO), id)
	w.Must(err)
	if x.State != state || x.StaleReason != reason {
		w.T.Errorf("the assessment is %s %s, want %s %s", x.State, x.StaleReason, state, reason)
	}
}

// What was assessed of a category is stale from the moment on from which it is more sensitive.
func TestRaisedCategory(t *testing.T) {
	w, x := ready(t)
	revalued(w, terms.CategoryValues{Sensitivity: terms.Moderate}, time.Time{})
	from := w.Clock.Now().Add(time.Hour)
	revalued(w, terms.CategoryValues{Sensitivity: terms.High}, from)
	late := w.Available([]byte("y")) // released when the raise was approved already
	changes(w, 0)
	marks(w, 0)
	t.Run("R40 not before its moment", func(t *testing.T) {
		w.Clock.Add(time.Hour - time.Minute)
		changes(w, 0)
		marks(w, 0)
		reads(w, x.Assessment, assessment.Approved, "")
		asked(w, w.Order())
	})
	w.Clock.Add(from.Sub(w.Clock.Now()))
	t.Run("R40 what waits is held by the clock", func(t *testing.T) {
		changes(w, 2)
		for _, id := range []string{x.ID, late.ID} {
			if got := look(w, id); got.State != transfer.Held || !slices.Equal(got.Decision.Codes(), []string{"RBA_STALE"}) || got.HeldSince.Sub(from).Abs() > time.Minute {
				t.Errorf("%s %v since %v", got.State, got.Decision.Codes(), got.HeldSince)
			}
		}
	})
	t.Run("R40 RBA_STALE with a state and an entry of its own", func(t *testing.T) {
		asked(w, w.Order(), "RBA_STALE")
		reads(w, x.Assessment, assessment.Stale, assessment.CategoryRaised) // at once, before the job
		marks(w, 1)
		marks(w, 0)
		reads(w, x.Assessment, assessment.Stale, assessment.CategoryRaised)
		if !slices.ContainsFunc(lines(w, authz.OIG), func(l transfer.LogLine) bool {
			e := l.Entry
			return e.Action == "assessment.stale" && e.Result == "stale category_raised" && e.Objects[0].ID == x.Assessment
		}) {
			t.Error("the log does not say so")
		}
		asked(w, w.Order(), "RBA_STALE")
	})
	t.Run("R40 assessed anew it passes", func(t *testing.T) {
		w.Assess(agreementOf(w, x))
		asked(w, w.Order())
		changes(w, 2)
		pulls(w, x.ID)
	})
	toldAgain(w)
	w.Verify()
}

// What waits rests on an assessment that is stale once any of its categories is raised, though none of it is sent.
func TestARaiseOfWhatIsNotSent(t *testing.T) {
	w, x := ready(t)
	w.AddCategory(terms.Category{Code: "aside", Fields: []string{"f_aside"}, Sensitivity: terms.Low})
	c := w.Content(agreementOf(w, x))
	c.Categories = append(c.Categories, "aside")
	w.Approved(c)
	all, err := w.Terms.Categories(w.Ctx, w.As(authz.LEG))
	w.Must(err)
	k := all[slices.IndexFunc(all, func(k terms.Category) bool { return k.Code == "aside" })]
	from := w.Clock.Now().Add(time.Hour)
	k, err = w.Terms.AmendCategory(w.Ctx, w.As(authz.LEG), k.ID, terms.CategoryValues{Sensitivity: terms.High, ApprovalScope: "agreement"}, nil, from, "the region changed")
	w.Must(err)
	_, err = w.Terms.ApproveCategory(w.Ctx, w.As(authz.DPO), k.ID, k.Version)
	w.Must(err)
	changes(w, 0)
	w.Clock.Add(from.Sub(w.Clock.Now()))
	t.Run("R40 RBA_STALE what waits is held by the clock", func(t *testing.T) {
		changes(w, 1)
		if got := look(w, x.ID); got.State != transfer.Held || !slices.Equal(got.Decision.Codes(), []string{"RBA_STALE"}) {
			t.Errorf("%s %v", got.State, got.Decision.Codes())
		}
	})
	w.Verify()
}

func agreementOf(w *apptest.World, x transfer.Transfer) agreements.Agreement {
	w.T.Helper()
	a, err := w.Agreements.Agreement(w.Ctx, w.As(authz.LEG), x.Agreement)
	w.Must(err)
	return a
}

func TestWhatRaisesACategory(t *testing.T) {
	for name, tc := range map[string]struct {
		v     terms.CategoryValues
		stale bool
	}{
		"R40 RBA_STALE a higher level":                 {terms.CategoryValues{Sensitivity: terms.Severe, Sensitive: true}, true},
		"R40 RBA_STALE the mark of a sensitive one":    {terms.CategoryValues{Sensitivity: terms.High, Sensitive: true}, true},
		"R40 RBA_STALE the mark, though it is lowered": {terms.CategoryValues{Sensitivity: terms.Low, Sensitive: true}, true},
		"R40 not a lower level":                        {terms.CategoryValues{Sensitivity: terms.Low}, false},
		"R40 not the same again":                       {terms.CategoryValues{Sensitivity: terms.High}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, x := ready(t)
			revalued(w, tc.v, time.Time{})
			state, reason, n := assessment.Approved, assessment.Trigger(""), 0
			if tc.stale {
				state, reason, n = assessment.Stale, assessment.CategoryRaised, 1
			}
			reads(w, x.Assessment, state, reason)
			marks(w, n)
			changes(w, n)
			w.Verify()
		})
	}
}

// An amendment that comes before one that was approved takes its place, and what it would have raised.
func TestARaiseThatNeverComes(t *testing.T) {
	w, x := ready(t)
	revalued(w, terms.CategoryValues{Sensitivity: terms.Severe, Sensitive: true}, w.Clock.Now().Add(3*time.Hour))
	revalued(w, terms.CategoryValues{Sensitivity: terms.Low}, w.Clock.Now().Add(time.Hour))
	w.Clock.Add(4 * time.Hour)
	t.Run("R40 makes nothing stale", func(*testing.T) {
		changes(w, 0)
		marks(w, 0)
		reads(w, x.Assessment, assessment.Approved, "")
		asked(w, w.Order())
	})
	t.Run("R40 RBA_STALE by what is above the level that came in between", func(*testing.T) {
		revalued(w, terms.CategoryValues{Sensitivity: terms.High}, time.Time{})
		asked(w, w.Order(), "RBA_STALE")
		changes(w, 1)
		marks(w, 1)
		reads(w, x.Assessment, assessment.Stale, assessment.CategoryRaised)
	})
	w.Verify()
}

// What was submitted of the former level is not approved once the category is raised.
func TestSubmittedBeforeTheRaise(t *testing.T) {
	w, x := ready(t)
	again := w.Submitted(agreementOf(w, x))
	w.Clock.Add(time.Minute)
	revalued(w, terms.CategoryValues{Sensitivity: terms.Severe, Sensitive: true}, time.Time{})
	_, err := w.Assessments.Decide(w.Ctx, w.As(again.PendingApprovals()[0]), again.ID, assessment.DecisionApproved, "")
	if !errors.Is(err, lifecycle.ErrIllegal) {
		t.Errorf("R40 approved on what was known before: %v", err)
	}
	w.Verify()
}
