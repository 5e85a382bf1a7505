package assessment

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is what every InvalidError is, for errors.Is.
var ErrInvalid = errors.New("assessment is not valid")

const maxEvidence = 4000 // bytes

// Answer is the answer to one question. Value is nil while there is none, so
// that a missing answer is never read as "no".
type Answer struct {
	Value    *int   `json:"value,omitempty"`
	Evidence string `json:"evidence,omitempty"`
	Unknown  bool   `json:"unknown,omitempty"` // instead of a value, where the question allows it
}

// Answers are answers by question id.
type Answers map[string]Answer

func (a Answers) clone() Answers {
	out := maps.Clone(a)
	for id, answer := range out {
		if answer.Value != nil {
			answer.Value = new(*answer.Value)
			out[id] = answer
		}
	}
	return out
}

// Problem is one thing to mend, by the path of its field.
type Problem struct {
	Field   string `json:"field"`
	Problem string `json:"problem"`
}

// InvalidError lists everything that is wrong, sorted by field. It repeats no
// evidence text.
type InvalidError struct {
	Problems []Problem
}

// Error lists the problems.
func (e *InvalidError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Field + " " + p.Problem
	}
	return ErrInvalid.Error() + ": " + strings.Join(texts, "; ")
}

// Is makes every InvalidError an ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

func invalid(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Problem, b.Problem))
	})
	return &InvalidError{Problems: problems}
}

// Check answers ErrInvalid where an answer is wrong: to no question of t, off
// its scale, or unknown where that is not allowed. Missing answers pass.
func (t Template) Check(answers Answers) error { return invalid(t.check(Long, answers)) }

// Validate is Check, and every question must be answered.
func (t Template) Validate(answers Answers) error { return t.validateAnswers(Long, answers) }

func (t Template) validateAnswers(form Form, answers Answers) error {
	problems := t.check(form, answers)
	for _, q := range t.asked(form) {
		if answer := answers[q.ID]; answer.Value == nil && !answer.Unknown {
			problems = append(problems, Problem{Field: field(q.ID), Problem: "is not answered"})
		}
	}
	return invalid(problems)
}

func (t Template) check(form Form, answers Answers) []Problem {
	problems := t.checkForm(form, answers)
	for id, answer := range answers {
		q, ok := t.Question(id)
		if !ok {
			problems = append(problems, Problem{Field: "answers", Problem: "has an id that is no question of this template"})
			continue
		}
		if text := q.check(answer); text != "" {
			problems = append(problems, Problem{Field: field(id), Problem: text})
		}
	}
	return problems
}

func field(question string) string {
	if len(question) > 32 || !utf8.ValidString(question) {
		return "answers"
	}
	return "answers." + question
}

func (q Question) check(answer Answer) string {
	switch {
	case answer.Unknown && !q.Unknown:
		return "cannot be answered as unknown"
	case answer.Unknown && answer.Value != nil:
		return "has both a value and unknown"
	case answer.Value != nil && (*answer.Value < q.Scale.Min || *answer.Value > q.Scale.Max):
		return fmt.Sprintf("is outside its scale %d to %d", q.Scale.Min, q.Scale.Max)
	case len(answer.Evidence) > maxEvidence:
		return fmt.Sprintf("has evidence longer than %d bytes", maxEvidence)
	case !utf8.ValidString(answer.Evidence):
		return "has evidence that is not UTF-8"
	}
	return ""
}

// evidenced reports that the answer says on what it rests; what is only planned
// does not (domain.md section 3, M1-M4).
func (a Answer) evidenced() bool { return strings.TrimSpace(a.Evidence) != "" }
