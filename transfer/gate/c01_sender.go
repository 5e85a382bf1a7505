package gate

import (
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
)

// Codes of condition 1.
const (
	AuthInvalid    Code = "AUTH_INVALID"
	AuthRoleDenied Code = "AUTH_ROLE_DENIED"
)

// sender is condition 1: known, proven as the policy data asks, and with the
// role in this mission, which is not suspended, and a task under the purpose. At PULL it is the downloader who
// is judged; of a suspended mission nothing is pulled either. Who is not known, or
// is not who sends, has no role to judge; who is known hears of both.
func sender() condition {
	return condition{
		number: "1", phases: always, codes: never(AuthInvalid, AuthRoleDenied),
		check: func(f *Facts) []Finding {
			var found []Finding
			switch {
			case f.Actor.Person == "" || f.Sender == "":
				return one(AuthInvalid, evidence.Ref{})
			case f.Phase != Pull && f.Actor.Person != f.Sender: // the standing of another is not the sender's
				return one(AuthInvalid, evidence.Ref{})
			case !f.Actor.Assured:
				found = one(AuthInvalid, evidence.Ref{})
			}
			switch {
			case f.Stopped.ID != "": // R42: no role helps, and the focal point cannot mend it
				found = append(found, one(AuthRoleDenied, f.Stopped)...)
			case !f.Actor.Allowed && f.Actor.Untasked: // R23: the role is there, the task is not
				found = append(found, one(AuthRoleDenied, f.purposeRef())...)
			case !f.Actor.Allowed:
				found = append(found, one(AuthRoleDenied, evidence.Ref{})...)
			}
			return found
		},
	}
}

// purposeRef is the version of the purpose that was read; of one that is not known
// it is what the manifest names.
func (f *Facts) purposeRef() evidence.Ref {
	named := evidence.Ref{Kind: terms.KindPurpose, ID: f.Manifest.Purpose}
	for _, read := range f.Read {
		if read.Kind == named.Kind && read.ID == named.ID {
			return read
		}
	}
	return named
}
