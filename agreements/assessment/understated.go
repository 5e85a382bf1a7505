package assessment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"safeconduct/agreements/terms"
)

// understated says, question by question, what is answered below what is known:
// the categories' sensitivities, and the subjects a year that the document
// allows. It is empty where nothing is.
func (t Template) understated(form Form, answers Answers, categories []string, known []terms.Category, perYear int) (mends []string) {
	answers = t.completed(form, answers)
	floor := func(id string, least int, because string) {
		q, asked := t.Question(id)
		if !asked {
			return
		}
		least = min(least, q.Scale.Max)
		if v := answers[id].Value; v == nil || *v < least {
			mends = append(mends, fmt.Sprintf("answer %s with at least %d: %s", id, least, because))
		}
	}
	scale, subjects := t.categoryScale(), t.subjectScale()
	highest, of := 0, terms.Sensitivity("")
	for _, code := range categories {
		var s terms.Sensitivity // of a category that nobody knows
		if i := slices.IndexFunc(known, func(k terms.Category) bool { return k.Code == code }); i >= 0 {
			s = known[i].Sensitivity
		}
		if v := scale.of(s); v > highest {
			highest, of = v, s
		}
	}
	floor(scale.Question, highest, fmt.Sprintf("its categories are up to %s", cmp.Or(of, "unknown sensitivity")))
	floor(subjects.Question, subjects.of(perYear), fmt.Sprintf("the agreement allows %d subjects a year", perYear))
	return mends
}

// Judged is the sensitivity up to which the assessment judged its categories: that
// of its last submission, and of one from before that was kept what its answer
// stands for on the scale of domain.md section 3, on which all were answered then:
// unknown scores as the worst. It is the lowest where there is no answer.
func (a Assessment) Judged() terms.Sensitivity {
	judged, scale := cmp.Or(a.Sensitivity, terms.Low), usualCategories()
	given := a.Answers[scale.Question]
	answer := given.Value
	switch {
	case a.Sensitivity == "" && given.Unknown:
		return terms.Severe
	case a.Sensitivity != "" || answer == nil:
		return judged
	}
	for _, s := range []terms.Sensitivity{terms.Moderate, terms.High, terms.Severe} {
		if *answer >= scale.of(s) {
			judged = s
		}
	}
	return judged
}

// notUnderstated refuses to submit what is answered below what the system knows.
func (x act) notUnderstated(t Template, a Assessment, known []terms.Category) error {
	perYear := max(x.of.PerYear, x.of.AmendedPerYear)
	switch a.AgreementVersion {
	case x.of.Version:
		perYear = x.of.PerYear
	case x.of.Amendment:
		perYear = x.of.AmendedPerYear
	}
	mends := t.understated(a.Form, a.Answers, a.Categories, known, perYear)
	if len(mends) == 0 {
		return nil
	}
	if a.Form == Short {
		mends = append(mends, "where that is beyond the short form, answer the long one")
	}
	return a.refuse("submit", "no answer is below what the system knows", strings.Join(mends, "; "))
}
