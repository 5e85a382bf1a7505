package storetest

import (
	"fmt"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
)

func inForce(id, agreement string, change func(*assessment.Assessment)) assessment.Assessment {
	a := assessment.Assessment{
		ID: id, Record: 1, State: assessment.Approved, TemplateVersion: 1, SubmittedAt: Epoch(), ValidUntil: Epoch().Add(time.Hour),
		Content: assessment.Content{Agreement: agreement, AgreementVersion: 1, Countries: []string{"CO", "NE"}},
	}
	if change != nil {
		change(&a)
	}
	return a
}

// testAssessments lists what the clock and the gate look for.
func testAssessments(t *testing.T, b *bench) {
	later := Epoch().Add(time.Microsecond)
	saveEach(t, b, agreementKind(), agreement("g-1", "m", "x"), agreement("g-2", "m", "y"))
	saveEach(
		t, b, assessmentKind(),
		inForce("f-1", "g-1", nil),
		inForce("f-2", "g-1", func(a *assessment.Assessment) { a.State = assessment.Stale }),
		inForce("f-3", "g-1", func(a *assessment.Assessment) { a.SubmittedAt = later }),
		inForce("f-4", "g-2", func(a *assessment.Assessment) { a.Countries, a.TemplateVersion = []string{"KE"}, 2 }),
		inForce("f-5", "g-2", func(a *assessment.Assessment) { a.ValidUntil = Epoch() }),
		inForce("f-6", "g-2", func(a *assessment.Assessment) { a.State, a.ValidUntil = assessment.Draft, time.Time{} }),
	)
	hit := func(tx Tx, what string, c assessment.Cause, want ...string) {
		t.Helper()
		got, err := tx.AssessmentsHit(t.Context(), c, 10)
		lists(t, what, assessmentKind(), got, err, want...)
	}
	b.view(t, func(tx Tx) error {
		got, err := tx.AssessmentsDue(t.Context(), Epoch(), 10)
		lists(t, "due", assessmentKind(), got, err, "f-5")
		got, err = tx.AssessmentsDue(t.Context(), Epoch().Add(-time.Microsecond), 10)
		lists(t, "not due", assessmentKind(), got, err)
		hit(tx, "incident", assessment.Incident("c", "p", "x", "i", Epoch()), "f-1")
		hit(tx, "moved", assessment.Moved("c", "p", "y", "CO", Epoch()), "f-4")
		hit(tx, "amended", assessment.Amended("c", "p", assessment.NewCategory, "g-2", 2, Epoch()), "f-4", "f-5")
		hit(tx, "alert", assessment.Cause{Trigger: assessment.ConflictAlert, Country: "NE", At: Epoch()}, "f-1", "f-5")
		hit(tx, "part of a code", assessment.Cause{Trigger: assessment.ConflictAlert, Country: "N", At: Epoch()})
		hit(tx, "template", assessment.Cause{Trigger: assessment.TemplateWithdrawn, Template: 2}, "f-4")
		return nil
	})
	causes := make([]assessment.Cause, 4)
	for i := range causes {
		causes[i] = assessment.Incident(fmt.Sprintf("c-%d", i+1), "p", []string{"x", "x", "y", "x"}[i], "i", Epoch().Add(time.Duration(i%3)*time.Hour))
	}
	causes[2].Trigger = assessment.ConflictAlert
	saveEach(t, b, causeKind(), causes...)
	settled := causes[0]
	settled.Version, settled.Settled = 2, true
	saveEach(t, b, causeKind(), settled)
	b.view(t, func(tx Tx) error {
		got, err := tx.StaleCauses(t.Context(), []string{"partner:x", "partner:y", "partner:z"})
		lists(t, "the newest of each", causeKind(), got, err, "c-2", "c-3")
		got, err = tx.StaleCauses(t.Context(), nil)
		lists(t, "of nothing", causeKind(), got, err)
		got, err = tx.UnsettledCauses(t.Context(), 2)
		lists(t, "unsettled", causeKind(), got, err, "c-2", "c-3")
		got, err = tx.ConflictAlerts(t.Context(), 10)
		lists(t, "alerts", causeKind(), got, err, "c-3")
		return nil
	})
}
