package gate

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
)

// storedOf are the bodies of the records in facts, as they are stored.
func storedOf(t *testing.T, f Facts) map[evidence.Ref][]byte {
	t.Helper()
	bodies := map[evidence.Ref][]byte{}
	keep := func(ref evidence.Ref, v any) {
		b, err := evidence.Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		bodies[ref] = b
	}
	if f.Partner != nil {
		keep(partyRef(f.Partner), f.Partner)
	}
	if f.Agreement != nil {
		keep(agreementRef(f.Agreement), f.Agreement)
	}
	if f.Assessment != nil {
		keep(assessmentRef(f.Assessment), f.Assessment)
	}
	for _, r := range f.Retention {
		keep(evidence.Ref{Kind: terms.KindRetention, ID: r.ID, Version: r.Version}, r)
	}
	for _, r := range f.Categories {
		keep(evidence.Ref{Kind: terms.KindCategory, ID: r.ID, Version: r.Version}, r)
	}
	for _, r := range f.Notices {
		keep(evidence.Ref{Kind: terms.KindNotice, ID: r.ID, Version: r.Version}, r)
	}
	for _, r := range f.DPOApprovals {
		keep(r.Ref(), r)
	}
	for _, r := range f.Disclosures {
		keep(r.Ref(), r)
	}
	if f.Clearance != nil {
		keep(f.Clearance.Ref(), f.Clearance)
	}
	for _, s := range f.Subjects {
		for _, c := range s.Consents {
			keep(c.Ref(), c)
		}
	}
	return bodies
}

// again takes facts apart, through what is stored, and puts them together.
func again(t *testing.T, f Facts) Facts {
	t.Helper()
	bodies := storedOf(t, f)
	recorded, people := f.Record()
	var back Recorded
	var persons RecordedPeople
	for v, to := range map[any]any{&recorded: &back, &people: &persons} {
		b, err := evidence.Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, to); err != nil {
			t.Fatal(err)
		}
	}
	got, err := back.Restore(persons, func(ref evidence.Ref) ([]byte, bool) { b, ok := bodies[ref]; return b, ok })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// R37: whatever was decided, the same is decided on what was recorded.
func TestRecordedFactsDecideAlike(t *testing.T) {
	for _, phase := range everyPhase() {
		if got := again(t, passing(phase)); !Decide(got).Released() {
			t.Errorf("%s: %v", phase, Decide(got).Codes())
		}
		for _, b := range breakages() {
			f := passing(phase)
			b.harm(&f)
			want := Decide(f)
			if got := Decide(again(t, f)); !reflect.DeepEqual(got, want) {
				t.Errorf("R37 %s %s at %s: %v, then %v", b.code, b.name, phase, got, want)
			}
		}
		for _, b := range nobodyBreakages() {
			f := passingOfNobody(phase)
			b.harm(&f)
			want := Decide(f)
			if got := Decide(again(t, f)); !reflect.DeepEqual(got, want) {
				t.Errorf("R37 %s %s of nobody at %s: %v, then %v", b.code, b.name, phase, got, want)
			}
		}
	}
}

func TestRestoreWantsEveryRecord(t *testing.T) {
	f := passing(Commit)
	recorded, people := f.Record()
	bodies := storedOf(t, f)
	for _, ref := range recorded.Refs(people) {
		if _, err := recorded.Restore(people, func(r evidence.Ref) ([]byte, bool) { b, ok := bodies[r]; return b, ok && r != ref }); err == nil {
			t.Errorf("R37 restored without %s %s", ref.Kind, ref.ID)
		}
	}
	if len(recorded.Refs(people)) < 6 {
		t.Errorf("%d records", len(recorded.Refs(people)))
	}
}

// What a rulebook does not allow is refused, whoever the partner is, unless it is an authority's request.
func TestClassesAreTheRules(t *testing.T) {
	f := passing(Request)
	f.Rules.Classes = nil
	if got := Decide(f).Codes(); len(got) != 1 || got[0] != string(RecipientClassDenied) {
		t.Errorf("R21 RECIPIENT_CLASS_DENIED: %v", got)
	}
	if f.Partner = nil; !slices.Contains(Decide(f).Codes(), string(RecipientClassDenied)) {
		t.Errorf("R21 of a partner that is not known: %v", Decide(f).Codes())
	}
}
