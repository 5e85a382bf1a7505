package gate

import "safeconduct/transfer/consent"

// Codes of condition 23.
const (
	ConsentRefused   = Code(consent.GapRefused)
	ConsentWithdrawn = Code(consent.GapWithdrawn)
)

// notRefused is condition 23: nobody refused or withdrew (R02).
func notRefused() condition {
	codes := []Code{ConsentRefused, ConsentWithdrawn}
	return condition{
		number: "23", phases: always, people: true, codes: never(codes...),
		check: func(f *Facts) []Finding { return f.consentGaps(codes) },
	}
}
