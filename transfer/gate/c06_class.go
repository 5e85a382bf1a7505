package gate

import (
	"slices"

	"safeconduct/agreements/parties"
	"safeconduct/authz/rulebook"
)

// Codes of condition 6.
const (
	RecipientClassDenied Code = "RECIPIENT_CLASS_DENIED"
	RecipientAuthority   Code = "RECIPIENT_AUTHORITY"
)

// The recipient classes of R21, as the rulebook names them.
const (
	ClassServiceProvider        = rulebook.ClassServiceProvider
	ClassOtherParticipants      = rulebook.ClassOtherParticipants
	ClassPublic                 = rulebook.ClassPublic
	ClassMedia                  = rulebook.ClassMedia
	ClassCertificationAuthority = rulebook.ClassCertificationAuthority
	ClassUNorIO                 = rulebook.ClassUNorIO
	ClassGovernmentAuthority    = rulebook.ClassGovernmentAuthority
)

// recipientClass is condition 6: the class may receive, and an authority never
// does, whatever class was stated: its request is a Legal case (R21, R34).
func recipientClass() condition {
	return condition{
		number: "6", phases: always, codes: never(RecipientClassDenied, RecipientAuthority),
		check: func(f *Facts) []Finding {
			var found []Finding
			class := f.Manifest.RecipientClass
			p := f.recipient()
			if stated(class) && !f.mayReceive(p, class) { // the missing one is REQ_INCOMPLETE
				found = append(found, one(RecipientClassDenied, f.Transfer)...)
			}
			switch {
			case p != nil && p.IsAuthority():
				found = append(found, one(RecipientAuthority, partyRef(p))...)
			case class == ClassGovernmentAuthority:
				found = append(found, one(RecipientAuthority, f.Transfer)...)
			}
			return found
		},
	}
}

// mayReceive holds for a class that the rules let receive at all and, where the
// partner is known, that is one of its own.
func (f *Facts) mayReceive(p *parties.Party, class string) bool {
	switch {
	case !rulebook.MayReceive(class): // whatever the rules say: these cannot enrol or sign (R21)
		return false
	case class == ClassGovernmentAuthority, p != nil && p.IsAuthority():
		return true // RECIPIENT_AUTHORITY says it
	case p == nil:
		return len(f.Rules.Classes[class]) > 0
	}
	return slices.Contains(p.Classes(f.Rules), class)
}
