package gate

import "safeconduct/agreements"

// Codes of condition 10.
const (
	AgrNotActive Code = "AGR_NOT_ACTIVE"
	AgrNotYet    Code = "AGR_NOT_YET"
	AgrExpired   Code = "AGR_EXPIRED"
)

// inForce is condition 10: activated, begun and not over. The clock decides,
// not the state alone: nobody waits for the sweep that expires agreements. The
// term of a suspended one goes on: to lift it would not do where it is over.
func inForce() condition {
	return condition{
		number: "10", phases: always, codes: emergency(AgrNotActive, AgrNotYet, AgrExpired),
		check: ofRuling(func(f *Facts, a *agreements.Agreement) []Finding {
			ref := agreementRef(a)
			switch a.State {
			case agreements.Terminated, agreements.ClosedOut:
				return nil // condition 11
			case agreements.Expired:
				return one(AgrExpired, ref, instant(a.Document.ValidUntil)...)
			default: // judged below, where only Active is in force
			}
			var found []Finding
			if a.State != agreements.Active && a.State != agreements.Suspended && len(unsigned(a)) == 0 { // else condition 9 or 11 says why
				found = append(found, one(AgrNotActive, ref)...)
			}
			if a.Document.EffectiveFrom.IsZero() || f.Now.Before(a.Document.EffectiveFrom) {
				found = append(found, one(AgrNotYet, ref, instant(a.Document.EffectiveFrom)...)...)
			}
			if !f.Now.Before(a.Document.ValidUntil) { // exclusive instant
				found = append(found, one(AgrExpired, ref, instant(a.Document.ValidUntil)...)...)
			}
			return found
		}),
	}
}
