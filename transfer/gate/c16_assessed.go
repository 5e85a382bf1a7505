package gate

import (
	"slices"
	"strings"

	"safeconduct/agreements/assessment"
	"safeconduct/authz/evidence"
)

// Codes of condition 16.
const (
	RBAMissing Code = "RBA_MISSING"
	RBAScope   Code = "RBA_SCOPE"
)

// assessed is condition 16: an assessment exists and matches the agreement's
// version and the transfer's scope (R40, R47).
func assessed() condition {
	return condition{
		number: "16", phases: always, codes: emergency(RBAMissing, RBAScope),
		check: func(f *Facts) []Finding {
			switch {
			case f.Assessment == nil && f.Ambiguous:
				return nil // whose assessment is known once AGR_AMBIGUOUS is mended
			case f.Assessment == nil:
				return one(RBAMissing, evidence.Ref{})
			}
			if gaps := f.assessmentGaps(); len(gaps) > 0 {
				return one(RBAScope, assessmentRef(f.Assessment), gaps...)
			}
			return nil
		},
	}
}

// assessmentGaps is what the assessment does not cover of the transfer, as far
// as that is known; what is missing has its own code.
func (f *Facts) assessmentGaps() []string {
	x, m := f.Assessment, &f.Manifest
	want := assessment.Scope{
		Mission: m.Mission, Agreement: x.Agreement, AgreementVersion: x.AgreementVersion,
		Purpose: m.Purpose, Categories: m.Categories, People: PeopleOf(f.Subjects),
	}
	if a := f.ruling(); a != nil {
		want.Agreement, want.AgreementVersion = a.ID, a.Document.Version
	}
	want.Countries = f.AssessedCountries()
	return slices.DeleteFunc(x.Gaps(want), func(gap string) bool {
		part, value, listed := strings.Cut(gap, ":")
		unnamed := listed && !stated(value) && part != "country" // a partner without a country is not assessed
		return unnamed || gap == "categories" || gap == "mission" && !stated(m.Mission)
	})
}

// AssessedCountries are those that an assessment of the transfer is about: the
// recipient's, and those in which the agreement lets it store the data.
func (f *Facts) AssessedCountries() []string {
	var all []string
	if p := f.recipient(); p != nil {
		all = append(all, p.Country)
	}
	if a := f.ruling(); a != nil {
		for _, c := range a.Document.Scope.StorageCountries {
			if !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

func assessmentRef(x *assessment.Assessment) evidence.Ref {
	return evidence.Ref{Kind: assessment.KindAssessment, ID: x.ID, Version: x.Record}
}
