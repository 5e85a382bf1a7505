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

// partner is condition 5: the partner is known, vetted and usable.
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
			case p.State == parties.Suspended:
				return one(PartnerSuspended, partyRef(p))
			case p.State == parties.Blocked:
				return one(PartnerBlocked, partyRef(p))
			case p.State != parties.Vetted, !p.VettedAt(f.Now, f.Rules.Vetting):
				return one(PartnerUnvetted, partyRef(p))
			}
			return nil
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
