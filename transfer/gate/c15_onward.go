package gate

import (
	"safeconduct/agreements"
	"safeconduct/agreements/clearance"
)

// Codes of condition 15.
const (
	OnwardOriginator   Code = "ONWARD_ORIGINATOR"
	OnwardNotPermitted Code = "ONWARD_NOT_PERMITTED"
	OnwardUnlisted     Code = "ONWARD_UNLISTED"
)

// Where data come from.
const (
	OwnData        = "own"         // the organisation collected them
	ThirdPartyData = "third_party" // somebody else did, and gave them to the mission
)

// The onward rules of an agreement; what is neither is as good as none.
const onwardListed = "listed"

// onward is condition 15: who collected the data agreed in writing that they go
// on, and to whomever the recipient gives them is named in the agreement.
func onward() condition {
	return condition{
		number: "15", phases: always, codes: never(OnwardOriginator, OnwardNotPermitted, OnwardUnlisted),
		check: func(f *Facts) []Finding {
			m := &f.Manifest
			var found []Finding
			if m.Origin.Source == ThirdPartyData && m.addressed() && !f.cleared() {
				object := f.Transfer
				if f.Clearance != nil {
					object = f.Clearance.Ref()
				}
				found = append(found, one(OnwardOriginator, object)...)
			}
			return append(found, ofRuling(func(f *Facts, a *agreements.Agreement) []Finding {
				s := &a.Document.Scope
				further := lacking(m.Onward, nil)
				if len(further) > 0 && s.OnwardRule != onwardListed {
					return one(OnwardNotPermitted, agreementRef(a), further...)
				}
				if unlisted := lacking(further, s.OnwardRecipients); len(unlisted) > 0 {
					return one(OnwardUnlisted, agreementRef(a), unlisted...)
				}
				return nil
			})(f)...)
		},
	}
}

func (f *Facts) cleared() bool {
	m := &f.Manifest
	return f.Clearance != nil && f.Clearance.ID == m.Origin.Clearance && f.Clearance.Covers(clearance.Asked{
		Mission: m.Mission, Partner: m.Partner, Purpose: m.Purpose, Categories: lacking(m.Categories, nil),
	}, f.Now)
}
