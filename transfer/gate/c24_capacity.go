package gate

import "safeconduct/transfer/consent"

// Codes of condition 24.
const (
	CapacityUnassessed = Code(consent.CapacityUnassessed)
	GuardianMissing    = Code(consent.GuardianMissing)
	GuardianUnverified = Code(consent.GuardianUnverified)
	ViewsMissing       = Code(consent.ViewsMissing)
)

// capable is condition 24: capacity was assessed (R07); for a child, or without
// capacity, a guardian consented whose authority is proven, and the person's own
// views are on record (R08).
func capable() condition {
	codes := []Code{CapacityUnassessed, GuardianMissing, GuardianUnverified, ViewsMissing}
	return condition{
		number: "24", phases: always, people: true, codes: emergency(codes...),
		check: func(f *Facts) []Finding {
			return f.basisGaps(codes, func(s *Subject, r *consent.Record) []consent.Gap { return consent.JudgeCapacity(r, s.isChild()) })
		},
	}
}
