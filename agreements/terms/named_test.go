package terms_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// While nobody approved anything of a term, a wrong text does not burn its code.
func TestRewordedWhileProposed(t *testing.T) {
	b, leg, dpo := book(t), caller(authz.LEG), caller(authz.DPO)
	p, err := b.CreatePurpose(t.Context(), leg, shelter())
	if err != nil {
		t.Fatal(err)
	}
	k, err := b.CreateCategory(t.Context(), leg, identity())
	if err != nil {
		t.Fatal(err)
	}
	values := terms.PurposeValues{LegalBasis: "consent"}
	harm := terms.CategoryValues{Sensitivity: terms.High, ApprovalScope: "agreement"}
	t.Run("R37 what was read is what is approved", func(t *testing.T) {
		reworded, err := b.AmendPurpose(t.Context(), leg, p.ID, values, "A bed for the night", now(), "a slip")
		if err != nil || reworded.Text != "A bed for the night" || reworded.Version != p.Version+1 || !reworded.Proposed {
			t.Fatalf("%+v, %v", reworded, err)
		}
		if _, err := b.ApprovePurpose(t.Context(), dpo, p.ID, p.Version); !errors.Is(err, lifecycle.ErrIllegal) {
			t.Errorf("approved unread: %v", err)
		}
		if kept, err := b.AmendPurpose(t.Context(), leg, p.ID, values, "", now(), "x"); err != nil || kept.Text != reworded.Text {
			t.Errorf("left out, the text is %q, %v", kept.Text, err)
		}
		if _, err := b.AmendPurpose(t.Context(), leg, p.ID, values, " ", now(), "x"); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("a blank text: %v", err)
		}
		refielded, err := b.AmendCategory(t.Context(), leg, k.ID, harm, []string{"given_name", "family_name"}, now(), "a slip")
		if err != nil || !slices.Equal(refielded.Fields, []string{"given_name", "family_name"}) || refielded.Version != k.Version+1 {
			t.Fatalf("%+v, %v", refielded, err)
		}
		if _, err := b.AmendCategory(t.Context(), leg, k.ID, harm, []string{""}, now(), "x"); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("an empty field: %v", err)
		}
	})
	t.Run("R37 also once a draft was rejected", func(t *testing.T) {
		if _, err := b.RejectCategory(t.Context(), dpo, k.ID, k.Version+1); err != nil {
			t.Fatal(err)
		}
		if k, err = b.AmendCategory(t.Context(), leg, k.ID, harm, []string{"given_name"}, now(), "less is enough"); err != nil || len(k.Fields) != 1 {
			t.Errorf("%+v, %v", k, err)
		}
	})
	t.Run("R14 R15 approved, be it for later, it is fixed", func(t *testing.T) {
		p, err := b.AmendPurpose(t.Context(), leg, p.ID, values, "", now().AddDate(0, 1, 0), "from next month on")
		if err != nil {
			t.Fatal(err)
		}
		if p, err = b.ApprovePurpose(t.Context(), dpo, p.ID, p.Version); err != nil || p.Text != "A bed for the night" {
			t.Fatalf("%+v, %v", p, err)
		}
		if k, err = b.ApproveCategory(t.Context(), dpo, k.ID, k.Version); err != nil {
			t.Fatal(err)
		}
		_, purpose := b.AmendPurpose(t.Context(), leg, p.ID, values, "Work", now(), "x")
		_, category := b.AmendCategory(t.Context(), leg, k.ID, harm, []string{"religion"}, now(), "x")
		for _, err := range []error{purpose, category} {
			var refused *lifecycle.TransitionError
			if !errors.As(err, &refused) || refused.State != "approved" || refused.Guard == "" || !strings.Contains(refused.Mend, "another code") {
				t.Errorf("%v", err)
			}
		}
		if same, err := b.AmendPurpose(t.Context(), leg, p.ID, values, p.Text, now(), "x"); err != nil || same.Text != p.Text {
			t.Errorf("the same text: %v", err)
		}
		if same, err := b.AmendCategory(t.Context(), leg, k.ID, harm, k.Fields, now(), "x"); err != nil || len(same.Fields) != 1 {
			t.Errorf("the same fields: %v", err)
		}
	})
}

// What is not in force says why, and to nobody outside that it is there.
func TestWhyATermDoesNotCount(t *testing.T) {
	at := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	in := func(v terms.PurposeValues, from time.Time) terms.Change[terms.PurposeValues] {
		return terms.Change[terms.PurposeValues]{Values: v, Decided: terms.Decided{EffectiveFrom: from}}
	}
	proposed := terms.Purpose{ID: "p", Code: "work", Course: terms.Course[terms.PurposeValues]{Proposed: true}}
	coming := proposed
	coming.Next = []terms.Change[terms.PurposeValues]{in(terms.PurposeValues{}, at(9))}
	withdrawn := terms.Purpose{ID: "p", Code: "work"}
	withdrawn.Next = []terms.Change[terms.PurposeValues]{in(terms.PurposeValues{Withdrawn: true}, at(3))}
	for says, c := range map[string]struct {
		p    terms.Purpose
		mend string
	}{
		"it is proposed": {proposed, "have the data protection officer approve it"},
		"it is approved from 2026-03-09 00:00 UTC on": {coming, "wait until then"},
		"it is withdrawn since 2026-03-03 00:00 UTC":  {withdrawn, "name another, or have Legal amend it"},
	} {
		t.Run("R37 "+says, func(t *testing.T) {
			_, err := terms.IDInForce([]terms.Purpose{c.p}, "p", at(5))
			want := people.ErrInvalid.Error() + ": the purpose work is not in force: " + says + "; " + c.mend
			if own := terms.Told(caller(authz.RO), "purpose", err); !errors.Is(own, people.ErrInvalid) || !errors.Is(own, terms.ErrNotInForce) || own.Error() != want {
				t.Errorf("%v, want %s", own, want)
			}
			unknown := terms.Told(caller(authz.PSG), "purpose", evidence.ErrNotFound)
			if theirs := terms.Told(caller(authz.PSG), "purpose", err); !errors.Is(theirs, people.ErrInvalid) || theirs.Error() != unknown.Error() || errors.Is(theirs, terms.ErrNotInForce) {
				t.Errorf("a partner is told %v", theirs)
			}
		})
	}
	if err := terms.Told(caller(authz.RO), "purpose", evidence.ErrUnavailable); !errors.Is(err, evidence.ErrUnavailable) || errors.Is(err, people.ErrInvalid) {
		t.Errorf("another error: %v", err)
	}
}
