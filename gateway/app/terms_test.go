package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/clearance"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/app/apptest"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
)

// theRule is the world's retention rule, and theCategory its category.
func theRule(w *apptest.World) terms.RetentionRule {
	w.T.Helper()
	all, err := w.Terms.RetentionRules(w.Ctx, w.As(authz.OIG))
	w.Must(err)
	return all[0]
}

func theCategory(w *apptest.World) terms.Category {
	w.T.Helper()
	all, err := w.Terms.Categories(w.Ctx, w.As(authz.OIG))
	w.Must(err)
	return all[slices.IndexFunc(all, func(c terms.Category) bool { return c.Code == "identity" })]
}

// ruled has the world's rule amended from a moment on, and approved.
func ruled(w *apptest.World, v terms.RetentionValues, from time.Time) {
	w.T.Helper()
	r, err := w.Terms.AmendRetentionRule(w.Ctx, w.As(authz.LEG), theRule(w).ID, v, from, "less is enough")
	w.Must(err)
	_, err = w.Terms.ApproveRetentionRule(w.Ctx, w.As(authz.DPO), r.ID, r.Version)
	w.Must(err)
}

// committed wants the second person's approval of what waits to end in the codes.
func committed(w *apptest.World, id string, codes ...string) {
	w.T.Helper()
	_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), id, true, "")
	var r *transfer.RefusedError
	if !errors.As(err, &r) || !slices.Equal(r.Decision.Codes(), codes) {
		w.T.Errorf("want refusal %v, got %v", codes, err)
	}
}

// Decisions before and after an amendment follow what was in force at their
// moment, and are told again alike.
func TestAmendedRetention(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	w.Clock.Add(2 * 24 * time.Hour)
	pulled, waiting, other := w.Available([]byte("given_name\nx\n")), sent(w), sent(w)
	from := w.Clock.Now().Add(time.Hour)
	r, err := w.Terms.AmendRetentionRule(w.Ctx, w.As(authz.LEG), theRule(w).ID, terms.RetentionValues{Trigger: terms.Collection, Days: 1, Action: "delete"}, from, "less is enough")
	w.Must(err)
	w.Clock.Add(2 * time.Hour)
	t.Run("R37 what nobody has approved changes nothing, and comes never backwards", func(t *testing.T) {
		asked(w, w.Order())
		from = w.Clock.Now().Add(time.Hour)
		r, err = w.Terms.AmendRetentionRule(w.Ctx, w.As(authz.LEG), r.ID, terms.RetentionValues{Trigger: terms.Collection, Days: 1, Action: "delete"}, from, "less is enough")
		w.Must(err)
		r, err = w.Terms.ApproveRetentionRule(w.Ctx, w.As(authz.DPO), r.ID, r.Version)
		w.Must(err)
		if r.Days != 90 || len(r.Next) != 1 || !r.Next[0].EffectiveFrom.Equal(from) {
			t.Errorf("%+v", r)
		}
	})
	t.Run("R24 before its moment the former period holds", func(*testing.T) {
		asked(w, w.Order())
		pulls(w, pulled.ID)
		_, err := w.Transfers.Approve(w.Ctx, w.As(authz.HOM), other.ID, true, "")
		w.Must(err)
	})
	toldAgain(w)
	w.Clock.Add(time.Hour)
	t.Run("R24 RET_ELAPSED from its moment on", func(*testing.T) {
		asked(w, w.Order(), "RET_ELAPSED")
		committed(w, waiting.ID, "RET_ELAPSED")
		pullRefused(w, other.ID, "RET_ELAPSED")
	})
	t.Run("R48 the next review stays", func(t *testing.T) {
		if now := theRule(w); now.Days != 1 || !now.Review.Equal(r.Review) || now.Since == nil || now.Since.Reason != "less is enough" {
			t.Errorf("%+v", now)
		}
	})
	ruled(w, terms.RetentionValues{Trigger: "case closed", Days: 30, Action: "delete"}, time.Time{})
	t.Run("R24 in force at the approval where no moment is named", func(*testing.T) { asked(w, w.Order()) })
	ruled(w, terms.RetentionValues{Trigger: "case closed", Days: 30, Action: "delete", Withdrawn: true}, w.Clock.Now().Add(-time.Hour))
	t.Run("R24 RET_RULE_MISSING of one that is withdrawn", func(*testing.T) { asked(w, w.Order(), "RET_RULE_MISSING") })
	t.Run("R37 each decision is told again as it was", func(*testing.T) { toldAgain(w) })
	w.Verify()
}

func TestAmendedCategory(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	waiting, released := sent(w), w.Available([]byte("given_name\nx\n"))
	c := theCategory(w)
	v := terms.CategoryValues{Sensitivity: terms.Severe, Sensitive: true, ApprovalScope: "transfer"}
	c, err := w.Terms.AmendCategory(w.Ctx, w.As(authz.LEG), c.ID, v, nil, w.Clock.Now().Add(time.Hour), "the region changed")
	w.Must(err)
	wait(t, w, authz.DPO, "approve_term SEVERE")
	_, err = w.Terms.ApproveCategory(w.Ctx, w.As(authz.DPO), c.ID, c.Version)
	w.Must(err)
	wait(t, w, authz.DPO)
	asked(w, w.Order())
	w.Clock.Add(time.Hour)
	t.Run("DPO_REQUIRED RBA_STALE from its moment on", func(*testing.T) {
		asked(w, w.Order(), "RBA_STALE", "DPO_REQUIRED")
		committed(w, waiting.ID, "RBA_STALE", "DPO_REQUIRED")
		pullRefused(w, released.ID, "RBA_STALE", "DPO_REQUIRED")
	})
	t.Run("what waits for the officer is open to them", func(t *testing.T) {
		if p, err := w.Approvals.Queue(w.Ctx, w.As(authz.DPO), evidence.Page{}); err != nil || len(p.Items) == 0 {
			t.Errorf("%+v, %v", p, err)
		}
	})
	toldAgain(w)
	w.Verify()
}

func TestProposedTermsServeNothing(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	p, err := w.Terms.CreatePurpose(w.Ctx, w.As(authz.LEG), terms.Purpose{Code: "work", Text: "Work", LegalBasis: "consent"})
	w.Must(err)
	_, err = w.Terms.CreateCategory(w.Ctx, w.As(authz.LEG), terms.Category{Code: "skills", Fields: []string{"trade"}, Sensitivity: terms.Low})
	w.Must(err)
	wait(t, w, authz.DPO, "approve_term MODERATE", "approve_term LOW")
	_, err = w.People.GrantRole(w.Ctx, w.As(authz.LEG), people.Grant{Person: w.Persons[authz.RO], Role: authz.RO, Mission: w.Mission.ID, Purposes: []string{p.ID}})
	if !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), "only proposed; have the data protection officer approve it first") {
		t.Errorf("R23 a task under it: %v", err)
	}
	t.Run("AGR_PURPOSE RET_RULE_MISSING of a purpose", func(t *testing.T) {
		o := w.Order()
		o.Purpose = p.ID
		_, err := w.Transfers.Request(w.Ctx, w.As(authz.RO), o)
		var r *transfer.RefusedError
		if !errors.As(err, &r) || !slices.Contains(r.Decision.Codes(), "AGR_PURPOSE") || !slices.Contains(r.Decision.Codes(), "RET_RULE_MISSING") {
			t.Error(err)
		}
	})
	said := func(edit func(*consent.Statement)) error {
		s := w.Statement()
		edit(&s)
		_, err := w.Consents.Record(w.Ctx, w.As(authz.RO), s, []string{"CASE-3"})
		return err
	}
	clearing := func(purposes, categories []string) error {
		return failure(w.Clearances.Record(w.Ctx, w.As(authz.FP), clearance.Clearance{
			Originator: "Partner B", Mission: w.Mission.ID, Purposes: purposes, Categories: categories, Recipients: []string{w.Partner.ID},
			Evidence: strings.Repeat("0a", 32), ValidUntil: w.Clock.Now().AddDate(0, 1, 0),
		}))
	}
	wants(t, "R23 a consent to a purpose under which nobody has a task", said(func(s *consent.Statement) { s.Purposes = []string{p.ID} }), authz.ErrNoTask)
	for name, err := range map[string]error{
		"consent to a category": said(func(s *consent.Statement) { s.Categories = []string{"skills"} }),
		"a rule for a purpose":  failure(w.Terms.CreateRetentionRule(w.Ctx, w.As(authz.LEG), terms.RetentionRule{Purpose: p.ID, Category: "identity", Trigger: "x", Days: 1, Action: "delete", Review: w.Clock.Now()})),
		"a rule for a category": failure(w.Terms.CreateRetentionRule(w.Ctx, w.As(authz.LEG), terms.RetentionRule{Purpose: w.Purpose.ID, Category: "skills", Trigger: "x", Days: 1, Action: "delete", Review: w.Clock.Now()})),
		"an approval for a purpose": failure(w.Approvals.Decide(w.Ctx, w.As(authz.DPO), approvals.Decision{
			Scope: approvals.ForPathway, Granted: true, Mission: w.Mission.ID, Partner: w.Partner.ID, Pathway: "Clinic", Purposes: []string{p.ID}, Categories: []string{"identity"},
		})),
		"an approval for a category": failure(w.Approvals.Decide(w.Ctx, w.As(authz.DPO), approvals.Decision{
			Scope: approvals.ForPathway, Granted: true, Mission: w.Mission.ID, Partner: w.Partner.ID, Pathway: "Clinic", Purposes: []string{w.Purpose.ID}, Categories: []string{"skills"},
		})),
		"a clearance for a purpose":  clearing([]string{p.ID}, []string{"identity"}),
		"a clearance for a category": clearing([]string{w.Purpose.ID}, []string{"skills"}),
		"an agreement's purpose":     drafting(w, func(purposes, _ *[]string) { *purposes = []string{p.ID} }),
		"an agreement's category": drafting(w, func(_, categories *[]string) {
			*categories = []string{"skills"}
		}),
	} {
		if !errors.Is(err, people.ErrInvalid) || !strings.Contains(err.Error(), "is not in force: it is proposed; have the data protection officer approve it") {
			t.Errorf("R37 %s that nobody approved: %v", name, err)
		}
	}
	t.Run("RET_RULE_MISSING of a purpose that is withdrawn", func(t *testing.T) {
		released := w.Available([]byte("given_name\nx\n"))
		p, err := w.Terms.AmendPurpose(w.Ctx, w.As(authz.LEG), w.Purpose.ID, terms.PurposeValues{LegalBasis: "consent", Withdrawn: true}, "", time.Time{}, "no longer done")
		w.Must(err)
		_, err = w.Terms.ApprovePurpose(w.Ctx, w.As(authz.DPO), p.ID, p.Version)
		w.Must(err)
		asked(w, w.Order(), "RET_RULE_MISSING")
		if err := clearing([]string{w.Purpose.ID}, []string{"identity"}); !errors.Is(err, terms.ErrNotInForce) || !strings.Contains(err.Error(), "it is withdrawn since 20") {
			t.Errorf("R24 a clearance: %v", err)
		}
		pullRefused(w, released.ID, "RET_RULE_MISSING")
	})
	toldAgain(w)
	w.Verify()
}

// Nobody approves what they wrote, and who tries is in the log.
func TestTermsTakeTwo(t *testing.T) {
	w := apptest.Ready(t, apptest.Options{})
	both := w.Also(w.As(authz.DPO), authz.LEG)
	r := theRule(w)
	r, err := w.Terms.AmendRetentionRule(w.Ctx, both, r.ID, terms.RetentionValues{Trigger: "x", Days: 9999, Action: "delete"}, time.Time{}, "longer")
	w.Must(err)
	wait(t, w, authz.DPO)
	_, approved := w.Terms.ApproveRetentionRule(w.Ctx, both, r.ID, r.Version)
	wants(t, "R43 approved by its author", approved, lifecycle.ErrIllegal)
	_, rejected := w.Terms.RejectRetentionRule(w.Ctx, both, r.ID, r.Version)
	wants(t, "R43 rejected by its author", rejected, lifecycle.ErrIllegal)
	wants(t, "approved by Legal", failure(w.Terms.ApproveRetentionRule(w.Ctx, w.As(authz.LEG), r.ID, r.Version)), authz.ErrDenied)
	denials := 0
	for _, line := range lines(w, authz.OIG) {
		switch e := line.Entry; {
		case e.Action != authz.TermsApprove:
		case e.Kind == evidence.Denial:
			denials++
		case !strings.Contains(e.Policy, " rules:1:"):
			t.Errorf("R37 entry %d cites %q", line.Seq, e.Policy)
		}
	}
	if denials != 3 || theRule(w).Days != 90 {
		t.Errorf("R43 %d denials, %d days", denials, theRule(w).Days)
	}
	w.Verify()
}

func failure[T any](_ T, err error) error { return err }

// drafting drafts an agreement whose scope is edited.
func drafting(w *apptest.World, edit func(purposes, categories *[]string)) error {
	w.T.Helper()
	doc := w.Agreement().Document
	doc.Template = nil
	edit(&doc.Scope.Purposes, &doc.Scope.Categories)
	return failure(w.Agreements.Create(w.Ctx, w.As(authz.FP), doc))
}

// The officer's queue names what a retention rule is of.
func TestRulesWaitByPurposeAndCategory(t *testing.T) {
	w := apptest.New(t, apptest.Options{})
	r, err := w.Terms.AmendRetentionRule(w.Ctx, w.As(authz.LEG), theRule(w).ID, terms.RetentionValues{Trigger: "case closed", Days: 30, Action: "delete"}, time.Time{}, "less is enough")
	w.Must(err)
	p, err := w.Queues.Queue(w.Ctx, w.As(authz.DPO), "", 10)
	w.Must(err)
	if len(p.Items) != 1 || p.Items[0].What != "approve_term" || !slices.Equal(p.Items[0].Details, []string{w.Purpose.Code, r.Category}) {
		t.Errorf("R24 %+v", p.Items)
	}
}
