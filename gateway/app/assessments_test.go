package app_test

import (
	"errors"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
)

// inForce is a world with an agreement in force, assessed V1, and consent.
func inForce(t *testing.T) (*apptest.World, agreements.Agreement, assessment.Assessment) {
	t.Helper()
	w := apptest.New(t, apptest.Options{})
	a := w.Agreement()
	a, err := w.Agreements.SendToReview(w.Ctx, w.As(authz.FP), a.ID)
	w.Must(err)
	a, err = w.Agreements.Decide(w.Ctx, w.As(authz.LEG), a.ID, "approved", "")
	w.Must(err)
	a = w.Sign(w.Sign(a, authz.HOM), authz.PSG)
	x := w.Assess(a)
	a, err = w.Agreements.Activate(w.Ctx, w.As(authz.LEG), a.ID)
	w.Must(err)
	w.Consent("CASE-1", "CASE-2")
	return w, a, x
}

// causing is a transaction of whoever causes staleness.
type causing interface {
	evidence.Recorder
	assessment.CauseSaver
}

func caused(w *apptest.World, c assessment.Cause) {
	w.T.Helper()
	_, err := store.For[causing](w.Store).Update(w.Ctx, func(tx causing) error {
		if err := tx.SaveStaleCause(w.Ctx, c); err != nil {
			return err
		}
		return tx.Record(w.Ctx, w.Office.Entry(authz.System(""), authz.SYS, evidence.Change, "test.cause", authz.Resource{}))
	})
	w.Must(err)
}

func TestStalenessFiresByItself(t *testing.T) {
	for name, cause := range map[assessment.Trigger]func(w *apptest.World, a agreements.Agreement){
		assessment.PartnerIncident: func(w *apptest.World, _ agreements.Agreement) {
			caused(w, assessment.Incident(w.Office.NewID(), "p", w.Partner.ID, "i", w.Office.Time()))
		},
		assessment.BroaderAmendment: func(w *apptest.World, a agreements.Agreement) {
			caused(w, assessment.Amended(w.Office.NewID(), "p", assessment.BroaderAmendment, a.ID, a.Document.Version+1, w.Office.Time()))
		},
		assessment.NewCategory: func(w *apptest.World, a agreements.Agreement) {
			caused(w, assessment.Amended(w.Office.NewID(), "p", assessment.NewCategory, a.ID, a.Document.Version+1, w.Office.Time()))
		},
		assessment.NewCountry: func(w *apptest.World, _ agreements.Agreement) {
			caused(w, assessment.Moved(w.Office.NewID(), "p", w.Partner.ID, "PE", w.Office.Time()))
		},
		assessment.ConflictAlert: func(w *apptest.World, _ agreements.Agreement) {
			_, err := w.Assessments.RaiseAlert(w.Ctx, w.As(authz.DPO), "CO", "fighting")
			w.Must(err)
		},
		assessment.TemplateWithdrawn: func(w *apptest.World, _ agreements.Agreement) {
			e, err := w.Assessments.Template(w.Ctx)
			w.Must(err)
			_, err = w.Assessments.WithdrawTemplate(w.Ctx, w.As(authz.LEG), e.ID, "a wrong scale")
			w.Must(err)
		},
	} {
		t.Run("RBA_STALE "+string(name), func(t *testing.T) {
			w, a, x := inForce(t)
			cause(w, a)
			w.Refused("RBA_STALE") // at once, before any job
			read, err := w.Assessments.Assessment(w.Ctx, w.As(authz.RO), x.ID)
			w.Must(err)
			if read.State != assessment.Stale || read.StaleReason != name || read.Record != x.Record {
				t.Errorf("%s %s, record %d", read.State, read.StaleReason, read.Record)
			}
			for i, want := range []int{1, 0} {
				if n, err := w.Assessments.SettleDue(w.Ctx); err != nil || n != want {
					t.Errorf("run %d marks %d, %v", i, n, err)
				}
			}
			read, err = w.Assessments.Assessment(w.Ctx, w.As(authz.RO), x.ID)
			w.Must(err)
			if read.State != assessment.Stale || read.StaleReason != name || read.Record != x.Record+1 {
				t.Errorf("marked: %s %s, record %d", read.State, read.StaleReason, read.Record)
			}
			w.Refused("RBA_STALE")
			w.Verify()
		})
	}
}

func TestWhatWasSubmittedBeforeIsAssessedAnew(t *testing.T) {
	w, _, x := inForce(t)
	again, err := w.Assessments.Create(w.Ctx, w.As(authz.RO), "", x.Content)
	w.Must(err)
	again, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), again.ID)
	w.Must(err)
	_, err = w.Assessments.RaiseAlert(w.Ctx, w.As(authz.LEG), "CO", "fighting")
	w.Must(err)
	if _, err := w.Assessments.Decide(w.Ctx, w.As(authz.HOM), again.ID, assessment.DecisionApproved, ""); !errors.Is(err, lifecycle.ErrIllegal) {
		t.Fatalf("R40 approved on what was known before: %v", err)
	}
	_, err = w.Assessments.Decide(w.Ctx, w.As(authz.HOM), again.ID, assessment.DecisionReturned, "there is an alert")
	w.Must(err)
	again, err = w.Assessments.Revise(w.Ctx, w.As(authz.RO), again.ID, x.Content)
	w.Must(err)
	again, err = w.Assessments.Submit(w.Ctx, w.As(authz.RO), again.ID)
	w.Must(err)
	for _, role := range again.PendingApprovals() {
		again, err = w.Assessments.Decide(w.Ctx, w.As(role), again.ID, assessment.DecisionApproved, "")
		w.Must(err)
	}
	if again.State != assessment.Approved {
		t.Fatalf("%s", again.State)
	}
	_, err = w.Transfers.Request(w.Ctx, w.As(authz.RO), w.Order())
	w.Must(err)
	t.Run("RBA_EXPIRED by itself", func(t *testing.T) {
		w.Clock.Add(again.ValidUntil.Sub(w.Clock.Now()))
		if n, err := w.Assessments.ExpireDue(w.Ctx); err != nil || n == 0 {
			t.Errorf("%d, %v", n, err)
		}
		read, err := w.Assessments.Assessment(w.Ctx, w.As(authz.OIG), again.ID)
		if err != nil || read.State != assessment.Expired {
			t.Errorf("%s, %v", read.State, err)
		}
		w.Verify()
	})
}
