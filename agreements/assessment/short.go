package assessment

import (
	"maps"
	"slices"

	"safeconduct/agreements/terms"
)

// Form is which questions of a template are asked.
type Form string

// The forms (R47).
const (
	Long  Form = ""
	Short Form = "short"
)

// ShortForm is the reduced set of questions for what is of low risk (R47). What
// it leaves out is assumed, so that one formula scores both forms, and the short
// one never ends better than the long one with those answers.
type ShortForm struct {
	// Sensitivities are those that every category of the scope must have.
	Sensitivities []terms.Sensitivity `json:"sensitivities" yaml:"sensitivities"`
	// Limits are the highest answers that are not beyond the form, by question.
	Limits map[string]int `json:"limits" yaml:"limits"`
	// Assumed are the answers to the questions that it leaves out.
	Assumed map[string]int `json:"assumed" yaml:"assumed"`
	// Band is the highest that it may end in; beyond, the long form is needed.
	Band Band `json:"band" yaml:"band"`
}

// asked are the questions of a form.
func (t Template) asked(form Form) []Question {
	if form == Long || t.Short == nil {
		return t.Questions
	}
	return slices.DeleteFunc(slices.Clone(t.Questions), func(q Question) bool {
		_, assumed := t.Short.Assumed[q.ID]
		return assumed
	})
}

// completed are the answers with those that the form assumes.
func (t Template) completed(form Form, answers Answers) Answers {
	if form == Long || t.Short == nil {
		return answers
	}
	all := maps.Clone(answers)
	for id, value := range t.Short.Assumed {
		all[id] = Answer{Value: new(value)}
	}
	return all
}

// checkForm is what the form alone says of the answers.
func (t Template) checkForm(form Form, answers Answers) []Problem {
	switch {
	case form == Long:
		return nil
	case form != Short:
		return []Problem{{Field: "form", Problem: "is short, or left out"}}
	case t.Short == nil:
		return []Problem{{Field: "form", Problem: "is not offered by the template"}}
	}
	var problems []Problem
	for id, answer := range answers {
		if _, assumed := t.Short.Assumed[id]; assumed {
			problems = append(problems, Problem{Field: field(id), Problem: "is not asked by the short form"})
		}
		limit, limited := t.Short.Limits[id]
		if limited && (answer.Unknown || answer.Value != nil && *answer.Value > limit) {
			problems = append(problems, Problem{Field: field(id), Problem: "is beyond the short form: answer the long one"})
		}
	}
	return problems
}

// reaches reports whether a form may end in the band.
func (t Template) reaches(form Form, band Band) bool {
	return form == Long || t.Short != nil && t.band(band) <= t.band(t.Short.Band)
}

// admits reports whether the form is for the categories: each is known, is not
// marked sensitive, and has a sensitivity that the template names.
func (t Template) admits(form Form, codes []string, known []terms.Category) bool {
	if form == Long {
		return true
	}
	return t.Short != nil && !slices.ContainsFunc(codes, func(code string) bool {
		i := slices.IndexFunc(known, func(k terms.Category) bool { return k.Code == code })
		return i < 0 || known[i].NeedsOfficer() || !slices.Contains(t.Short.Sensitivities, known[i].Sensitivity)
	})
}

// validateShort: what is left out is no stop question and no mitigation that
// counts, and what is limited is asked.
func (t Template) validateShort() error {
	s := t.Short
	if s == nil {
		return nil
	}
	if t.band(s.Band) < 0 || len(s.Sensitivities) == 0 || len(s.Assumed) == 0 || len(s.Limits) == 0 {
		return bad("short form: band, sensitivities, limits and assumed answers are needed")
	}
	for _, x := range s.Sensitivities {
		if x != terms.Low && x != terms.Moderate { // R47: it serves low risk
			return bad("short form: sensitivity %q is not for it", x)
		}
	}
	for id, value := range s.Assumed {
		q, ok := t.Question(id)
		if !ok || q.Group == GroupStop || q.Group == GroupMitigation && value != 0 || value < q.Scale.Min || value > q.Scale.Max {
			return bad("short form: %s cannot be assumed to be %d", id, value)
		}
	}
	for id, value := range s.Limits {
		q, ok := t.Question(id)
		if _, assumed := s.Assumed[id]; !ok || assumed || value < q.Scale.Min || value > q.Scale.Max {
			return bad("short form: limit %d of %s", value, id)
		}
	}
	return nil
}
