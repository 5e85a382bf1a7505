package gate

import (
	"reflect"
	"slices"
	"testing"

	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
)

// refusingSenders are the ways in which conditions 1 and 2 refuse who sends.
func refusingSenders() (all []breakage) {
	for _, b := range breakages() {
		if refusesSender(b.code) {
			all = append(all, b)
		}
	}
	return all
}

func refusesSender(code Code) bool {
	return slices.Contains([]Code{AuthInvalid, AuthRoleDenied, TrainingExpired, ConfidentialityMissing}, code)
}

// tells reports whether the breakage is one of which only who may send is told:
// it is about people, or of a condition that is about nothing else.
func (b breakage) tells(t interface{ Fatalf(string, ...any) }) bool {
	_, c := judged(t, b.code)
	return c.people || b.people
}

// Whatever is wrong with people, a sender who is refused is told the same as if
// nothing were, and nothing of it is kept; at PULL it is told, and holds.
func TestWhoMayNotSendLearnsNothingOfPeople(t *testing.T) {
	shown := 0
	for _, of := range breakages() {
		if !of.tells(t) {
			continue
		}
		shown++
		t.Run("R23 "+string(of.code)+" "+of.name, func(t *testing.T) {
			for _, refusing := range refusingSenders() {
				for _, phase := range everyPhase() {
					without, with := passing(phase), passing(phase)
					of.harm(&with)
					// What a breakage says beside the people is the same in both.
					without.Assessment, without.Agreement = with.Assessment, with.Agreement
					refusing.harm(&without)
					refusing.harm(&with)
					before, after := Decide(without), Decide(with)
					if before.Released() {
						t.Fatalf("%s: %s released", phase, refusing.code)
					}
					if phase == Pull {
						if !slices.Contains(after.Codes(), string(of.code)) {
							t.Errorf("%s: %s hides %s: %v", phase, refusing.code, of.code, after.Codes())
						}
						continue
					}
					if !reflect.DeepEqual(before, after) {
						t.Errorf("%s: %s tells %+v from %+v", phase, refusing.code, after.Refusals, before.Refusals)
					}
					if a, b := snapshot(t, without.Needed()), snapshot(t, with.Needed()); a != b {
						t.Errorf("%s: %s keeps\n%s\nand\n%s", phase, refusing.code, b, a)
					}
				}
			}
		})
	}
	if shown < 40 {
		t.Errorf("only %d breakages are about people", shown)
	}
}

// That who sends is refused stands in the decision; at PULL it is the downloader who is.
func TestADecisionTellsWhetherItRefusesTheSender(t *testing.T) {
	for _, b := range breakages() {
		for _, phase := range everyPhase() {
			f := passing(phase)
			b.harm(&f)
			d := Decide(f)
			if want := phase != Pull && slices.ContainsFunc(d.Refusals, func(r Refusal) bool { return refusesSender(r.Code) }); d.RefusesSender() != want {
				t.Errorf("R23 %s %s at %s: %t of %v", b.code, b.name, phase, !want, d.Codes())
			}
			if d.RefusesSender() && !f.Withheld() {
				t.Errorf("R23 %s %s at %s withholds nothing", b.code, b.name, phase)
			}
		}
	}
}

// What is kept for who is refused names no record about people.
func TestNeededOfARefusedSender(t *testing.T) {
	f := passing(Commit)
	f.DPOApprovals = append(f.DPOApprovals, approvals.DPOApproval{ID: "d2", Version: 1, Scope: approvals.ForTransfer, Transfer: "t1", Manifest: f.DPOUse().Manifest})
	held(LegalHold, "s1")(&f)
	if !reflect.DeepEqual(f.Needed(), f) {
		t.Error("R23 who may send is judged by less")
	}
	f.Actor.Allowed, f.Actor.Untasked = false, true
	recorded, people := f.Needed().Record()
	for _, ref := range recorded.Refs(people) {
		if slices.Contains([]string{consent.KindConsent, terms.KindNotice, "hold"}, ref.Kind) || ref.ID == "d2" {
			t.Errorf("R23 %+v is named", ref)
		}
	}
	for i, s := range people {
		if !reflect.DeepEqual(s, RecordedSubject{Row: i + 1}) {
			t.Errorf("R23 of row %d: %+v", i+1, s)
		}
	}
	if len(people) != f.Manifest.Subjects || recorded.Facts.Manifest.SubjectsDigest != "" || len(recorded.Facts.Holds) > 0 {
		t.Errorf("R23 %d rows, %+v", len(people), recorded.Facts)
	}
	if got := Decide(again(t, f.Needed())); !reflect.DeepEqual(got, Decide(f)) || !got.Same([]string{"AUTH_ROLE_DENIED"}) {
		t.Errorf("R37 %v", got.Codes())
	}
}

// What is not about people is told whoever asks, however many rows there are.
func TestARefusedSenderIsToldOfTheRest(t *testing.T) {
	f := passing(Request)
	f.Actor.Trained = false
	f.Subjects = []Subject{{Row: 1}, {Row: 2}, {Row: 3}}
	f.Agreement.State, f.DPOApprovals, f.Overdue = "suspended", nil, evidence.Ref{Kind: "destruction", ID: "t0", Version: 1}
	f.Agreement.Document.Scope.MaxSubjectsPerTransfer = 2
	for scope, want := range map[string][]string{
		"agreement": {"TRAINING_EXPIRED", "AGR_SUSPENDED", "AGR_VOLUME", "DPO_REQUIRED", "PARTNER_DESTRUCTION_OVERDUE"},
		// An approval of this very transfer may be there: nobody can say that it is wanted.
		"transfer": {"TRAINING_EXPIRED", "AGR_SUSPENDED", "AGR_VOLUME", "PARTNER_DESTRUCTION_OVERDUE"},
	} {
		t.Run("R23 DPO_REQUIRED of a category approved by "+scope, func(t *testing.T) {
			f.Categories = slices.Clone(f.Categories)
			for i := range f.Categories {
				f.Categories[i].ApprovalScope = scope
			}
			if got := Decide(f).Codes(); !slices.Equal(got, want) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// No task is asked of who states no purpose: they are told that it is missing,
// and nothing of the people.
func TestWhoStatesNoPurposeLearnsNothingOfPeople(t *testing.T) {
	for _, phase := range []Phase{Request, Commit} {
		t.Run("R23 REQ_INCOMPLETE at "+string(phase), func(t *testing.T) {
			without := passing(phase)
			without.Manifest.Purpose = ""
			with := passing(phase)
			with.Manifest.Purpose = ""
			held(LegalHold, "s1")(&with)
			before, after := Decide(without), Decide(with)
			if !reflect.DeepEqual(before, after) || !slices.Contains(after.Codes(), "REQ_INCOMPLETE") || slices.Contains(after.Codes(), "LEGAL_HOLD") {
				t.Errorf("%v, %v", before.Codes(), after.Codes())
			}
			if a, b := snapshot(t, without.Needed()), snapshot(t, with.Needed()); a != b {
				t.Errorf("it keeps\n%s\nand\n%s", b, a)
			}
		})
	}
}
