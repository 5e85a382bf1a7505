package gate

import (
	"slices"

	"safeconduct/agreements"
	"safeconduct/authz/evidence"
)

// Codes of condition 8.
const (
	AgrMissing   Code = "AGR_MISSING"
	AgrAmbiguous Code = "AGR_AMBIGUOUS"
)

// agreement is condition 8: an agreement exists, and only one can rule (R22).
func agreement() condition {
	return condition{
		number: "8", phases: always,
		codes: slices.Concat(emergency(AgrMissing), never(AgrAmbiguous)),
		check: func(f *Facts) []Finding {
			switch {
			case f.Ambiguous:
				return one(AgrAmbiguous, evidence.Ref{}, ids(f.Candidates...)...)
			case f.ruling() == nil:
				return one(AgrMissing, evidence.Ref{})
			}
			return nil
		},
	}
}

// ruling is the agreement that the transfer is judged by; nil where there is
// none, it is ambiguous, or it is with another partner. The conditions on its
// parts are then quiet: condition 8 has spoken.
func (f *Facts) ruling() *agreements.Agreement {
	a := f.Agreement
	if a == nil || f.Ambiguous || a.ID == "" || a.Document.Partner == "" {
		return nil
	}
	if stated(f.Manifest.Partner) && a.Document.Partner != f.Manifest.Partner {
		return nil
	}
	return a
}

func agreementRef(a *agreements.Agreement) evidence.Ref {
	return evidence.Ref{Kind: agreements.KindAgreement, ID: a.ID, Version: a.Version}
}

// ofRuling is a condition's check on the ruling agreement, where there is one.
func ofRuling(check func(*Facts, *agreements.Agreement) []Finding) func(*Facts) []Finding {
	return func(f *Facts) []Finding {
		if a := f.ruling(); a != nil {
			return check(f, a)
		}
		return nil
	}
}
