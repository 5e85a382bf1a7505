package authz

import (
	"slices"
	"strings"
)

// What an entry says came of an act that takes away, where the same action also gives (evidence.Entry.Result).
const (
	Ended    = "ended"
	Raised   = "raised"
	Refused  = "refused"
	Rejected = "rejected"
	Revoked  = "revoked"
)

// Takes reports whether an act of the action that comes to the result only takes away or says no: nothing is released, granted
// or lifted by it, though another agreement or assessment may rule once one has ended. It protects people, and so it is done
// also where the rules in force cannot be believed. An action that is not named here gives.
func (a Action) Takes(result string) bool {
	switch a {
	case TokenRevoke, PersonSuspend, MissionSuspend, PartySuspend, PartyBlock, IncidentReport, ClearanceWithdraw, AgreementSuspend, AgreementTerminate,
		AssessmentEnd, AssessmentTemplateWithdraw, ConsentWithdraw, HoldOpen, HoldPlaceLegal, HoldPlaceReview, DisclosureWithdraw, TransferRecall:
		return true
	case KeyConfirm:
		return result == Revoked
	case DPODecide:
		return result == Revoked || result == Refused
	case ConsentRecord, NominationDecide:
		return result == Refused
	case TermsApprove, AssessmentApprove:
		return result == Rejected
	case AlertRaise:
		return result == Raised
	case PostDelegate:
		return result == Ended
	default:
		return strings.HasPrefix(string(a), string(roleGrant)) && result == Ended
	}
}

// MayTake reports whether some act of the action only takes away.
func (a Action) MayTake() bool {
	return slices.ContainsFunc([]string{"", Ended, Raised, Refused, Rejected, Revoked}, a.Takes)
}

// LockUnruled is the lock of everybody while the rules in force cannot be believed: it leaves what may take away.
const LockUnruled = "GATE_UNAVAILABLE"

// locks are the refusal codes of what keeps the caller from the action. One that
// is exempt asks for no training and no undertaking, and for rules all the same.
func (c Caller) locks(action Action, exempt bool) []string {
	return slices.DeleteFunc(slices.Clone(c.Locks), func(code string) bool {
		if code == LockUnruled {
			return action.MayTake()
		}
		return exempt
	})
}
