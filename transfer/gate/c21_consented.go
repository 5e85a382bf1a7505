package gate

import (
	"slices"

	"safeconduct/transfer/consent"
)

// Codes of condition 21.
const (
	ConsentMissing   = Code(consent.Missing)
	ConsentExpired   = Code(consent.GapExpired)
	ConsentPurpose   = Code(consent.GapPurpose)
	ConsentRecipient = Code(consent.GapRecipient)
	ConsentCategory  = Code(consent.GapCategory)
	ConsentInvalid   = Code(consent.GapInvalid)
)

// consented is condition 21: each subject's consent is valid for purpose,
// recipient and categories. One bad subject refuses the whole transfer.
func consented() condition {
	codes := []Code{ConsentMissing, ConsentExpired, ConsentPurpose, ConsentRecipient, ConsentCategory, ConsentInvalid}
	return condition{
		number: "21", phases: always, codes: emergency(codes...),
		check: func(f *Facts) []Finding { return f.consentGaps(codes) },
	}
}

// consentGaps judges every subject and answers one finding for each of the
// codes that applies, with the rows in order.
func (f *Facts) consentGaps(codes []Code) []Finding {
	m := &f.Manifest
	if !stated(m.Purpose) || !stated(m.Partner) {
		return nil // REQ_INCOMPLETE: nothing to hold consent against
	}
	use := consent.Use{Purpose: m.Purpose, Recipient: m.Partner, Categories: lacking(m.Categories, nil), At: f.Now}
	found := make([]Finding, len(codes))
	for _, s := range f.byRow() {
		if i := slices.Index(codes, s.gap(use)); i >= 0 {
			found[i].Code = codes[i]
			found[i].blame(s)
		}
	}
	return slices.DeleteFunc(found, func(one Finding) bool { return one.Code == "" })
}

// gap is the code for what the subject's consent lacks; empty where nothing.
func (s Subject) gap(use consent.Use) Code {
	if s.ID == "" {
		return ConsentMissing
	}
	for i := range s.Consents {
		if s.Consents[i].Subject != s.ID { // another's word is not theirs
			return ConsentInvalid
		}
	}
	switch gap := consent.Judge(s.Consents, use); gap {
	case consent.NoGap, consent.Missing, consent.GapExpired, consent.GapPurpose, consent.GapRecipient,
		consent.GapCategory, consent.GapInvalid, consent.GapRefused, consent.GapWithdrawn:
		return Code(gap)
	default: // a gap that this gate does not know is a gap
		return ConsentInvalid
	}
}
