package rulebook

import "slices"

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

// receiving are the classes that rules can allow to receive. Whatever rules say,
// the others cannot enrol or sign.
func receiving() []string {
	return []string{ClassServiceProvider, ClassCertificationAuthority, ClassUNorIO, ClassGovernmentAuthority}
}

// MayReceive reports whether rules can allow the class to receive (R21).
func MayReceive(class string) bool { return slices.Contains(receiving(), class) }

// IsClass reports whether there is such a class.
func IsClass(class string) bool {
	return MayReceive(class) || class == ClassOtherParticipants || class == ClassPublic || class == ClassMedia
}
