package gate

import (
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/retention"
)

// Codes of condition 26.
const (
	RetRuleMissing            Code = "RET_RULE_MISSING"
	RetElapsed                Code = "RET_ELAPSED"
	PartnerDestructionOverdue Code = "PARTNER_DESTRUCTION_OVERDUE"
)

// kept is condition 26: every declared category has a retention rule for the
// purpose (R24: no rule, no transfer), which is not over for anybody's data, and
// the partner is not late in destroying what it has (R27).
func kept() condition {
	return condition{
		number: "26", phases: always, codes: never(RetRuleMissing, RetElapsed, PartnerDestructionOverdue),
		check: func(f *Facts) []Finding {
			found := f.unruled()
			if over := f.elapsed(); over != nil {
				found = append(found, *over)
			}
			if f.Overdue.ID != "" {
				found = append(found, f.overdue()...)
			}
			return found
		},
	}
}

// overdue names the duties of the mission's own transfers; that another mission
// waits for a certificate is all that is told of another.
func (f *Facts) overdue() []Finding {
	var at evidence.Ref
	if len(f.OverdueHere) > 0 {
		at = f.OverdueHere[0]
	} else if p := f.recipient(); p != nil {
		at = partyRef(p)
	}
	return one(PartnerDestructionOverdue, at, ids(f.OverdueHere...)...)
}

func (f *Facts) unruled() []Finding {
	if !stated(f.Manifest.Purpose) {
		return nil // REQ_INCOMPLETE
	}
	var ruled []string
	for _, r := range f.Retention {
		if r.Purpose == f.Manifest.Purpose && r.Days > 0 {
			ruled = append(ruled, r.Category)
		}
	}
	if bare := lacking(f.Manifest.Categories, ruled); len(bare) > 0 {
		return one(RetRuleMissing, evidence.Ref{}, bare...)
	}
	return nil
}

// elapsed finds those whose data are older than a rule lets them be kept, and the
// categories whose rule that is. Whose age is not known has given no consent, which
// is condition 21's.
func (f *Facts) elapsed() *Finding {
	var found *Finding
	use, _ := f.consentUse()
	for _, s := range f.byRow() {
		collected := s.confirmed(use)
		if collected.IsZero() {
			continue
		}
		over := retention.Elapsed(f.Manifest.Categories, f.Manifest.Purpose, f.Retention, collected, f.Now)
		if len(over) == 0 {
			continue
		}
		if found == nil {
			found = &Finding{Code: RetElapsed}
		}
		found.blame(s)
		found.Detail = append(found.Detail, lacking(over, found.Detail)...)
	}
	return found
}

// confirmed is when the person gave, or confirmed, the data for this use: what
// they said of another makes the data no younger.
func (s *Subject) confirmed(use consent.Use) time.Time {
	if r := s.basis(use); r != nil {
		return r.EventTime
	}
	return time.Time{}
}
