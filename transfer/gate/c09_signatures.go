package gate

import (
	"slices"

	"safeconduct/agreements"
	"safeconduct/agreements/signing"
)

// Codes of condition 9.
const (
	AgrUnsigned              Code = "AGR_UNSIGNED"
	AgrPartSigned            Code = "AGR_PART_SIGNED"
	AgrSignatoryUnauthorised Code = "AGR_SIGNATORY_UNAUTHORISED"
	AgrHashMismatch          Code = "AGR_HASH_MISMATCH"
)

// signatures is condition 9: both parties signed the same document, by
// authorised signatories, and the signatures verify now (R46).
func signatures() condition {
	return condition{
		number: "9", phases: always,
		codes: slices.Concat(emergency(AgrUnsigned, AgrPartSigned), never(AgrSignatoryUnauthorised, AgrHashMismatch)),
		check: ofRuling(func(f *Facts, a *agreements.Agreement) []Finding {
			var found []Finding
			switch missing := unsigned(a); len(missing) {
			case 0:
			case 1:
				found = one(AgrPartSigned, agreementRef(a), missing...)
			default:
				found = one(AgrUnsigned, agreementRef(a), missing...)
			}
			unauthorised, mismatch := f.signatureFaults(a)
			if unauthorised {
				found = append(found, one(AgrSignatoryUnauthorised, agreementRef(a))...)
			}
			if mismatch {
				found = append(found, one(AgrHashMismatch, agreementRef(a))...)
			}
			return found
		}),
	}
}

// unsigned lists the parties that still must sign.
func unsigned(a *agreements.Agreement) []string {
	return slices.DeleteFunc([]string{signing.PartyIOM, a.Document.Partner}, a.SignedBy)
}

// signatureFaults sums up what the verification found. A signature of which it
// found nothing was not verified, and counts as one that does not verify.
func (f *Facts) signatureFaults(a *agreements.Agreement) (unauthorised, mismatch bool) {
	mismatch = len(f.SignatureFaults) != len(a.Signatures)
	for _, fault := range f.SignatureFaults {
		switch fault {
		case agreements.NoFault:
		case agreements.SignatoryUnauthorised:
			unauthorised = true
		default:
			mismatch = true
		}
	}
	for _, s := range a.Signatures {
		if s.Party != signing.PartyIOM && s.Party != a.Document.Partner {
			unauthorised = true
		}
	}
	return unauthorised, mismatch
}
