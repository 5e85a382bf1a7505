package agreements

// partnerCollects is the parameter of clause C06 that gives the partner the
// duty to collect consent (R10).
const partnerCollects = "consent_collected_by"

// ConsentCollector is the partner to whom clause C06, by its parameter
// consent_collected_by, gives the duty to collect consent; empty where the
// agreement gives it to nobody but the organisation (R10).
func (d Document) ConsentCollector() string {
	for _, c := range d.Clauses {
		if c.Code == "C06" && c.Parameters[partnerCollects] == "partner" {
			return d.Partner
		}
	}
	return ""
}
