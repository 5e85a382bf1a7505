package gate

import (
	"fmt"
	"slices"
	"testing"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz/evidence"
)

// chosenAmong is facts for which was chosen among so many more agreements and
// assessments, with the bodies of all.
func chosenAmong(t *testing.T, more int) (Facts, map[evidence.Ref][]byte) {
	t.Helper()
	f := passing(Request)
	bodies := storedOf(t, f)
	keep := func(ref evidence.Ref, v any) {
		b, err := evidence.Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		bodies[ref] = b
	}
	candidates, list := []agreements.Agreement{*f.Agreement}, []assessment.Assessment{*f.Assessment}
	causes := []assessment.Cause{{ID: "x1", Version: 1, Subject: assessment.AboutCountry("KE"), Trigger: assessment.ConflictAlert}}
	keep(causeRef(causes[0]), causes[0])
	for i := range more {
		a, x := *f.Agreement, *f.Assessment
		a.ID, a.State = fmt.Sprintf("a-%03d", i), agreements.Draft
		x.ID, x.State = fmt.Sprintf("x-%03d", i), assessment.Draft
		keep(agreementRef(&a), a)
		keep(assessmentRef(&x), x)
		candidates, list = append(candidates, a), append(list, x)
	}
	agreement, assessed := f.Agreement.ID, f.Assessment.ID
	f.ChooseAgreement(candidates, "")
	f.ChooseAssessment(list, causes)
	if f.Agreement == nil || f.Agreement.ID != agreement || f.Assessment.ID != assessed {
		t.Fatalf("chosen %v, %v", f.Agreement, f.Assessment)
	}
	return f, bodies
}

// R37: of what was read and passed over a bounded number is named, and the rest counted.
func TestWhatWasPassedOverIsNamed(t *testing.T) {
	for _, more := range []int{0, 1, MostPassedOver, MostPassedOver + 3} {
		t.Run(fmt.Sprintf("R37 %d more", more), func(t *testing.T) {
			f, bodies := chosenAmong(t, more)
			recorded, people := f.Record()
			named := min(more, MostPassedOver)
			p := recorded.Facts.PassedOver
			if len(p.Agreements) != named || len(p.Assessments) != named || len(p.Causes) != 1 || p.Unnamed != 2*(more-named) {
				t.Errorf("%d agreements, %d assessments, %d causes, %d more", len(p.Agreements), len(p.Assessments), len(p.Causes), p.Unnamed)
			}
			for _, ref := range slices.Concat(p.Agreements, p.Assessments, p.Causes) {
				if !slices.Contains(recorded.Refs(people), ref) {
					t.Errorf("%v is not among what was read", ref)
				}
			}
			body := func(ref evidence.Ref) ([]byte, bool) { b, ok := bodies[ref]; return b, ok }
			back, err := recorded.Restore(people, body)
			if err != nil {
				t.Fatal(err)
			}
			if differs, err := recorded.ChosenAgain(back, body); err != nil || len(differs) > 0 {
				t.Errorf("%v, %v", differs, err)
			}
			// Where another was in force, or assessed, it would be another.
			if more == 1 {
				recorded.Agreement, recorded.Facts.PassedOver.Agreements = p.Agreements[0], []evidence.Ref{recorded.Agreement}
				recorded.Assessment, recorded.Facts.PassedOver.Assessments = p.Assessments[0], []evidence.Ref{recorded.Assessment}
			}
			if back, err = recorded.Restore(people, body); err != nil {
				t.Fatal(err)
			}
			differs, err := recorded.ChosenAgain(back, body)
			if err != nil || (len(differs) == 2) != (more == 1) {
				t.Errorf("%v, %v", differs, err)
			}
			for ref := range bodies { // what is gone, replay says anyway
				if ref.Kind == agreements.KindAgreement && ref != recorded.Agreement {
					delete(bodies, ref)
				}
			}
			if differs, err := recorded.ChosenAgain(back, body); err != nil || len(differs) > 1 {
				t.Errorf("%v, %v", differs, err)
			}
		})
	}
}

// R44, R23: the refusal names the record that lapsed, where there is one.
func TestALockNamesTheRecord(t *testing.T) {
	f := passing(Request)
	f.Actor.Trained, f.Actor.Bound = false, false
	f.Actor.Lapsed = evidence.Ref{Kind: "training", ID: "t1", Version: 2}
	f.Actor.Unbinding = evidence.Ref{Kind: "undertaking", ID: "u1", Version: 3}
	want := map[Code]evidence.Ref{TrainingExpired: f.Actor.Lapsed, ConfidentialityMissing: f.Actor.Unbinding}
	for _, r := range Decide(f).Refusals {
		t.Run("R52 "+string(r.Code), func(t *testing.T) {
			if r.Object != want[r.Code] {
				t.Errorf("it names %v", r.Object)
			}
		})
	}
}
