package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/app/apptest"
	"safeconduct/gateway/store"
	"safeconduct/transfer"
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

// The people are in the mission's country, whatever countries the author listed: here those of the partner alone.
func TestAlertInTheMissionsCountry(t *testing.T) {
	here, there, a := sharingWith(t, "EC")
	here.Enforce(a) // with the assessment of the mission that signs
	x := there.Assess(a)
	if slices.Contains(x.Countries, "EC") {
		t.Fatalf("it lists %v", x.Countries)
	}
	before, err := here.Assessments.Assessments(here.Ctx, here.As(authz.RO), assessment.Filter{}, evidence.Page{})
	here.Must(err)
	approve(here, here, a)
	approve(here, there, a)
	order, own := there.Order(), here.Order()
	order.Categories, own.Categories = there.Categories, here.Categories
	released, ours := release(there, asked(there, order)), release(here, asked(here, own))
	waits := asked(there, order)
	_, err = there.Transfers.Receive(there.Ctx, there.As(authz.RO), waits.ID, 1, "", strings.NewReader("given_name\nx\n"))
	there.Must(err)
	submitted := there.Submitted(a)

	alert, err := here.Assessments.RaiseAlert(here.Ctx, here.As(authz.DPO), "EC", "fighting")
	here.Must(err)
	stale := func(t *testing.T, record int) {
		t.Helper()
		asked(there, order, "RBA_STALE")
		got, err := there.Assessments.Assessment(there.Ctx, there.As(authz.RO), x.ID)
		there.Must(err)
		listed, err := there.Assessments.Assessments(there.Ctx, there.As(authz.RO), assessment.Filter{State: assessment.Stale}, evidence.Page{})
		there.Must(err)
		if got.State != assessment.Stale || got.StaleReason != assessment.ConflictAlert || got.StaleCause != alert.ID || got.Record != record || len(listed.Items) != 1 {
			t.Errorf("%s %s, record %d, %d listed", got.State, got.StaleReason, got.Record, len(listed.Items))
		}
	}
	t.Run("RBA_STALE at request, before any job", func(t *testing.T) { stale(t, x.Record) })
	t.Run("RBA_STALE at commit", func(t *testing.T) {
		_, err := there.Transfers.Approve(there.Ctx, there.As(authz.HOM), waits.ID, true, "")
		var refused *transfer.RefusedError
		if !errors.As(err, &refused) || !slices.Equal(refused.Decision.Codes(), []string{"RBA_STALE"}) {
			t.Errorf("%v", err)
		}
	})
	t.Run("RBA_STALE at pull", func(t *testing.T) {
		if _, err := there.Transfers.Pull(there.Ctx, there.As(authz.PDL), released.ID, 1, 0); !errors.Is(err, transfer.ErrNotAvailable) {
			t.Errorf("%v", err)
		}
	})
	t.Run("R40 not approved on what was known before", func(t *testing.T) {
		if _, err := there.Assessments.Decide(there.Ctx, there.As(authz.HOM), submitted.ID, assessment.DecisionApproved, ""); !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("%v", err)
		}
	})
	t.Run("RBA_STALE marked by the job, and after the alert is lifted", func(t *testing.T) {
		for i, want := range []int{1, 0} {
			if n, err := here.Assessments.SettleDue(here.Ctx); err != nil || n != want {
				t.Errorf("run %d marks %d, %v", i, n, err)
			}
		}
		stale(t, x.Record+1)
		_, err := here.Assessments.LiftAlert(here.Ctx, here.As(authz.DPO), alert.ID, "over")
		here.Must(err)
		stale(t, x.Record+1)
	})
	t.Run("R40 another mission's assessment stays as it is", func(t *testing.T) {
		after, err := here.Assessments.Assessments(here.Ctx, here.As(authz.RO), assessment.Filter{}, evidence.Page{})
		here.Must(err)
		if len(after.Items) != 1 || len(before.Items) != 1 || after.Items[0].State != assessment.Approved || after.Items[0].Record != before.Items[0].Record {
			t.Errorf("%+v", after.Items)
		}
		asked(here, own)
		if _, err := here.Transfers.Pull(here.Ctx, here.As(authz.PDL), ours.ID, 1, 0); err != nil {
			t.Error(err)
		}
	})
	t.Run("R40 assessed anew", func(t *testing.T) {
		there.Assess(a)
		asked(there, order)
	})
	toldAgain(here)
	here.Verify()
}
