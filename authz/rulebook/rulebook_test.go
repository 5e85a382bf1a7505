package rulebook

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"safeconduct/authz"
)

func on(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

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
	b.Approved = []Edition{{Number: 2, EffectiveFrom: on(5)}, {Number: 3, EffectiveFrom: on(9)}}
	for at, want := range map[time.Time]int{on(4): 1, on(5).Add(-time.Microsecond): 1, on(5): 2, on(8): 2, on(9): 3, on(20): 3} {
		if got := b.At(at); got.Number != want {
			t.Errorf("R37 at %s edition %d is in force, want %d", at, got.Number, want)
		}
		if s := b.settled(at); s.Current.Number != want || len(s.Approved) != 3-want || s.At(on(30)).Number != 3 {
			t.Errorf("settled at %s: edition %d, %d to come", at, s.Current.Number, len(s.Approved))
		}
	}
	if len(b.Approved) != 2 {
		t.Error("settling changed the book")
	}
}

// former are the rules as an edition has them from before there were these members.
func former(r Rules) Rules {
	r.Token, r.Lives, r.Partner = Token{}, Lives{}, Partner{}
	r.Approval.StandingTransfers, r.Approval.StandingTransfersMost = 0, 0
	return r
}

// formerly are the rules that shipped before any of the members that an edition may lack.
func formerly(t *testing.T) (r Rules) {
	t.Helper()
	text, err := os.ReadFile("testdata/former.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFormerEditions(t *testing.T) {
	r := shippedBook(t).Current.Rules
	t.Run("an edition that lacks them keeps its digest", func(t *testing.T) {
		old := formerly(t)
		old.Principles = r.Principles // which it had
		if sum, err := digest(old); err != nil || sum != "2c303660295d4fad" {
			t.Errorf("%s, %v", sum, err)
		}
	})
	t.Run("and means what was true before", func(t *testing.T) {
		for _, r := range []Rules{r, former(r)} {
			usual, most := r.Standing()
			if r.TokenLife() != 90*day || r.MadeTokens() != 20 || r.KeyLife() != 730*day || r.DelegationLife() != 366*day ||
				r.DisclosureLife() != 366*day || r.SmallStaff() != 3 || usual != 100 || most != 1000 {
				t.Errorf("%+v", r)
			}
		}
	})
	t.Run("another edition means what it says", func(t *testing.T) {
		r := r
		r.Token, r.Lives, r.Partner = Token{1, 2}, Lives{3, 4, 5}, Partner{6}
		r.Approval.StandingTransfers, r.Approval.StandingTransfersMost = 7, 8
		usual, most := r.Standing()
		if err := r.Validate(); err != nil || r.TokenLife() != day || r.MadeTokens() != 2 || r.KeyLife() != 3*day || r.DelegationLife() != 4*day ||
			r.DisclosureLife() != 5*day || r.SmallStaff() != 6 || usual != 7 || most != 8 {
			t.Errorf("%+v, %v", r, err)
		}
	})
	t.Run("none is written any more", func(t *testing.T) {
		if err := former(r).Validate(); !errors.Is(err, ErrInvalid) {
			t.Error(err)
		}
	})
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
		"a notice of a lifetime":        func(r *Rules) { r.Agreement.ExpiryNotices = []int{3661} },
		"R21 the public":                func(r *Rules) { r.Classes = map[string][]string{"public": {"ngo"}} },
		"R21 the media":                 func(r *Rules) { r.Classes = map[string][]string{"media": {"company"}} },
		"R21 a kind unheard of":         func(r *Rules) { r.Classes = map[string][]string{"un_io": {"militia"}} },
		"R56 nobody to ask at Legal":    func(r *Rules) { r.Contacts.Legal = " " },
		"no hours of a suspension":      func(r *Rules) { r.Agreement.SuspensionHours = 0 },
		"R37 no principles":             func(r *Rules) { r.Principles = Principles{} },
		"R37 principles of no version":  func(r *Rules) { r.Principles.Version = "the new ones" },
		"R37 principles of no date":     func(r *Rules) { r.Principles.Date = "2009" },
		"R37 principles of no name":     func(r *Rules) { r.Principles.Name = " " },
		"tokens for ever":               func(r *Rules) { r.Token.LifeDays = 367 },
		"tokens without number":         func(r *Rules) { r.Token.Made = 101 },
		"keys for ever":                 func(r *Rules) { r.Lives.KeyDays = 3661 },
		"keys that never live":          func(r *Rules) { r.Lives.KeyDays = 0 },
		"R35 posts given for good":      func(r *Rules) { r.Lives.DelegationDays = 1831 },
		"R19 disclosures for ever":      func(r *Rules) { r.Lives.DisclosureDays = 1831 },
		"every partner is small":        func(r *Rules) { r.Partner.SmallStaff = 21 },
		"a feed by standing approval":   func(r *Rules) { r.Approval.StandingTransfersMost = 10_001 },
		"more usually than at most":     func(r *Rules) { r.Approval.StandingTransfers = r.Approval.StandingTransfersMost + 1 },
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
		r := formerly(t)
		if sum, err := digest(r); err != nil || sum != "c3197597cf32521a" || (Edition{Number: 1, Rules: r, Digest: sum}).Cite() != "rules:1:"+sum {
			t.Errorf("%s, %v", sum, err)
		}
	})
}
