package gate

import (
	"fmt"
	"time"

	"safeconduct/agreements/assessment"
)

// Codes of condition 18.
const (
	RBAUnacceptable  Code = "RBA_UNACCEPTABLE"
	RBAConditionOpen Code = "RBA_CONDITION_OPEN"
)

// acceptable is condition 18: the band is acceptable, or this transfer alone
// passes under a joint derogation, and every condition of the approval is closed,
// due or not.
func acceptable() condition {
	return condition{
		number: "18", phases: always, codes: never(RBAUnacceptable, RBAConditionOpen),
		check: func(f *Facts) []Finding {
			if f.Assessment == nil {
				return nil
			}
			return notAcceptable(f.Assessment, f.Scope(), f.Now)
		},
	}
}

// Scope is what the transfer asks of a derogation.
func (f *Facts) Scope() assessment.Scope {
	m := f.Manifest
	return assessment.Scope{
		Mission: m.Mission, Partner: m.Partner, Purpose: m.Purpose, Categories: m.Categories, Subjects: m.Subjects, Transfer: f.Transfer.ID,
	}
}

func notAcceptable(x *assessment.Assessment, want assessment.Scope, now time.Time) []Finding {
	var found []Finding
	// One that was not scored yet is condition 17's; an approved one without a
	// score is not acceptable.
	scored := x.Result.Band != "" || x.State == assessment.Approved
	if scored && refusedBand(x) && !x.Derogates(want, now) {
		found = one(RBAUnacceptable, assessmentRef(x))
	}
	if open := x.OpenConditions(now); len(open) > 0 {
		numbers := make([]string, len(open))
		for i, c := range open {
			numbers[i] = fmt.Sprintf("condition %d", c.Number)
		}
		found = append(found, one(RBAConditionOpen, assessmentRef(x), numbers...)...)
	}
	return found
}

// refusedBand reports whether the result may be passed under a derogation alone.
func refusedBand(x *assessment.Assessment) bool {
	return !x.Result.Approvable || x.Result.Band == "" || x.Result.Band == assessment.Severe
}
