package transfer

import (
	"slices"
	"testing"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz/rulebook"
)

func shippedRules(t *testing.T) rules {
	t.Helper()
	b, err := rulebook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return rules{b.Current.Rules}
}

// Issue point 8: a second person where the policy data says so by band and category (gate condition 28).
func TestSecondPerson(t *testing.T) {
	known := []terms.Category{
		{Code: "contact", Sensitivity: terms.Low},
		{Code: "family", Sensitivity: terms.Moderate},
		{Code: "identity", Sensitivity: terms.High},
		{Code: "location", Sensitivity: terms.Severe},
		{Code: "health", Sensitivity: terms.Low, Sensitive: true},
	}
	of := func(band assessment.Band) *assessment.Assessment {
		a := &assessment.Assessment{}
		a.Result.Band = band
		return a
	}
	for _, c := range []struct {
		name       string
		assessment *assessment.Assessment
		declared   []string
		change     func(*rulebook.SecondPerson)
		want       bool
	}{
		{"LOW, of low and moderate sensitivity", of(assessment.Low), []string{"contact", "family"}, nil, false},
		{"MODERATE", of(assessment.Moderate), []string{"contact"}, nil, true},
		{"HIGH", of(assessment.High), []string{"contact"}, nil, true},
		{"SEVERE", of(assessment.Severe), []string{"contact"}, nil, true},
		{"no assessment", nil, []string{"contact"}, nil, true},
		{"high sensitivity", of(assessment.Low), []string{"contact", "identity"}, nil, true},
		{"severe sensitivity", of(assessment.Low), []string{"location"}, nil, true},
		{"sensitive", of(assessment.Low), []string{"health"}, nil, true},
		{"a category that nobody knows", of(assessment.Low), []string{"?"}, nil, true},
		{"a category that the rules name", of(assessment.Low), []string{"contact"}, func(s *rulebook.SecondPerson) { s.Categories = []string{"contact"} }, true},
		{"a band that the rules no longer name", of(assessment.Moderate), []string{"contact"}, func(s *rulebook.SecondPerson) { s.Bands = []string{"HIGH"} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := shippedRules(t)
			if c.change != nil {
				c.change(&r.SecondPerson)
			}
			if got := r.needsSecondPerson(c.assessment, c.declared, known); got != c.want {
				t.Errorf("needs a second person: %v", got)
			}
		})
	}
}

func TestOpaqueFiles(t *testing.T) {
	r := shippedRules(t)
	sent := Transfer{Files: []File{{N: 1, MediaType: "text/csv; charset=utf-8"}, {N: 2, MediaType: "image/png"}, {N: 3, MediaType: "application/json"}, {N: 4, MediaType: "video/mp4"}}}
	if got := r.opaque(sent); !slices.Equal(got, []int{2, 4}) {
		t.Errorf("opaque are %v", got)
	}
	r.Transfer.MatchedTypes = nil
	if got := r.opaque(sent); len(got) != 4 {
		t.Errorf("under rules that list no type opaque are %v", got)
	}
}
