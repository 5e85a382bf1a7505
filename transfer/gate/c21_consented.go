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
		number: "21", phases: always, people: true, codes: emergency(codes...),
		check: func(f *Facts) []Finding { return f.consentGaps(codes) },
	}
}

// consentGaps judges every subject and answers one finding for each of the
// codes that applies, with the rows in order.
func (f *Facts) consentGaps(codes []Code) []Finding {
	return f.gaps(codes, func(s *Subject, use consent.Use) []Code { return []Code{s.gap(use)} })
}

// basisGaps is that of the record which each subject's consent rests on. Who has
// none is condition 21's or 23's.
func (f *Facts) basisGaps(codes []Code, judge func(*Subject, *consent.Record) []consent.Gap) []Finding {
	return f.gaps(codes, func(s *Subject, use consent.Use) (gaps []Code) {
		r := s.basis(use)
		if r == nil {
			return nil
		}
		for _, gap := range judge(s, r) {
			code := Code(gap)
			if gap != consent.NoGap && !slices.Contains(codes, code) { // a gap that this gate does not know is a gap
				code = codes[0]
			}
			gaps = append(gaps, code)
		}
		return gaps
	})
}

func (f *Facts) gaps(codes []Code, of func(*Subject, consent.Use) []Code) []Finding {
	use, ok := f.consentUse()
	if !ok {
		return nil // REQ_INCOMPLETE: nothing to hold consent against
	}
	found := make([]Finding, len(codes))
	rows := f.byRow()
	for i := range rows {
		for _, code := range of(&rows[i], use) {
			if at := slices.Index(codes, code); at >= 0 {
				found[at].Code = code
				found[at].blame(rows[i])
			}
		}
	}
	return slices.DeleteFunc(found, func(one Finding) bool { return one.Code == "" })
}

// consentUse is what consent is asked for; it is not known of a manifest that
// names no purpose or no partner.
func (f *Facts) consentUse() (consent.Use, bool) {
	m := &f.Manifest
	return consent.Use{Purpose: m.Purpose, Recipient: m.Partner, Categories: lacking(m.Categories, nil), At: f.Now},
		stated(m.Purpose) && stated(m.Partner)
}

// basis is the record that the subject's consent rests on.
func (s *Subject) basis(use consent.Use) *consent.Record {
	if s.ID == "" || s.anothers() {
		return nil // CONSENT_MISSING, CONSENT_INVALID
	}
	return consent.Basis(s.Consents, use)
}

// isChild holds where the person, or any word of theirs, is recorded as a
// child's: a record that does not say so makes nobody grown up.
func (s *Subject) isChild() bool {
	return s.Child || slices.ContainsFunc(s.Consents, func(r consent.Record) bool { return r.Child })
}

// anothers reports that another's word stands among theirs.
func (s *Subject) anothers() bool {
	for i := range s.Consents {
		if s.Consents[i].Subject != s.ID {
			return true
		}
	}
	return false
}

// gap is the code for what the subject's consent lacks; empty where nothing.
func (s *Subject) gap(use consent.Use) Code {
	if s.ID == "" {
		return ConsentMissing
	}
	if s.anothers() {
		return ConsentInvalid
	}
	switch gap := consent.Judge(s.Consents, use); gap {
	case consent.NoGap:
		if r := s.basis(use); r != nil && r.SpokenFor() && !s.isChild() {
			return ConsentInvalid
		}
		return ""
	case consent.Missing, consent.GapExpired, consent.GapPurpose, consent.GapRecipient,
		consent.GapCategory, consent.GapInvalid, consent.GapRefused, consent.GapWithdrawn:
		return Code(gap)
	default: // a gap that this gate does not know is a gap
		return ConsentInvalid
	}
}
