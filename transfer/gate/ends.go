package gate

import (
	"slices"
	"time"

	"safeconduct/agreements/terms"
)

const day = 24 * time.Hour

// NextEnd is the first moment after Now at which something that these facts hold
// ends, or changes, by itself, so that the gate may answer otherwise; the zero time where
// nothing does. What does not bear on the answer is among it: who asks again then
// has asked once too often, and never too late.
func (f *Facts) NextEnd() time.Time {
	var next time.Time
	ends := func(at time.Time) {
		if at.After(f.Now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if f.Partner != nil && f.Partner.DueDiligence != nil {
		ends(f.Partner.DueDiligence.ValidUntil)
		ends(f.Partner.DueDiligence.Date.Add(time.Duration(f.Rules.Vetting.LifeDays) * day))
	}
	if f.Agreement != nil {
		ends(f.Agreement.Document.ValidUntil)
	}
	if f.Assessment != nil {
		ends(f.Assessment.ValidUntil)
		ends(f.RaisedFrom)
	}
	if f.Clearance != nil {
		ends(f.Clearance.ValidUntil)
	}
	for _, k := range f.Categories { // conditions 17 and 19, by what is approved to come
		if len(k.Next) > 0 {
			ends(k.Next[0].EffectiveFrom)
		}
	}
	for _, a := range f.DPOApprovals {
		ends(a.Until)
	}
	for _, d := range f.Disclosures {
		ends(d.ValidUntil)
	}
	for _, s := range f.Subjects {
		for _, c := range s.Consents {
			if c.ValidUntil != nil {
				ends(*c.ValidUntil)
			}
			for _, r := range f.Retention { // condition 26
				if r.Trigger == terms.Collection && slices.Contains(f.Manifest.Categories, r.Category) {
					ends(c.EventTime.Add(time.Duration(r.Days) * day))
				}
			}
		}
	}
	return next
}
