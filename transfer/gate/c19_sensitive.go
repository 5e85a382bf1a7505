package gate

import (
	"cmp"
	"slices"

	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/approvals"
)

// Codes of condition 19.
const (
	DPORequired Code = "DPO_REQUIRED"
	DPOExpired  Code = "DPO_EXPIRED"
)

// sensitive is condition 19: for each sensitive category the data protection
// officer's approval is live and covers this transfer.
func sensitive() condition {
	return condition{
		number: "19", phases: always, codes: emergency(DPORequired, DPOExpired),
		check: func(f *Facts) []Finding {
			if !f.Manifest.addressed() || f.Manifest.Subjects == 0 && !f.Manifest.OfNobody() {
				return nil // REQ_INCOMPLETE
			}
			var found []Finding
			use := f.DPOUse()
			if f.Withheld() { // what was approved for these very people is not told, and so not asked for either (R23)
				use.Sensitive = slices.DeleteFunc(use.Sensitive, func(k terms.Category) bool { return k.ApprovalScope == string(approvals.ForTransfer) })
			}
			required, expired := approvals.Judge(f.DPOApprovals, use)
			if len(required) > 0 {
				found = one(DPORequired, f.Transfer, required...)
			}
			if len(expired) > 0 {
				var object evidence.Ref
				if len(f.DPOApprovals) == 1 {
					object = f.DPOApprovals[0].Ref()
				}
				found = append(found, one(DPOExpired, object, expired...)...)
			}
			return found
		},
	}
}

// DPOUse is what the data protection officer's approvals are asked for.
func (f *Facts) DPOUse() approvals.Use {
	m := &f.Manifest
	use := approvals.Use{
		Transfer: f.Transfer.ID, Mission: m.Mission, Partner: m.Partner, Purpose: m.Purpose,
		Pathway: m.Pathway, People: max(m.Subjects, len(f.Subjects)), Sensitive: approvals.SensitiveOf(m.Categories, f.Categories), At: f.Now,
	}
	if a := f.ruling(); a != nil {
		use.Agreement, use.Document = a.ID, a.Document.Version
	}
	if len(use.Sensitive) > 0 { // else nothing is asked, and hashing it would be most of the work of a decision
		use.Manifest = m.Asked(use.Agreement, f.Files).Digest()
	}
	return use
}

// Asked is what the data protection officer is asked to approve. Desk and gate
// both take it from here, so that they agree.
func (m *Manifest) Asked(agreement string, files []File) approvals.Asked {
	a := approvals.Asked{
		Mission: m.Mission, Partner: m.Partner, Agreement: agreement, Purpose: m.Purpose, Nature: m.Nature, RecipientClass: m.RecipientClass,
		Categories: m.Categories, Fields: m.Fields, People: m.Subjects, Files: m.Files, Origin: approvals.DataOrigin(m.Origin), Onward: m.Onward,
		Pathway: m.Pathway, Subjects: m.SubjectsDigest,
	}
	if m.OfNobody() {
		for _, file := range files {
			a.Contents = append(a.Contents, cmp.Or(file.Sealed, file.Declared))
		}
	}
	return a
}
