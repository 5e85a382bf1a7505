package gate

import "safeconduct/transfer/consent"

// Codes of condition 20.
const (
	NoticeMissing = Code(consent.NoticeMissing)
	NoticePurpose = Code(consent.NoticePurpose)
)

// notified is condition 20: each consent followed a notice of this purpose that
// was in force, in a language that it speaks (R14).
func notified() condition {
	codes := []Code{NoticeMissing, NoticePurpose}
	return condition{
		number: "20", phases: always, people: true, codes: emergency(codes...),
		check: func(f *Facts) []Finding {
			return f.basisGaps(codes, func(_ *Subject, r *consent.Record) []consent.Gap {
				return []consent.Gap{consent.JudgeNotice(r, f.Notices)}
			})
		},
	}
}
