package gate

// Codes of condition 28.
const (
	ApprovalPending Code = "APPROVAL_PENDING"
	ApprovalSelf    Code = "APPROVAL_SELF"
	ApprovalDenied  Code = "APPROVAL_DENIED"
)

// approved is condition 28: a second person approved where one is needed
// (separation of duties 1), who did not certify a consent that it rests on
// (separation of duties 6). Before the payload is sealed there is nothing to
// approve, so REQUEST does not ask. A denial stands, whoever else approves and
// whatever became of the denier's role. Of files that nobody can match to the
// manifest, one who does not attest that they are needed has not approved.
func approved() condition {
	return condition{
		number: "28", phases: sealed, codes: never(ApprovalPending, ApprovalSelf, ApprovalDenied),
		check: func(f *Facts) []Finding {
			var second, self, denied bool
			for _, g := range f.Approval.Given {
				switch {
				case !g.Granted:
					denied = true
				case g.Person == f.Sender || f.certifiedBy(g.Person): // separation of duties 1 and 6
					self = true
				case g.Allowed && g.Person != "" && (g.Necessity || len(f.Manifest.Opaque) == 0):
					second = true
				}
			}
			var found []Finding
			switch waiting := !f.Approval.Needless && !second; {
			case waiting && self:
				found = one(ApprovalSelf, f.Transfer)
			case waiting && !denied:
				found = one(ApprovalPending, f.Transfer)
			}
			if denied {
				found = append(found, one(ApprovalDenied, f.Transfer)...)
			}
			return found
		},
	}
}

// certifiedBy reports whether the person certified a consent that the transfer
// rests on.
func (f *Facts) certifiedBy(person string) bool {
	use, ok := f.consentUse()
	if !ok || person == "" {
		return false
	}
	for i := range f.Subjects {
		if r := f.Subjects[i].basis(use); r != nil && r.Certifier() == person {
			return true
		}
	}
	return false
}
