package gate

import (
	"slices"
	"time"

	"safeconduct/agreements/assessment"
)

// Codes of condition 17.
const (
	RBANotApproved Code = "RBA_NOT_APPROVED"
	RBAExpired     Code = "RBA_EXPIRED"
	RBAStale       Code = "RBA_STALE"
)

// assessedNow is condition 17: the assessment is approved and fresh.
func assessedNow() condition {
	return condition{
		number: "17", phases: always, codes: emergency(RBANotApproved, RBAExpired, RBAStale),
		check: func(f *Facts) []Finding {
			if f.Assessment == nil {
				return nil
			}
			found := notFresh(f.Assessment, f.Now)
			if grown := f.moreSensitive(); len(grown) > 0 && !slices.ContainsFunc(found, func(x Finding) bool { return x.Code == RBAStale }) {
				found = append(found, one(RBAStale, assessmentRef(f.Assessment), grown...)...)
			}
			return found
		},
	}
}

// moreSensitive are the declared categories that have become more sensitive than
// any was when the risk was assessed (R40).
func (f *Facts) moreSensitive() (codes []string) {
	if f.Assessment.Sensitivity == "" {
		return nil
	}
	for _, k := range f.Categories {
		if slices.Contains(f.Manifest.Categories, k.Code) && k.Sensitivity.Above(f.Assessment.Sensitivity) {
			codes = append(codes, k.Code)
		}
	}
	return codes
}

func notFresh(x *assessment.Assessment, now time.Time) []Finding {
	ref := assessmentRef(x)
	var found []Finding
	switch x.State {
	case assessment.Approved, assessment.Stale, assessment.Expired, assessment.Superseded:
		if now.Before(x.ApprovedAt) { // R40: it predates the transfer
			return one(RBANotApproved, ref)
		}
	default:
		return one(RBANotApproved, ref, string(x.State))
	}
	if x.State == assessment.Expired || !now.Before(x.ValidUntil) { // whatever else became of it since it was approved
		found = append(found, one(RBAExpired, ref)...)
	}
	if x.State == assessment.Stale || x.State == assessment.Superseded || x.StaleReason != "" {
		reason := string(x.StaleReason)
		if reason == "" {
			reason = string(x.State)
		}
		found = append(found, one(RBAStale, ref, reason)...)
	}
	return found
}
