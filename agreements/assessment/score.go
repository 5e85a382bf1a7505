package assessment

import (
	"slices"

	"safeconduct/agreements/signing"
	"safeconduct/authz"
)

// ReasonCode says why a result cannot be approved.
type ReasonCode string

// The reasons.
const (
	ReasonStop    ReasonCode = "stop_answer"     // a K question was answered with its stop
	ReasonBenefit ReasonCode = "benefit_too_low" // for the band
	ReasonRefused ReasonCode = "band_refused"    // SEVERE
)

// Reason is one reason, with the numbers that mend it.
type Reason struct {
	Code     ReasonCode   `json:"code"`
	Question string       `json:"question,omitempty"` // of ReasonStop
	Have     int          `json:"have,omitempty"`     // of ReasonBenefit
	Need     int          `json:"need,omitempty"`
	Ask      []authz.Role `json:"ask,omitempty"` // who can help (R56)
}

// Result is what the answers come to under a template, with what the band asks
// for, so that it can be judged later without that template. The zero Result is
// not approvable.
type Result struct {
	Severity      int  `json:"severity"`       // S
	Likelihood    int  `json:"likelihood"`     // L
	Mitigation    int  `json:"mitigation"`     // M
	NetLikelihood int  `json:"net_likelihood"` // L'
	Residual      int  `json:"residual"`       // S x L'
	Benefit       int  `json:"benefit"`        // B
	Band          Band `json:"band"`

	Approvable  bool         `json:"approvable"`
	Reasons     []Reason     `json:"reasons,omitempty"`     // why not, stops first
	Stops       []string     `json:"stops,omitempty"`       // the questions that stop
	Unevidenced []string     `json:"unevidenced,omitempty"` // mitigations that are only planned, and score 0
	Approvals   []authz.Role `json:"approvals,omitempty"`   // whose approval the band needs
	Reviewers   []authz.Role `json:"reviewers"`             // who may return or reject
	ValidMonths int          `json:"valid_months"`          // calendar months from approval
	// Derogation is who jointly may derogate from a refused band, for one transfer.
	Derogation     []authz.Role `json:"derogation,omitempty"`
	DerogationDays int          `json:"derogation_days,omitempty"` // longest life of it
	// People are those for whom the answers stand.
	People *People `json:"people,omitempty"`
}

// Score works out the result exactly as domain.md section 3 has it, in whole
// numbers. It answers ErrInvalid, with every problem, unless answers are
// complete and on their scales.
func Score(t Template, answers Answers) (Result, error) { return t.score(Long, answers) }

// score is Score of the answers to a form. What the short form leaves out is
// answered as the template assumes.
func (t Template) score(form Form, answers Answers) (Result, error) {
	if err := t.validateAnswers(form, answers); err != nil {
		return Result{}, err
	}
	answers = t.completed(form, answers)
	r := Result{
		Severity:   t.severity(answers),
		Likelihood: t.likelihood(answers),
		Benefit:    mean(t.values(GroupBenefit, answers)),
		Reviewers:  slices.Clone(t.Reviewers),
		People:     new(t.people(answers)),
	}
	r.Mitigation, r.Unevidenced = t.mitigation(answers)
	r.NetLikelihood = max(t.netFloor(r.Severity), r.Likelihood-r.Mitigation)
	r.Residual = r.Severity * r.NetLikelihood
	rule := t.rule(r.Severity, r.Residual)
	r.Band, r.ValidMonths, r.Approvals = rule.Band, rule.Months, slices.Clone(rule.Approvals)
	if rule.Refused && rule.DerogationDays > 0 {
		r.Derogation, r.DerogationDays = slices.Clone(rule.Derogation), rule.DerogationDays
	}
	for _, q := range t.Questions {
		if q.Stop != nil && *answers[q.ID].Value == q.Stop.Answer {
			r.Stops = append(r.Stops, q.ID)
			r.Reasons = append(r.Reasons, Reason{Code: ReasonStop, Question: q.ID, Ask: []authz.Role{q.Stop.Ask}})
		}
	}
	switch {
	case rule.Refused:
		r.Reasons = append(r.Reasons, Reason{Code: ReasonRefused, Ask: slices.Clone(rule.Derogation)})
	case r.Benefit < rule.Benefit:
		r.Reasons = append(r.Reasons, Reason{Code: ReasonBenefit, Have: r.Benefit, Need: rule.Benefit})
	}
	r.Approvable = len(r.Reasons) == 0
	return r, nil
}

// values are the scores of a group's answers; an unknown scores the worst.
func (t Template) values(g Group, answers Answers) []int {
	var out []int
	for _, q := range t.Questions {
		if q.Group != g {
			continue
		}
		if answer := answers[q.ID]; answer.Unknown {
			out = append(out, t.Scoring.Likelihood.Unknown)
		} else {
			out = append(out, *answer.Value)
		}
	}
	return out
}

func (t Template) severity(answers Answers) int {
	rule, values := t.Scoring.Severity, t.values(GroupSeverity, answers)
	grave := 0
	for _, v := range values {
		if v >= rule.Aggravated.AtLeast {
			grave++
		}
	}
	s := slices.Max(values)
	if grave >= rule.Aggravated.Answers {
		s += rule.Aggravated.Add
	}
	return min(s, rule.Cap)
}

func (t Template) likelihood(answers Answers) int {
	values, alarm := t.values(GroupLikelihood, answers), t.Scoring.Likelihood.Alarm
	l := mean(values)
	raised := slices.Max(values) >= alarm.AtLeast
	for _, q := range t.Questions {
		raised = raised || q.Group == GroupLikelihood && answers[q.ID].Unknown
	}
	if raised {
		l = max(l, alarm.Floor)
	}
	return l
}

// mitigation counts only what is evidenced: what is planned scores 0.
func (t Template) mitigation(answers Answers) (score int, unevidenced []string) {
	sum := 0
	for _, q := range t.Questions {
		if q.Group != GroupMitigation {
			continue
		}
		answer := answers[q.ID]
		switch {
		case answer.evidenced():
			sum += *answer.Value
		case *answer.Value > 0:
			unevidenced = append(unevidenced, q.ID)
		}
	}
	return sum / t.Scoring.Mitigation.Divisor, unevidenced
}

func (t Template) netFloor(severity int) int {
	for _, f := range t.Scoring.NetLikelihoodFloors {
		if severity >= f.Severity {
			return f.Floor
		}
	}
	return 1
}

// rule is the band of the residual, raised to the severity's floor.
func (t Template) rule(severity, residual int) BandRule {
	rank := len(t.Bands) - 1
	for i, b := range t.Bands {
		if residual <= b.To {
			rank = i
			break
		}
	}
	for _, f := range t.Scoring.BandFloors {
		if severity >= f.Severity {
			rank = max(rank, t.band(f.Band))
			break
		}
	}
	return t.Bands[rank]
}

// mean rounds half up.
func mean(values []int) int {
	sum := 0
	for _, v := range values {
		sum += v
	}
	return (2*sum + len(values)) / (2 * len(values))
}

// Consistent reports that a's result is what its answers come to under t, which
// must be the very template it was submitted on.
func (a Assessment) Consistent(t Template) bool {
	if a.TemplateVersion != t.Version || a.TemplateDigest != t.Digest() {
		return false
	}
	again, err := t.score(a.Form, a.Answers)
	if err != nil {
		return false
	}
	// By digest, so that a list that went through a store as absent or as empty
	// is the same list.
	want, errWant := signing.DigestOf(again)
	got, errGot := signing.DigestOf(a.Result)
	return errWant == nil && errGot == nil && want == got
}
