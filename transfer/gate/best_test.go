package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
)

func TestBestAssessment(t *testing.T) {
	want := assessment.Scope{Mission: "m1", Agreement: "a1", AgreementVersion: 2, Purpose: "referral", Categories: []string{"identity"}, Countries: []string{"KE"}}
	// In the order of preference, the best first.
	edits := []struct {
		id   string
		edit func(*assessment.Assessment)
	}{
		{"permits, for longest", func(x *assessment.Assessment) { x.ValidUntil = noon().AddDate(5, 0, 0) }},
		{"permits", func(*assessment.Assessment) {}},
		{"open condition", func(x *assessment.Assessment) { x.Conditions = []assessment.Condition{{Number: 1}} }},
		{"lapsed", func(x *assessment.Assessment) { x.ValidUntil = noon() }},
		{"stale", func(x *assessment.Assessment) { x.State = assessment.Stale }},
		{"submitted", func(x *assessment.Assessment) { x.State = assessment.Submitted }},
		{"draft", func(x *assessment.Assessment) { x.State = assessment.Draft }},
		{"superseded", func(x *assessment.Assessment) { x.State = assessment.Superseded }},
		{"approved, older version", func(x *assessment.Assessment) { x.AgreementVersion = 1 }},
		{"approved, two gaps", func(x *assessment.Assessment) { x.AgreementVersion, x.Mission = 1, "m2" }},
		{"draft, other purpose", func(x *assessment.Assessment) { x.State, x.Purposes = assessment.Draft, []string{"photo"} }},
	}
	var ranked []assessment.Assessment
	for _, e := range edits {
		x := approvedAssessment()
		x.ID = e.id
		e.edit(x)
		ranked = append(ranked, *x)
	}
	for i := range ranked {
		rest := slices.Clone(ranked[i:])
		slices.Reverse(rest)
		if got := BestAssessment(rest, want, nil, noon()); got == nil || got.ID != ranked[i].ID {
			t.Errorf("got %v, want %q", got.ID, ranked[i].ID)
		}
	}
	if BestAssessment(nil, want, nil, noon()) != nil {
		t.Error("one out of none")
	}
	if got := BestAssessment(ranked[2:4], want, nil, noon().Add(-time.Hour)); !strings.HasPrefix(got.ID, "lapsed") {
		t.Errorf("before it lapsed, %q", got.ID)
	}
}

func wanted() assessment.Scope {
	return assessment.Scope{
		Mission: "m1", Agreement: "a1", AgreementVersion: 2, Purpose: "referral", Categories: []string{"identity"}, Countries: []string{"KE"},
		Partner: "p1", Subjects: 2, Transfer: "t1",
	}
}

func TestBestAssessmentOfAChild(t *testing.T) {
	long, short := approvedAssessment(), approvedAssessment()
	long.ID, short.ID = "long", "short"
	short.Form, short.Answers = assessment.Short, assessment.Answers{"S2": {Value: new(3)}}
	short.ValidUntil = long.ValidUntil.AddDate(1, 0, 0)
	want := wanted()
	for vulnerable, id := range map[bool]string{false: "short", true: "long"} {
		want.People.Child = vulnerable
		if got := BestAssessment([]assessment.Assessment{*short, *long}, want, nil, noon()); got.ID != id {
			t.Errorf("R47 of a child %v: the %s form", vulnerable, got.ID)
		}
	}
}

// of is an approved assessment of the band; edit may be nil.
func of(band assessment.Band, edit func(*assessment.Assessment)) assessment.Assessment {
	x := approvedAssessment()
	x.ID, x.Result.Band, x.Result.Approvable = string(band), band, band != assessment.Severe
	if edit != nil {
		edit(x)
	}
	return *x
}

// derogated is an assessment of band SEVERE that one transfer may pass; bound to
// transfer, if it is not empty.
func derogated(transfer string) assessment.Assessment {
	return of(assessment.Severe, func(x *assessment.Assessment) {
		x.Result.Derogation = []authz.Role{authz.LEG, authz.DPO}
		x.Derogation = &assessment.Derogation{
			Version: x.Version, Partner: "p1", Purpose: "referral", Categories: []string{"identity"}, MaxSubjects: 2, Until: noon().Add(1), Transfer: transfer,
			Given: []assessment.Given{{Person: "leg1", Role: authz.LEG}, {Person: "dpo1", Role: authz.DPO}},
		}
	})
}

// Of those that are live and cover the transfer the worst counts: none of a lower
// band undercuts it.
func TestTheWorstBandCounts(t *testing.T) {
	low := of(assessment.Low, func(x *assessment.Assessment) { x.ValidUntil = x.ValidUntil.AddDate(1, 0, 0) })
	high, moderate := of(assessment.High, nil), of(assessment.Moderate, nil)
	with := func(x assessment.Assessment, edit func(*assessment.Assessment)) assessment.Assessment {
		edit(&x)
		return x
	}
	open := with(high, func(x *assessment.Assessment) { x.Conditions = []assessment.Condition{{Number: 1}} })
	stale := with(high, func(x *assessment.Assessment) { x.State = assessment.Stale })
	mild := with(high, func(x *assessment.Assessment) { x.Sensitivity = terms.Low })
	known := []terms.Category{{Code: "identity", Sensitivity: terms.High}, {Code: "biometrics", Sensitivity: terms.Severe}}
	elsewhere := with(high, func(x *assessment.Assessment) { x.Countries = []string{"UG"} })
	unheard := with(high, func(x *assessment.Assessment) { x.ID, x.Result.Band = "unheard of", "EXTREME" })
	ended := with(derogated("t1"), func(x *assessment.Assessment) { x.State = assessment.Expired })
	for name, tc := range map[string]struct {
		list  []assessment.Assessment
		id    string
		codes []Code
	}{
		"R40 LOW does not undercut HIGH":                               {[]assessment.Assessment{low, moderate, high}, "HIGH", nil},
		"RBA_CONDITION_OPEN nor HIGH on a condition":                   {[]assessment.Assessment{low, open}, "HIGH", []Code{RBAConditionOpen}},
		"R40 HIGH that is stale rules no more":                         {[]assessment.Assessment{low, stale}, "LOW", nil},
		"R40 HIGH that understates its categories rules no more":       {[]assessment.Assessment{low, mild}, "LOW", nil},
		"RBA_STALE nor lets anything pass":                             {[]assessment.Assessment{mild}, "HIGH", []Code{RBAStale}},
		"R40 HIGH of another scope does not rule":                      {[]assessment.Assessment{low, elsewhere}, "LOW", nil},
		"R40 a band unheard of is the worst":                           {[]assessment.Assessment{low, high, unheard}, "unheard of", nil},
		"R40 SEVERE is for the transfer it was derogated for":          {[]assessment.Assessment{low, high, derogated("")}, "SEVERE", nil},
		"R40 and judges it alone from then on":                         {[]assessment.Assessment{low, high, derogated("t1")}, "SEVERE", nil},
		"RBA_EXPIRED also once it is over":                             {[]assessment.Assessment{low, high, ended}, "SEVERE", []Code{RBAExpired, RBAUnacceptable}},
		"R40 SEVERE derogated for another does not stop this":          {[]assessment.Assessment{low, high, derogated("t2")}, "HIGH", nil},
		"RBA_UNACCEPTABLE SEVERE derogated for another lets none pass": {[]assessment.Assessment{derogated("t2")}, "SEVERE", []Code{RBAUnacceptable}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				got := BestAssessment(tc.list, wanted(), known, noon())
				var codes []Code
				for _, f := range append(notFresh(got, wanted().Categories, known, noon()), notAcceptable(got, wanted(), noon())...) {
					codes = append(codes, f.Code)
				}
				if got.ID != tc.id || !slices.Equal(codes, tc.codes) {
					t.Errorf("%s, %v", got.ID, codes)
				}
				slices.Reverse(tc.list)
			}
		})
	}
}
