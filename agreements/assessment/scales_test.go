package assessment_test

import (
	"errors"
	"testing"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
)

// What the system answers by itself is the template's own, and is checked when a template is written.
func TestScales(t *testing.T) {
	t.Parallel()
	write := func(change func(*assessment.Template)) error {
		own := current(t)
		change(&own)
		_, err := assessment.NewEdition("e", "leg-1", own, now, "other numbers", now)
		return err
	}
	steps := func(s ...assessment.SubjectStep) func(*assessment.Template) {
		return func(t *assessment.Template) {
			t.Subjects = &assessment.SubjectScale{Question: "S4", Steps: s, Beyond: 5}
		}
	}
	categories := func(question string, low, moderate, high, severe int) func(*assessment.Template) {
		return func(t *assessment.Template) {
			t.Categories = &assessment.CategoryScale{Question: question, Low: low, Moderate: moderate, High: high, Severe: severe}
		}
	}
	for name, good := range map[string]func(*assessment.Template){
		"as shipped":         func(*assessment.Template) {},
		"one step":           steps(assessment.SubjectStep{Most: 1, Answer: 1}),
		"all at the highest": categories("S1", 5, 5, 5, 5),
		"another question":   categories("S3", 1, 2, 3, 4),
	} {
		t.Run("R37 "+name, func(t *testing.T) {
			t.Parallel()
			if err := write(good); err != nil {
				t.Error(err)
			}
		})
	}
	for name, wrong := range map[string]func(*assessment.Template){
		"no categories":             func(t *assessment.Template) { t.Categories = nil },
		"no subjects":               func(t *assessment.Template) { t.Subjects = nil },
		"no people":                 func(t *assessment.Template) { t.People = nil },
		"categories of no question": categories("S9", 1, 2, 4, 5),
		"categories of a benefit":   categories("B1", 1, 2, 4, 5),
		"high below moderate":       categories("S1", 1, 4, 2, 5),
		"beyond the question":       categories("S1", 1, 2, 4, 6),
		"below the question":        categories("S1", 0, 2, 4, 5),
		"two of one question":       categories("S4", 1, 2, 4, 5),
		"no steps":                  steps(),
		"a step of nobody":          steps(assessment.SubjectStep{Most: 0, Answer: 1}),
		"steps that stand":          steps(assessment.SubjectStep{Most: 10, Answer: 1}, assessment.SubjectStep{Most: 10, Answer: 2}),
		"answers that fall":         steps(assessment.SubjectStep{Most: 10, Answer: 3}, assessment.SubjectStep{Most: 20, Answer: 2}),
		"an answer off the scale":   steps(assessment.SubjectStep{Most: 10, Answer: 6}),
	} {
		t.Run("R37 "+name, func(t *testing.T) {
			t.Parallel()
			if err := write(wrong); !errors.Is(err, assessment.ErrTemplate) {
				t.Error(err)
			}
		})
	}
}

// What an assessment judged is as it was submitted; of one from before that was kept its answer tells.
func TestJudged(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kept   terms.Sensitivity
		answer *int
		want   terms.Sensitivity
	}{
		"R40 as it was submitted":     {terms.Moderate, new(5), terms.Moderate},
		"R40 by an answer of 1":       {"", new(1), terms.Low},
		"R40 by an answer of 2":       {"", new(2), terms.Moderate},
		"R40 by an answer in between": {"", new(3), terms.Moderate},
		"R40 by an answer of 4":       {"", new(4), terms.High},
		"R40 by an answer of 5":       {"", new(5), terms.Severe},
		"R40 the lowest by no answer": {"", nil, terms.Low},
		"R40 kept, without an answer": {terms.High, nil, terms.High},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := assessment.Assessment{Sensitivity: tc.kept, Content: assessment.Content{Answers: assessment.Answers{"S1": {Value: tc.answer}}}}
			if got := a.Judged(); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	unknown := assessment.Answers{"S1": {Unknown: true}}
	if got := (assessment.Assessment{Content: assessment.Content{Answers: unknown}}).Judged(); got != terms.Severe {
		t.Errorf("R40 of one answered as unknown %s", got)
	}
	if got := (assessment.Assessment{}).Judged(); got != terms.Low {
		t.Errorf("R40 of nothing answered %s", got)
	}
}
