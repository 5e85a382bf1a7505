package gate

// PartnerIncident is the code of condition 27.
const PartnerIncident Code = "PARTNER_INCIDENT"

// noIncident is condition 27: no serious incident is open at the partner.
func noIncident() condition {
	return condition{
		number: "27", phases: always, codes: never(PartnerIncident),
		check: func(f *Facts) []Finding {
			if f.Incident.ID != "" {
				return one(PartnerIncident, f.Incident)
			}
			return nil
		},
	}
}
