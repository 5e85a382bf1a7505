package assessment

import (
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
)

// Derogation is what lets one transfer pass that a refused band, SEVERE, would
// stop: Legal and the DPO give it jointly, in writing, for a scope that they
// name (domain.md section 3). It is part of the assessment that it derogates
// from: what holds the assessment still while a decision is taken, holds it too.
//
// The first transfer whose request passes under it is the only one: Transfer is
// written in the transaction of that request, so that its commit and its pulls
// only read it. A request that is refused uses nothing up.
type Derogation struct {
	Version     int       `json:"version"` // of the content that it is about
	Partner     string    `json:"partner"`
	Purpose     string    `json:"purpose"`
	Categories  []string  `json:"categories"`
	MaxSubjects int       `json:"max_subjects"`
	Until       time.Time `json:"until"` // exclusive
	Given       []Given   `json:"given"`
	Transfer    string    `json:"transfer,omitempty"` // the one that it lets pass
	UsedAt      time.Time `json:"used_at,omitzero"`
	WithdrawnBy string    `json:"withdrawn_by,omitempty"`
}

// Given is one of the two acts that make a derogation.
type Given struct {
	Person string     `json:"person"`
	Role   authz.Role `json:"role"`
	At     time.Time  `json:"at"`
	Text   string     `json:"text"` // why
}

func (d Derogation) clone() Derogation {
	d.Categories, d.Given = slices.Clone(d.Categories), slices.Clone(d.Given)
	return d
}

func (d Derogation) sameScope(other Derogation) bool {
	return d.Partner == other.Partner && d.Purpose == other.Purpose && slices.Equal(d.Categories, other.Categories) &&
		d.MaxSubjects == other.MaxSubjects && d.Until.Equal(other.Until)
}

// Derogable reports whether the band is all that stands in the way: a stop
// answer cannot be derogated from.
func (r Result) Derogable() bool {
	return len(r.Derogation) > 1 && len(r.Reasons) == 1 && r.Reasons[0].Code == ReasonRefused
}

// Derogate is one of the acts that jointly let one transfer pass. Of scope it
// takes partner, purpose, categories, most subjects and the end; the second act
// names the same. With the last of them the assessment is approved until the
// end, for that one transfer alone: see Derogates.
func (a Assessment) Derogate(scope Derogation, by Given, now time.Time) (Assessment, error) {
	const event = "derogate"
	if err := a.mayDecide(event, by.Person); err != nil {
		return Assessment{}, err
	}
	if !a.Result.Derogable() {
		return Assessment{}, a.refuse(event, "the band alone stands in the way, and the template lets it be derogated from ("+a.Result.why()+")", "return it: reduce the data or the risk, or do not share")
	}
	if !slices.Contains(a.Result.Derogation, by.Role) {
		return Assessment{}, a.refuse(event, "by "+names(a.Result.Derogation)+" jointly", "ask them")
	}
	scope.Version, scope.Categories, scope.Until = a.Version, sorted(scope.Categories), instant(scope.Until)
	if mend := a.unfit(scope, by, now); mend != "" {
		return Assessment{}, a.refuse(event, "for one transfer, in writing", mend)
	}
	out := a.clone(now)
	if out.Derogation == nil {
		scope.Given, scope.Transfer, scope.UsedAt, scope.WithdrawnBy = nil, "", time.Time{}, ""
		out.Derogation = new(scope.clone())
	}
	d := out.Derogation
	if !d.sameScope(scope) {
		return Assessment{}, a.refuse(event, "both name the same scope", "give it for the scope that was given before, or return the assessment")
	}
	for _, prior := range d.Given {
		if prior.Role == by.Role || prior.Person == by.Person {
			return Assessment{}, a.refuse(event, "each role once, each by another person", "ask "+names(a.Result.Derogation))
		}
	}
	by.At = instant(now)
	if d.Given = append(d.Given, by); len(d.Given) == len(a.Result.Derogation) {
		out.State, out.ApprovedAt, out.ValidUntil = Approved, by.At, d.Until
	}
	return out, nil
}

// unfit says what to mend of a derogation, or nothing.
func (a Assessment) unfit(scope Derogation, by Given, now time.Time) string {
	switch {
	case strings.TrimSpace(by.Text) == "":
		return "say in writing why it is given"
	case scope.Partner == "" || !slices.Contains(a.Purposes, scope.Purpose):
		return "name the partner, and a purpose that was assessed"
	case len(scope.Categories) == 0 || slices.ContainsFunc(scope.Categories, func(c string) bool { return !slices.Contains(a.Categories, c) }):
		return "name categories that were assessed"
	case scope.MaxSubjects < 1:
		return "name the most subjects"
	case !now.Before(scope.Until) || scope.Until.After(now.AddDate(0, 0, a.Result.DerogationDays)):
		return "give an end ahead, within the days that the template allows"
	}
	return ""
}

// Derogates reports whether s, which names a transfer, may pass a refused band:
// two people gave the derogation, nobody withdrew it, it is not over, no other
// transfer used it, and s lies within it (gate condition 18).
func (a Assessment) Derogates(s Scope, now time.Time) bool {
	d := a.Derogation
	return d != nil && a.State == Approved && d.Version == a.Version && a.joint() && d.WithdrawnBy == "" && now.Before(d.Until) &&
		s.Transfer != "" && (d.Transfer == "" || d.Transfer == s.Transfer) &&
		s.Partner == d.Partner && s.Mission == a.Mission && s.Purpose == d.Purpose && s.Subjects <= d.MaxSubjects && len(s.Categories) > 0 &&
		!slices.ContainsFunc(s.Categories, func(c string) bool { return !slices.Contains(d.Categories, c) })
}

// joint counts anew who gave it: every role that the band asks, each by another
// person, and none of them who wrote the assessment.
func (a Assessment) joint() bool {
	var roles []authz.Role
	var people []string
	for _, g := range a.Derogation.Given {
		if g.Person == "" || g.Person == a.Author || slices.Contains(a.Editors, g.Person) || slices.Contains(people, g.Person) {
			return false
		}
		roles, people = append(roles, g.Role), append(people, g.Person)
	}
	return len(roles) > 1 && len(roles) == len(a.Result.Derogation) &&
		!slices.ContainsFunc(a.Result.Derogation, func(r authz.Role) bool { return !slices.Contains(roles, r) })
}

// UseDerogation binds the derogation to the transfer whose request passed under
// it, in the transaction of the request: before a commit holds the assessment
// still. Again for the same transfer changes nothing.
func (a Assessment) UseDerogation(s Scope, now time.Time) (Assessment, error) {
	if !a.Derogates(s, now) {
		return Assessment{}, a.refuse("use derogation", "a derogation for one transfer, not used by another", "ask Legal and the DPO for another")
	}
	out := a.clone(now)
	if out.Derogation.Transfer == "" {
		out.Derogation.Transfer, out.Derogation.UsedAt = s.Transfer, instant(now)
	}
	return out, nil
}

// WithdrawDerogation ends it at once; what was released under it and not pulled
// yet is held.
func (a Assessment) WithdrawDerogation(person string, now time.Time) (Assessment, error) {
	const event = "withdraw derogation"
	if err := a.in(event, "nothing to do", Submitted, Approved); err != nil {
		return Assessment{}, err
	}
	if a.Derogation == nil || person == "" {
		return Assessment{}, a.refuse(event, "a derogation, and who withdraws it", "nothing to do")
	}
	out := a.clone(now)
	if a.State == Submitted { // one of two has given it
		out.Derogation = nil
		return out, nil
	}
	out.Derogation.WithdrawnBy = person
	out.State, out.ValidUntil = Expired, instant(now)
	return out, nil
}
