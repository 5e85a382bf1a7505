package gate

import (
	"safeconduct/agreements/parties"
	"safeconduct/authz/evidence"
)

// Codes of condition 5.
const (
	PartnerUnknown   Code = "PARTNER_UNKNOWN"
	PartnerUnvetted  Code = "PARTNER_UNVETTED"
	PartnerSuspended Code = "PARTNER_SUSPENDED"
	PartnerBlocked   Code = "PARTNER_BLOCKED"
)

// partner is condition 5: the partner is known, vetted and usable. That it is
// suspended or blocked does not hide that its due diligence is over, for which it
// would be refused once that is lifted. A due diligence that failed is no more than
// the block that it is the cause of.
func partner() condition {
	return condition{
		number: "5", phases: always,
		codes: never(PartnerUnknown, PartnerUnvetted, PartnerSuspended, PartnerBlocked),
		check: func(f *Facts) []Finding {
			p := f.recipient()
			switch {
			case p == nil && !stated(f.Manifest.Partner):
				return nil // REQ_INCOMPLETE
			case p == nil:
				return one(PartnerUnknown, evidence.Ref{})
			}
			var found []Finding
			stopped := map[parties.State]Code{parties.Suspended: PartnerSuspended, parties.Blocked: PartnerBlocked}[p.State]
			failed := p.State == parties.Blocked && p.Block == nil
			if stopped == "" && p.State != parties.Vetted || !failed && !p.VettedAt(f.Now, f.Rules.Vetting) {
				found = one(PartnerUnvetted, partyRef(p))
			}
			if stopped != "" {
				found = append(found, one(stopped, partyRef(p))...)
			}
			return found
		},
	}
}

// recipient is the partner that the manifest names; nil where it is not known.
func (f *Facts) recipient() *parties.Party {
	if f.Partner == nil || !stated(f.Manifest.Partner) || f.Partner.ID != f.Manifest.Partner {
		return nil
	}
	return f.Partner
}

func partyRef(p *parties.Party) evidence.Ref {
	return evidence.Ref{Kind: parties.KindParty, ID: p.ID, Version: p.Version}
}
