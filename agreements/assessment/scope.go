package assessment

import (
	"slices"
	"time"
)

// Scope is what a transfer asks of an assessment (gate condition 16).
type Scope struct {
	Mission          string
	Agreement        string
	AgreementVersion int
	Purpose          string
	Categories       []string
	Countries        []string // of the recipient, and of where it stores the data; empty asks nothing about countries
	People           People   // who is among them

	// What a derogation is held against, and Gaps do not ask.
	Partner  string
	Subjects int
	Transfer string
}

// Gaps are the parts of s that the assessment does not cover (RBA_SCOPE), such
// as "agreement_version", "category:HEALTH" or "people:child", in a fixed order; none if it
// covers all. A scope without a category is never covered.
func (a Assessment) Gaps(s Scope) []string {
	var gaps []string
	for _, part := range []struct {
		name string
		same bool
	}{
		{"mission", a.Mission == s.Mission},
		{"agreement", a.Agreement == s.Agreement},
		{"agreement_version", a.AgreementVersion == s.AgreementVersion},
		{"purpose:" + s.Purpose, slices.Contains(a.Purposes, s.Purpose)},
	} {
		if !part.same {
			gaps = append(gaps, part.name)
		}
	}
	if len(s.Categories) == 0 {
		gaps = append(gaps, "categories")
	}
	for _, c := range s.Categories {
		if !slices.Contains(a.Categories, c) {
			gaps = append(gaps, "category:"+c)
		}
	}
	for _, c := range s.Countries {
		if !slices.Contains(a.Countries, c) {
			gaps = append(gaps, "country:"+c)
		}
	}
	// R40, R47: the least protected of the people are those who were judged.
	for _, who := range a.leavesOut(s.People) {
		gaps = append(gaps, "people:"+who)
	}
	return gaps
}

// Covers reports that nothing of s is missing (Gaps).
func (a Assessment) Covers(s Scope) bool { return len(a.Gaps(s)) == 0 }

// LiveAt reports that the assessment is approved and within its validity at
// now, whether or not Expire has been called yet (gate condition 17, R40).
func (a Assessment) LiveAt(now time.Time) bool {
	return a.State == Approved && !now.Before(a.ApprovedAt) && now.Before(a.ValidUntil)
}
