package gate

import "safeconduct/agreements/parties"

// Codes of condition 6.
const (
	RecipientClassDenied Code = "RECIPIENT_CLASS_DENIED"
	RecipientAuthority   Code = "RECIPIENT_AUTHORITY"
)

// The recipient classes of R21.
const (
	ClassServiceProvider        = "service_provider"
	ClassOtherParticipants      = "other_participants"
	ClassPublic                 = "public"
	ClassMedia                  = "media"
	ClassCertificationAuthority = "certification_authority"
	ClassUNorIO                 = "un_io"
	ClassGovernmentAuthority    = "government_authority"
)

// recipientClass is condition 6: the class may receive, and an authority never
// does, whatever class was stated: its request is a Legal case (R21, R34).
func recipientClass() condition {
	return condition{
		number: "6", phases: always, codes: never(RecipientClassDenied, RecipientAuthority),
		check: func(f *Facts) []Finding {
			var found []Finding
			class := f.Manifest.RecipientClass
			switch class {
			case ClassServiceProvider, ClassCertificationAuthority, ClassUNorIO, ClassGovernmentAuthority:
			default:
				if stated(class) { // the missing one is REQ_INCOMPLETE
					found = append(found, one(RecipientClassDenied, f.Transfer)...)
				}
			}
			p := f.recipient()
			switch {
			case p != nil && (p.AuthorityLink || p.Kind == parties.Government):
				found = append(found, one(RecipientAuthority, partyRef(p))...)
			case class == ClassGovernmentAuthority:
				found = append(found, one(RecipientAuthority, f.Transfer)...)
			}
			return found
		},
	}
}
