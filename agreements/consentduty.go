package agreements

import "slices"

const (
	// consentClause is the clause on the legal basis and on consent.
	consentClause = "C06"
	// partnerCollects is the parameter of clause C06 that gives the partner the
	// duty to collect consent (R10).
	partnerCollects = "consent_collected_by"
)

// To whom clause C06 gives the collection of consent, by its parameter
// consent_collected_by. Where it has none, the organisation collects.
const (
	ByOrganisation = "organisation"
	ByPartner      = "partner"
)

// ConsentCollector is the partner to whom clause C06, by its parameter
// consent_collected_by, gives the duty to collect consent; empty where the
// agreement gives it to nobody but the organisation (R10).
func (d Document) ConsentCollector() string {
	if collectedBy(d) == ByPartner {
		return d.Partner
	}
	return ""
}

// collectedBy is the parameter as it stands; empty where there is none.
func collectedBy(d Document) string {
	if i := slices.IndexFunc(d.Clauses, func(c Clause) bool { return c.Code == consentClause }); i >= 0 {
		return d.Clauses[i].Parameters[partnerCollects]
	}
	return ""
}
