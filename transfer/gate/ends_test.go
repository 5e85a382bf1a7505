package gate

import (
	"testing"
	"time"

	"safeconduct/agreements/clearance"
	"safeconduct/agreements/terms"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
)

// The moment at which the gate is to be asked again is that of the first end, and no end that is over.
func TestNextEnd(t *testing.T) {
	far := func() Facts {
		f := passing(Pull)
		f.Rules.Vetting.LifeDays = 100_000
		f.Partner.DueDiligence.ValidUntil = time.Time{}
		f.Agreement.Document.ValidUntil = f.Now.Add(1000 * day)
		f.Assessment.ValidUntil = f.Now.Add(1000 * day)
		f.Clearance, f.DPOApprovals, f.Disclosures, f.Retention = nil, nil, nil, nil
		for i := range f.Subjects {
			for j := range f.Subjects[i].Consents {
				f.Subjects[i].Consents[j].ValidUntil = nil
			}
		}
		return f
	}
	end := passing(Pull).Now.Add(time.Hour)
	for name, set := range map[string]func(f *Facts, at time.Time){
		"the vetting of the partner": func(f *Facts, at time.Time) { f.Partner.DueDiligence.ValidUntil = at },
		"the vetting, by the rules in force": func(f *Facts, at time.Time) {
			f.Rules.Vetting.LifeDays = 10
			f.Partner.DueDiligence.Date = at.Add(-10 * day)
		},
		"the agreement":                    func(f *Facts, at time.Time) { f.Agreement.Document.ValidUntil = at },
		"the assessment":                   func(f *Facts, at time.Time) { f.Assessment.ValidUntil = at },
		"R40 a raise of what was assessed": func(f *Facts, at time.Time) { f.RaisedFrom = at },
		"what a category is": func(f *Facts, at time.Time) {
			f.Categories = []terms.Category{{Course: terms.Course[terms.CategoryValues]{Next: []terms.Change[terms.CategoryValues]{
				{Decided: terms.Decided{EffectiveFrom: at}}, {Decided: terms.Decided{EffectiveFrom: at.Add(day)}},
			}}}}
		},
		"the clearance":            func(f *Facts, at time.Time) { f.Clearance = &clearance.Clearance{ValidUntil: at} },
		"an approval of the DPO":   func(f *Facts, at time.Time) { f.DPOApprovals = []approvals.DPOApproval{{}, {Until: at}} },
		"a disclosure assessment":  func(f *Facts, at time.Time) { f.Disclosures = []anonymous.DisclosureAssessment{{ValidUntil: at}} },
		"the consent of a subject": func(f *Facts, at time.Time) { f.Subjects[0].Consents[0].ValidUntil = &at },
		"the retention of what was collected": func(f *Facts, at time.Time) {
			f.Subjects[0].Consents[0].EventTime = at.Add(-20 * day)
			f.Retention = []terms.RetentionRule{{Category: f.Manifest.Categories[0], Trigger: terms.Collection, Days: 20}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := far()
			if set(&f, end); !f.NextEnd().Equal(end) {
				t.Errorf("asked again at %s, want %s", f.NextEnd(), end)
			}
			f = far()
			if set(&f, f.Now); f.NextEnd().Equal(f.Now) || f.NextEnd().Before(f.Now) {
				t.Errorf("asked again at %s, which is not later", f.NextEnd())
			}
		})
	}
	if next := (&Facts{Now: end}).NextEnd(); !next.IsZero() {
		t.Errorf("nothing ends, and it is asked again at %s", next)
	}
}
