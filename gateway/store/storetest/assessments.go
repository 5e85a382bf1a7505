package storetest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
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

func raise(id, category string, at time.Time) terms.Raise {
	return terms.Raise{ID: id, Category: category, Person: "p", Now: Epoch(), At: at}
}

// testRaises is of what makes stale from a moment on that is to come.
func testRaises(t *testing.T, b *bench) {
	hours := func(n int) time.Time { return Epoch().Add(time.Duration(n) * time.Hour) }
	b.must(t, func(tx Tx) error {
		return errors.Join(tx.LockCauses(t.Context()), tx.SaveRaise(t.Context(), raise("r-1", "x", hours(1))), tx.SaveRaise(t.Context(), raise("r-2", "x", hours(2))),
			tx.SaveRaise(t.Context(), raise("r-3", "x", hours(4))), tx.SaveRaise(t.Context(), raise("r-4", "y", hours(4))))
	})
	are := func(what string, at time.Time, unsettled []string, want ...string) {
		t.Helper()
		b.view(t, func(tx Tx) error {
			got, err := tx.StaleCauses(t.Context(), []string{"category:x", "category:z"}, at)
			lists(t, what, causeKind(), got, err, want...)
			got, err = tx.UnsettledCauses(t.Context(), at, 10)
			lists(t, what+", unsettled", causeKind(), got, err, unsettled...)
			return nil
		})
	}
	are("all to come", Epoch(), nil, "r-1", "r-2", "r-3")
	are("of one that has come, too", hours(3), []string{"r-1", "r-2"}, "r-2", "r-3")
	b.must(t, func(tx Tx) error {
		r := raise("", "x", hours(2))
		r.Now = hours(2)
		return tx.DropRaises(t.Context(), r)
	})
	are("what has come stays", hours(5), []string{"r-1", "r-2", "r-4"}, "r-2")
	b.must(t, func(tx Tx) error { return tx.DropRaises(t.Context(), raise("", "y", hours(5))) })
	are("nor does what comes before go", hours(5), []string{"r-1", "r-2", "r-4"}, "r-2")
}

// testAssessments lists what the clock and the gate look for.
func testAssessments(t *testing.T, b *bench) {
	later := Epoch().Add(time.Microsecond)
	saveEach(t, b, agreementKind(), agreement("g-1", "m", "x"), agreement("g-2", "m", "y"))
	for id, country := range map[string]string{"m-so": "SO", "m-so-too": "SO", "m-ke": "KE"} {
		m := mission(id)
		m.Country = country
		b.must(t, func(tx Tx) error { return tx.SaveMission(t.Context(), m) })
	}
	saveEach(
		t, b, assessmentKind(),
		inForce("f-1", "g-1", nil),
		inForce("f-2", "g-1", func(a *assessment.Assessment) { a.State, a.Mission = assessment.Stale, "m-so" }),
		inForce("f-3", "g-1", func(a *assessment.Assessment) { a.SubmittedAt, a.Mission = later, "m-so" }),
		inForce("f-4", "g-2", func(a *assessment.Assessment) { a.Countries, a.TemplateVersion, a.Mission = []string{"KE"}, 2, "m-so" }),
		inForce("f-5", "g-2", func(a *assessment.Assessment) {
			a.Mission = "m-so-too"
			a.ValidUntil, a.Categories = Epoch(), []string{"identity", "photo"}
		}),
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
		hit(tx, "alert where the missions are", assessment.Cause{Trigger: assessment.ConflictAlert, Country: "SO", At: Epoch()}, "f-4", "f-5")
		hit(tx, "alert where one is and another's data go", assessment.Cause{Trigger: assessment.ConflictAlert, Country: "KE", At: Epoch()}, "f-4")
		hit(tx, "part of a code", assessment.Cause{Trigger: assessment.ConflictAlert, Country: "N", At: Epoch()})
		hit(tx, "raised", assessment.Raised(raise("c", "photo", Epoch())), "f-5")
		hit(tx, "raised before", assessment.Raised(raise("c", "photo", Epoch().Add(-time.Microsecond))))
		for _, near := range []string{"phot", "phot_", "PHOTO", "%", "identity photo p"} {
			hit(tx, "nearly the category "+near, assessment.Raised(raise("c", near, Epoch())))
		}
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
		got, err := tx.StaleCauses(t.Context(), []string{"partner:x", "partner:y", "partner:z"}, Epoch().Add(24*time.Hour))
		lists(t, "the newest of each", causeKind(), got, err, "c-2", "c-3")
		got, err = tx.StaleCauses(t.Context(), nil, Epoch())
		lists(t, "of nothing", causeKind(), got, err)
		got, err = tx.UnsettledCauses(t.Context(), Epoch().Add(24*time.Hour), 2)
		lists(t, "unsettled", causeKind(), got, err, "c-2", "c-3")
		alerts, err := tx.ConflictAlerts(t.Context(), evidence.Page{})
		lists(t, "alerts", causeKind(), alerts.Items, err, "c-3")
		return nil
	})
}

// assessmentsFilled saves assessments as the schema before had them: what the
// migration looks them up by afterwards is what saving them would have written.
func assessmentsFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 9); err != nil {
		t.Fatal(err)
	}
	for i, a := range []assessment.Assessment{
		inForce("old-1", "g-1", func(a *assessment.Assessment) { a.Categories = []string{"photo", "identity"} }),
		inForce("old-2", "g-1", func(a *assessment.Assessment) {
			a.State, a.SubmittedAt, a.ValidUntil, a.Countries, a.Categories = assessment.Draft, time.Time{}, time.Time{}, []string{"KE"}, []string{}
		}),
		inForce("old-3", "g-1", func(a *assessment.Assessment) {
			a.ValidUntil = Epoch().Truncate(time.Second).Add(100 * time.Millisecond)
		}),
	} {
		body, err := evidence.Canonical(a)
		if err != nil {
			t.Fatal(err)
		}
		written := "x'" + hex.EncodeToString(body) + "'"
		if l.Engine() == store.Postgres {
			written = `'\x` + hex.EncodeToString(body) + "'"
		}
		l.exec(t, fmt.Sprintf("INSERT INTO record_versions (kind, id, version, body) VALUES ('assessment', '%s', 1, %s)", a.ID, written),
			fmt.Sprintf("INSERT INTO assessments (id, version, agreement) VALUES ('%s', 1, 'g-%d')", a.ID, i))
	}
	l.migrate(t)
	got := l.texts(t, "SELECT id || ' ' || state || ' ' || template || countries || submitted || ' ' || valid_until || categories FROM assessments ORDER BY id")
	now := Epoch().UnixMicro()
	want := []string{
		fmt.Sprintf("old-1 approved 1 CO NE %d %d photo identity ", now, now+3_600_000_000), "old-2 draft 1 KE 0 0",
		fmt.Sprintf("old-3 approved 1 CO NE %d %d", now, now-now%1_000_000+100_000),
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
