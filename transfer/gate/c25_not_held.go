package gate

import (
	"slices"

	"safeconduct/authz"
)

// Codes of condition 25.
const (
	SubjectObjection     Code = "SUBJECT_OBJECTION"
	SubjectErasure       Code = "SUBJECT_ERASURE"
	SubjectRectification Code = "SUBJECT_RECTIFICATION"
	LegalHold            Code = "LEGAL_HOLD"
)

// notHeld is condition 25: no open objection, request for erasure or
// rectification, or legal hold, of anybody in the transfer or of the transfer
// itself. A hold of a code that the gate does not know is one of Legal's.
func notHeld() condition {
	codes := []Code{SubjectObjection, SubjectErasure, SubjectRectification, LegalHold}
	return condition{
		number: "25", phases: always, people: true, codes: never(codes...),
		check: func(f *Facts) []Finding {
			var found []Finding
			for _, code := range codes {
				if one, held := f.heldBy(code, codes); held {
					found = append(found, one)
				}
			}
			return found
		},
	}
}

// heldBy is the finding for one code; the object is the transfer where the hold
// is its own.
func (f *Facts) heldBy(code Code, known []Code) (Finding, bool) {
	found, held := Finding{Code: code}, false
	subjects := map[string]bool{}
	reviewed := len(reviewers()) // which of them is to be asked; none while nothing is held
	for _, h := range f.Holds {
		if h.Code != code && (code != LegalHold || slices.Contains(known, h.Code)) {
			continue
		}
		held = true
		reviewed = min(reviewed, slices.Index(reviewers(), "review_"+h.Review))
		if h.Subject == "" {
			found.Object = f.Transfer
		}
		subjects[h.Subject] = true
	}
	for _, s := range f.byRow() {
		if s.ID != "" && subjects[s.ID] {
			found.blame(s)
		}
	}
	if reviewed >= 0 && held {
		found.Detail = []string{reviewers()[reviewed]}
	}
	return found, held
}

// reviewers are the details by which it is told who holds a transfer for review,
// and with whom its lifting lies, where nothing but a review holds it; of several
// the first is asked.
func reviewers() []string {
	return []string{"review_" + string(authz.LEG), "review_" + string(authz.DPO), "review_" + string(authz.FP)}
}
