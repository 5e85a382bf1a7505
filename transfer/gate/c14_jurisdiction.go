package gate

import (
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
)

// Codes of condition 14.
const (
	JurNotCovered       Code = "JUR_NOT_COVERED"
	JurMechanismMissing Code = "JUR_MECHANISM_MISSING"
	JurRestricted       Code = "JUR_RESTRICTED"
)

// jurisdiction is condition 14: the agreement covers the country of the
// recipient and says where the data are stored; it names the mechanism of the
// transfer where the rules ask for one for the country of origin (R39); and
// nothing goes to a restricted country.
func jurisdiction() condition {
	codes := append(emergency(JurNotCovered), never(JurMechanismMissing, JurRestricted)...)
	return condition{
		number: "14", phases: always, codes: codes,
		check: func(f *Facts) []Finding {
			a, p := f.ruling(), f.recipient()
			var found []Finding
			var object evidence.Ref
			var places []string
			if p != nil {
				object, places = partyRef(p), append(places, p.Country)
			}
			if a != nil {
				s := &a.Document.Scope
				object = agreementRef(a)
				outside := lacking(places, s.RecipientCountries)
				if len(s.StorageCountries) == 0 {
					outside = append(outside, "storage")
				}
				for _, c := range s.StorageCountries {
					if !rulebook.IsCountry(c) { // nothing says whether it is restricted
						outside = append(outside, c)
					}
				}
				if len(outside) > 0 {
					found = append(found, one(JurNotCovered, object, outside...)...)
				}
				origins := f.origins()
				ask := lacking(origins, lacking(origins, f.Rules.Jurisdiction.Mechanism))
				if !stated(origins[len(origins)-1]) && len(f.Rules.Jurisdiction.Mechanism) > 0 {
					ask = append(ask, "mission") // nobody can tell whether one is needed
				}
				if len(ask) > 0 && !stated(s.TransferMechanism) {
					found = append(found, one(JurMechanismMissing, object, ask...)...)
				}
				places = append(places, s.StorageCountries...)
			}
			if barred := lacking(places, lacking(places, f.Rules.Jurisdiction.Restricted)); len(barred) > 0 {
				found = append(found, one(JurRestricted, object, barred...)...)
			}
			return found
		},
	}
}

// origins are the countries that the data come from: the one that the sender
// states, and last the mission's, which what it collected itself comes from too.
func (f *Facts) origins() []string {
	if f.Manifest.Origin.Source == ThirdPartyData && stated(f.Manifest.Origin.Country) {
		return []string{f.Manifest.Origin.Country}
	}
	return []string{f.Manifest.Origin.Country, f.Country}
}
