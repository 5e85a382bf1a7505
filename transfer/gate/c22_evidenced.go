package gate

import "safeconduct/transfer/consent"

// Codes of condition 22.
const (
	ConsentEvidence    = Code(consent.EvidenceMissing)
	ConsentUncertified = Code(consent.Uncertified)
)

// evidenced is condition 22: each consent has what shows it (R04, R05, R10), and
// a verbal one is certified by the organisation's staff (R06).
func evidenced() condition {
	codes := []Code{ConsentEvidence, ConsentUncertified}
	return condition{
		number: "22", phases: always, people: true, codes: emergency(codes...),
		check: func(f *Facts) []Finding {
			collector := ""
			if a := f.ruling(); a != nil {
				collector = a.Document.ConsentCollector()
			}
			return f.basisGaps(codes, func(_ *Subject, r *consent.Record) []consent.Gap { return consent.JudgeEvidence(r, collector) })
		},
	}
}
