package assessment

import (
	"slices"

	"safeconduct/agreements/terms"
)

// CategoryScale says with what a question about the highest sensitivity among the
// categories is answered at least, by sensitivity. One that nobody knows counts
// as severe.
type CategoryScale struct {
	Question string `json:"question" yaml:"question" doc:"a question of severity" example:"S1"`
	Low      int    `json:"low" yaml:"low"`
	Moderate int    `json:"moderate" yaml:"moderate"`
	High     int    `json:"high" yaml:"high"`
	Severe   int    `json:"severe" yaml:"severe"`
}

// SubjectScale says with what a question about how many people a year there are
// is answered at least, by how many the agreement allows.
type SubjectScale struct {
	Question string        `json:"question" yaml:"question" doc:"a question of severity" example:"S4"`
	Steps    []SubjectStep `json:"steps" yaml:"steps" nullable:"false" minItems:"1" maxItems:"100" doc:"rising"`
	Beyond   int           `json:"beyond" yaml:"beyond" doc:"the answer for more people than the last step has"`
}

// SubjectStep is the answer for at most so many people a year.
type SubjectStep struct {
	Most   int `json:"most" yaml:"most" minimum:"1" doc:"so many people a year, or fewer"`
	Answer int `json:"answer" yaml:"answer"`
}

// usualCategories and usualSubjects are those of domain.md section 3, by which
// the templates are judged that say nothing of their own.
func usualCategories() CategoryScale {
	return CategoryScale{Question: "S1", Low: 1, Moderate: 2, High: 4, Severe: 5}
}

func usualSubjects() SubjectScale {
	return SubjectScale{Question: "S4", Steps: []SubjectStep{{10, 1}, {100, 2}, {1000, 3}, {10_000, 4}}, Beyond: 5}
}

func (t Template) categoryScale() CategoryScale {
	if t.Categories == nil {
		return usualCategories()
	}
	return *t.Categories
}

func (t Template) subjectScale() SubjectScale {
	if t.Subjects == nil {
		return usualSubjects()
	}
	return *t.Subjects
}

func (s CategoryScale) of(sensitivity terms.Sensitivity) int {
	switch sensitivity {
	case terms.Low:
		return s.Low
	case terms.Moderate:
		return s.Moderate
	case terms.High:
		return s.High
	default:
		return s.Severe
	}
}

func (s SubjectScale) of(perYear int) int {
	for _, step := range s.Steps {
		if perYear <= step.Most {
			return step.Answer
		}
	}
	return s.Beyond
}

// answers are those of the scale, from the least on.
func (s SubjectScale) answers() []int {
	var all []int
	for _, step := range s.Steps {
		all = append(all, step.Answer)
	}
	return append(all, s.Beyond)
}

// saysItsScales refuses a template that is written without its scales: only one
// from before there were such members means the usual ones.
func (t Template) saysItsScales() error {
	if t.People == nil || t.Categories == nil || t.Subjects == nil {
		return bad("people, categories and subjects are needed: which answers stand for whom, for what and for how many")
	}
	return nil
}

// validateScales: answers lie on the scale of a question of severity, and never
// fall while sensitivity or number rises. What is not said is validated as
// usual, so that no template goes without.
func (t Template) validateScales() error {
	c, s := t.categoryScale(), t.subjectScale()
	if answers := []int{c.Low, c.Moderate, c.High, c.Severe}; !t.scaled(c.Question, answers) {
		return bad("categories: %q is no severity, or its answers %v fall or are off its scale", c.Question, answers)
	}
	if !t.scaled(s.Question, s.answers()) {
		return bad("subjects: %q is no severity, or its answers %v fall or are off its scale", s.Question, s.answers())
	}
	if s.Question == c.Question {
		return bad("categories and subjects are two questions")
	}
	if len(s.Steps) == 0 || len(s.Steps) > maxScale || s.Steps[0].Most < 1 {
		return bad("subjects: some steps are needed, of 1 person or more, at most %d", maxScale)
	}
	for i, step := range s.Steps[1:] {
		if step.Most <= s.Steps[i].Most {
			return bad("subjects: step %d does not rise", i+2)
		}
	}
	return nil
}

// scaled reports whether the answers, in order, fit a question of severity.
func (t Template) scaled(id string, answers []int) bool {
	q, ok := t.Question(id)
	return ok && q.Group == GroupSeverity && slices.IsSorted(answers) && answers[0] >= q.Scale.Min && answers[len(answers)-1] <= q.Scale.Max
}
