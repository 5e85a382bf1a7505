package rulebook

import (
	"errors"
	"testing"
	"time"

	"safeconduct/authz"
)

func day(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

func shippedBook(t *testing.T) Book {
	t.Helper()
	b, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAt(t *testing.T) {
	b := shippedBook(t)
	b.Approved = []Edition{{Number: 2, EffectiveFrom: day(5)}, {Number: 3, EffectiveFrom: day(9)}}
	for at, want := range map[time.Time]int{day(4): 1, day(5).Add(-time.Microsecond): 1, day(5): 2, day(8): 2, day(9): 3, day(20): 3} {
		if got := b.At(at); got.Number != want {
			t.Errorf("R37 at %s edition %d is in force, want %d", at, got.Number, want)
		}
		if s := b.settled(at); s.Current.Number != want || len(s.Approved) != 3-want || s.At(day(30)).Number != 3 {
			t.Errorf("settled at %s: edition %d, %d to come", at, s.Current.Number, len(s.Approved))
		}
	}
	if len(b.Approved) != 2 {
		t.Error("settling changed the book")
	}
}

func TestValidate(t *testing.T) {
	for name, harm := range map[string]func(*Rules){
		"no window":                     func(r *Rules) { r.Transfer.WindowHours = 0 },
		"too long a window":             func(r *Rules) { r.Transfer.WindowHours = 1 << 30 },
		"fewer in conflict":             func(r *Rules) { r.MinimumCell.Conflict = r.MinimumCell.Usual - 1 },
		"a band unheard of":             func(r *Rules) { r.SecondPerson.Bands = []string{"EXTREME"} },
		"a sensitivity unheard of":      func(r *Rules) { r.SecondPerson.Sensitivities = []string{"HIGH"} },
		"bands that Legal sees":         func(r *Rules) { r.Approval.SinglyBands = []string{"low"} },
		"a country in small letters":    func(r *Rules) { r.Jurisdiction.Restricted = []string{"co"} },
		"R50 no assurance":              func(r *Rules) { r.Assurances = nil },
		"R50 assurance none":            func(r *Rules) { r.Assurances = []authz.Assurance{authz.AssuranceNone} },
		"R44 no course":                 func(r *Rules) { r.Training.Courses = nil },
		"R23 no undertaking":            func(r *Rules) { r.Undertaking.Version = "" },
		"a notice on the day itself":    func(r *Rules) { r.Agreement.ExpiryNotices = []int{30, 0} },
		"R21 the public":                func(r *Rules) { r.Classes = map[string][]string{"public": {"ngo"}} },
		"R21 the media":                 func(r *Rules) { r.Classes = map[string][]string{"media": {"company"}} },
		"R21 a kind unheard of":         func(r *Rules) { r.Classes = map[string][]string{"un_io": {"militia"}} },
		"R56 nobody to ask at Legal":    func(r *Rules) { r.Contacts.Legal = " " },
		"no hours of a suspension":      func(r *Rules) { r.Agreement.SuspensionHours = 0 },
		"R37 no principles":             func(r *Rules) { r.Principles = Principles{} },
		"R37 principles of no version":  func(r *Rules) { r.Principles.Version = "the new ones" },
		"R37 principles of no date":     func(r *Rules) { r.Principles.Date = "2009" },
		"R37 principles of no name":     func(r *Rules) { r.Principles.Name = " " },
		"an approval that never begins": func(r *Rules) { r.Approval.DPODays = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			r := shippedBook(t).Current.Rules
			harm(&r)
			if err := r.Validate(); !errors.Is(err, ErrInvalid) {
				t.Errorf("%v", err)
			}
		})
	}
	if err := shippedBook(t).Current.Rules.Validate(); err != nil {
		t.Error(err)
	}
}

func TestCite(t *testing.T) {
	e := shippedBook(t).Current
	t.Run("R37 an edition is cited with the version of the principles", func(t *testing.T) {
		if want := "rules:1:" + e.Digest + " principles:IN/138"; e.Cite() != want || !Cites("authz:x "+e.Cite()) || Cites("authz:x") {
			t.Errorf("%q, want %q", e.Cite(), want)
		}
	})
	t.Run("R37 other principles are another edition", func(t *testing.T) {
		r := e.Rules
		r.Principles.Version = "IN/138/Rev.1"
		if sum, err := digest(r); err != nil || sum == e.Digest {
			t.Errorf("%s, %v", sum, err)
		}
	})
	t.Run("an edition from before there were any keeps its digest", func(t *testing.T) {
		r := e.Rules
		r.Principles = Principles{}
		r.Transfer.RecallDays = 0
		// That of the edition that shipped before.
		if sum, err := digest(r); err != nil || sum != "c3197597cf32521a" || (Edition{Number: 1, Rules: r, Digest: sum}).Cite() != "rules:1:"+sum {
			t.Errorf("%s, %v", sum, err)
		}
	})
}
