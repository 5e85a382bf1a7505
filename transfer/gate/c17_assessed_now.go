package gate

import (
	"slices"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
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
			return notFresh(f.Assessment, f.Manifest.Categories, f.Categories, f.Now)
		},
	}
}

// understates are the declared categories that are more sensitive than the
// assessment judged any to be (R40). A raise makes it stale by its cause; this is
// for what was raised before raises left one, or while it was being submitted.
func understates(x *assessment.Assessment, declared []string, known []terms.Category) (codes []string) {
	for _, k := range known {
		if slices.Contains(declared, k.Code) && k.Sensitivity.Above(x.Judged()) {
			codes = append(codes, k.Code)
		}
	}
	return codes
}

// notFresh is why the assessment does not hold, or not any more, for the declared
// categories as they are known now.
func notFresh(x *assessment.Assessment, declared []string, known []terms.Category, now time.Time) []Finding {
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
		found = append(found, one(RBAExpired, ref, instant(x.ValidUntil)...)...)
	}
	if x.State == assessment.Stale || x.State == assessment.Superseded || x.StaleReason != "" {
		reason := string(x.StaleReason)
		if reason == "" {
			reason = string(x.State)
		}
		return append(found, one(RBAStale, ref, reason)...)
	}
	if more := understates(x, declared, known); len(more) > 0 {
		found = append(found, one(RBAStale, ref, more...)...)
	}
	return found
}
