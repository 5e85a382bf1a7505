package assessment

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"safeconduct/authz"
)

const (
	maxScale          = 100 // keeps every product far inside an int
	maxQuestions      = 200
	maxText           = 2000 // bytes
	maxDerogationDays = 366
)

// validate refuses a template whose numbers could not give a sound result:
// gaps between bands, a refused band below an allowed one, floors that fall as
// severity rises. The monotony of Score rests on it.
func (t Template) validate() error {
	if t.Version < 1 {
		return bad("version is missing")
	}
	if !t.Title.whole() {
		return bad("title lacks a language")
	}
	if !approvers(t.Reviewers) {
		return bad("reviewers are not distinct reviewing roles")
	}
	if t.Digest().IsZero() {
		return bad("it has no canonical form")
	}
	for _, check := range []func() error{t.validateQuestions, t.validateScoring, t.validateBands, t.validateFloors, t.validateShort, t.validatePeople, t.validateScales} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTemplate, fmt.Sprintf(format, args...))
}

// whole reports that the text is there in each language, and of a bounded length.
func (x Text) whole() bool {
	return !slices.ContainsFunc([]string{x.EN, x.FR, x.ES}, func(s string) bool { return strings.TrimSpace(s) == "" || len(s) > maxText })
}

// approvers reports that roles are some distinct roles that may review at all
// (domain.md section 5).
func approvers(roles []authz.Role) bool {
	for i, role := range roles {
		if !slices.Contains([]authz.Role{authz.FP, authz.HOM, authz.LEG, authz.DPO}, role) || slices.Contains(roles[:i], role) {
			return false
		}
	}
	return len(roles) > 0
}

var questionID = regexp.MustCompile(`^[A-Z][A-Z0-9]{0,15}$`)

// bands are those that the rest of the system knows, lowest first.
func bands() []Band { return []Band{Low, Moderate, High, Severe} }

func (t Template) validateQuestions() error {
	if len(t.Questions) > maxQuestions {
		return bad("more than %d questions", maxQuestions)
	}
	count := map[Group]int{}
	for i, q := range t.Questions {
		if !questionID.MatchString(q.ID) || slices.ContainsFunc(t.Questions[:i], func(p Question) bool { return p.ID == q.ID }) {
			return bad("question %d: its id is not of the form K1, or there twice", i+1)
		}
		if err := q.validate(); err != nil {
			return err
		}
		count[q.Group]++
	}
	for _, g := range []Group{GroupStop, GroupSeverity, GroupLikelihood, GroupMitigation, GroupBenefit} {
		if count[g] == 0 {
			return bad("no question in group %s", g)
		}
	}
	if len(count) != 5 {
		return bad("a question is in an unknown group")
	}
	return nil
}

func (q Question) validate() error {
	if !q.Text.whole() {
		return bad("%s: text lacks a language", q.ID)
	}
	least := 1
	if q.Group == GroupStop || q.Group == GroupMitigation {
		least = 0
	}
	if q.Scale.Min < least || q.Scale.Max <= q.Scale.Min || q.Scale.Max > maxScale {
		return bad("%s: scale %d to %d", q.ID, q.Scale.Min, q.Scale.Max)
	}
	for i, anchor := range q.Anchors {
		if !anchor.whole() || anchor.Value < q.Scale.Min || anchor.Value > q.Scale.Max ||
			(i > 0 && anchor.Value <= q.Anchors[i-1].Value) {
			return bad("%s: anchor %d", q.ID, i+1)
		}
	}
	if len(q.Anchors) == 0 {
		return bad("%s: no anchors", q.ID)
	}
	if (q.Group == GroupStop) != (q.Stop != nil) {
		return bad("%s: only, and every, stop question says which answer stops", q.ID)
	}
	if q.Stop != nil && (q.Stop.Answer < q.Scale.Min || q.Stop.Answer > q.Scale.Max || !approvers([]authz.Role{q.Stop.Ask})) {
		return bad("%s: stop answer is off its scale, or nobody to ask", q.ID)
	}
	if q.Unknown && q.Group != GroupLikelihood {
		return bad("%s: only a likelihood may be unknown", q.ID)
	}
	return nil
}

func (t Template) validateScoring() error {
	severity, likelihood := t.Scoring.Severity, t.Scoring.Likelihood
	top := t.highest(GroupLikelihood)
	switch {
	case severity.Cap < 1 || severity.Cap > maxScale:
		return bad("severity cap %d", severity.Cap)
	case severity.Aggravated.Answers < 1 || severity.Aggravated.AtLeast < 1 ||
		severity.Aggravated.Add < 1 || severity.Aggravated.Add > maxScale:
		return bad("severity aggravated lacks a number")
	case likelihood.Alarm.AtLeast < 1 || likelihood.Alarm.Floor < 1 || likelihood.Alarm.Floor > top:
		return bad("likelihood alarm lacks a number, or floors above the scale")
	case likelihood.Unknown != top:
		return bad("unknown must score the worst likelihood, %d", top)
	case t.Scoring.Mitigation.Divisor < 1:
		return bad("mitigation divisor %d", t.Scoring.Mitigation.Divisor)
	}
	return nil
}

func (t Template) highest(g Group) int {
	highest := 0
	for _, q := range t.Questions {
		if q.Group == g {
			highest = max(highest, q.Scale.Max)
		}
	}
	return highest
}

func (t Template) validateBands() error {
	if len(t.Bands) == 0 {
		return bad("no bands")
	}
	next := 1
	for i, b := range t.Bands {
		rank := slices.Index(bands(), b.Band)
		if rank < 0 || t.band(b.Band) != i || i > 0 && rank < slices.Index(bands(), t.Bands[i-1].Band) {
			return bad("band %d is none of LOW, MODERATE, HIGH and SEVERE, in this order", i+1)
		}
		if b.From != next || b.To < b.From {
			return bad("band %s: from %d to %d leaves a gap or overlaps", b.Band, b.From, b.To)
		}
		if i > 0 && (b.Benefit < t.Bands[i-1].Benefit && !b.Refused || t.Bands[i-1].Refused && !b.Refused) {
			return bad("band %s asks less than the one below it", b.Band)
		}
		if i > 0 && t.Bands[i-1].Consulted && !b.Consulted {
			return bad("band %s: people are consulted from a band on", b.Band)
		}
		if b.Refused != (len(b.Approvals) == 0) || b.Refused != (b.Months == 0) || b.Months < 0 || b.Benefit < 1 {
			return bad("band %s: approvals, months and benefit must be there, or the band refused", b.Band)
		}
		if !b.Refused && !approvers(b.Approvals) || len(b.Derogation) > 0 && !approvers(b.Derogation) {
			return bad("band %s: not distinct reviewing roles", b.Band)
		}
		if b.DerogationDays < 0 || b.DerogationDays > maxDerogationDays || b.DerogationDays > 0 && len(b.Derogation) < 2 {
			return bad("band %s: a derogation is joint, and lasts at most %d days", b.Band, maxDerogationDays)
		}
		next = b.To + 1
	}
	if worst := t.Scoring.Severity.Cap * t.highest(GroupLikelihood); next-1 < worst {
		return bad("bands end at %d below the worst residual %d", next-1, worst)
	}
	return nil
}

func (t Template) band(name Band) int {
	return slices.IndexFunc(t.Bands, func(b BandRule) bool { return b.Band == name })
}

func (t Template) validateFloors() error {
	nets, bands := t.Scoring.NetLikelihoodFloors, t.Scoring.BandFloors
	top := t.highest(GroupLikelihood)
	for i, f := range nets {
		if f.Floor < 1 || f.Floor > top || (i > 0 && (f.Severity >= nets[i-1].Severity || f.Floor > nets[i-1].Floor)) {
			return bad("net likelihood floor %d: highest severity first, floors falling", i+1)
		}
	}
	if len(nets) == 0 || nets[len(nets)-1].Severity != 1 {
		return bad("no net likelihood floor for severity 1")
	}
	for i, f := range bands {
		rank := t.band(f.Band)
		if rank < 0 || (i > 0 && (f.Severity >= bands[i-1].Severity || rank > t.band(bands[i-1].Band))) {
			return bad("band floor %d: highest severity first, bands falling", i+1)
		}
	}
	return nil
}
