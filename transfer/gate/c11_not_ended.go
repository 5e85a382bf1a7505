package gate

import "safeconduct/agreements"

// Codes of condition 11.
const (
	AgrSuspended  Code = "AGR_SUSPENDED"
	AgrTerminated Code = "AGR_TERMINATED"
)

// notEnded is condition 11: neither suspended nor ended.
func notEnded() condition {
	return condition{
		number: "11", phases: always, codes: never(AgrSuspended, AgrTerminated),
		check: ofRuling(func(_ *Facts, a *agreements.Agreement) []Finding {
			switch a.State {
			case agreements.Suspended:
				return one(AgrSuspended, agreementRef(a))
			case agreements.Terminated, agreements.ClosedOut:
				return one(AgrTerminated, agreementRef(a))
			default:
				return nil // conditions 9 and 10 refuse whatever is not Active
			}
		}),
	}
}
