package assessment

import (
	"slices"
	"strings"
	"time"
)

// Scope is what a transfer asks of an assessment (gate condition 16).
type Scope struct {
	Mission          string
	Agreement        string
	AgreementVersion int
	Purpose          string
	Categories       []string
	Countries        []string // of the recipients; empty asks nothing about countries
}

// Gaps are the parts of s that the assessment does not cover (RBA_SCOPE), such
// as "agreement_version" or "category:HEALTH", in a fixed order; none if it
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
	return gaps
}

// Covers reports that nothing of s is missing (Gaps).
func (a Assessment) Covers(s Scope) bool { return len(a.Gaps(s)) == 0 }

// LiveAt reports that the assessment is approved and within its validity at
// now, whether or not Expire has been called yet (gate condition 17, R40).
func (a Assessment) LiveAt(now time.Time) bool {
	return a.State == Approved && !now.Before(a.ApprovedAt) && now.Before(a.ValidUntil)
}

// OpenConditions are the conditions not closed by now, whatever their due date:
// gate condition 18 (RBA_CONDITION_OPEN) asks that all are closed.
func (a Assessment) OpenConditions(now time.Time) []Condition {
	var open []Condition
	for _, c := range a.Conditions {
		if c.ClosedAt.IsZero() || c.ClosedAt.After(now) {
			open = append(open, c)
		}
	}
	return open
}

// OverdueAt reports that the condition is open at now and its due instant has
// come.
func (c Condition) OverdueAt(now time.Time) bool {
	return (c.ClosedAt.IsZero() || c.ClosedAt.After(now)) && !now.Before(c.Due)
}

// AddCondition makes the approval rest on one more duty, until it is approved.
func (a Assessment) AddCondition(text, owner string, due, now time.Time) (Assessment, error) {
	const event = "add condition"
	if err := a.in(event, "start a new assessment", Draft, Submitted, Returned); err != nil {
		return Assessment{}, err
	}
	if strings.TrimSpace(text) == "" || owner == "" || due.IsZero() {
		return Assessment{}, a.refuse(event, "text, owner and due date", "give all three")
	}
	out := a.clone(now)
	out.Conditions = append(out.Conditions, Condition{
		Number: len(out.Conditions) + 1, Text: text, Owner: owner, Due: instant(due),
	})
	return out, nil
}

// CloseCondition closes the condition of that number once.
func (a Assessment) CloseCondition(number int, person string, now time.Time) (Assessment, error) {
	const event = "close condition"
	if err := a.in(event, "nothing to do", Draft, Submitted, Returned, Approved); err != nil {
		return Assessment{}, err
	}
	i := number - 1
	if i < 0 || i >= len(a.Conditions) || !a.Conditions[i].ClosedAt.IsZero() || person == "" {
		return Assessment{}, a.refuse(event, "an open condition of that number, and who closes it", "read the open conditions")
	}
	out := a.clone(now)
	out.Conditions[i].ClosedAt, out.Conditions[i].ClosedBy = instant(now), person
	return out, nil
}
