package gate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/consent"
)

// What the sender sees of a refusal names what is at fault (gate.md's table).
func TestDetailsOfRefusals(t *testing.T) {
	east := time.FixedZone("", 3*60*60)
	duty := func(id string) evidence.Ref { return evidence.Ref{Kind: "destruction", ID: id, Version: 1} }
	agreed := func(id string) evidence.Ref {
		return evidence.Ref{Kind: agreements.KindAgreement, ID: id, Version: 1}
	}
	for name, c := range map[string]struct {
		code   Code
		harm   func(*Facts)
		detail string
	}{
		"AGR_NOT_YET the date": {AgrNotYet, ofAgreement(func(a *agreements.Agreement) {
			a.Document.EffectiveFrom = noon().AddDate(0, 0, 1).In(east)
		}), "2026-03-02T12:00:00Z"},
		"AGR_NOT_YET without one":                        {AgrNotYet, ofAgreement(func(a *agreements.Agreement) { a.Document.EffectiveFrom = time.Time{} }), ""},
		"AGR_EXPIRED the date":                           {AgrExpired, ofAgreement(func(a *agreements.Agreement) { a.Document.ValidUntil = noon().In(east) }), "2026-03-01T12:00:00Z"},
		"AGR_EXPIRED the date, by state":                 {AgrExpired, ofAgreement(func(a *agreements.Agreement) { a.State = agreements.Expired }), "2027-03-01T12:00:00Z"},
		"AGR_AMBIGUOUS the candidates":                   {AgrAmbiguous, func(f *Facts) { f.Ambiguous, f.Candidates = true, []evidence.Ref{agreed("a1"), agreed("a2")} }, "a1 a2"},
		"RBA_EXPIRED the date":                           {RBAExpired, func(f *Facts) { f.Assessment.ValidUntil = noon() }, "2026-03-01T12:00:00Z"},
		"RET_ELAPSED the category":                       {RetElapsed, ofConsent(2, func(r *consent.Record) { r.EventTime = noon().AddDate(0, 0, -30) }), "identity"},
		"PARTNER_DESTRUCTION_OVERDUE one":                {PartnerDestructionOverdue, func(f *Facts) { f.Overdue, f.OverdueHere = duty("t0"), []evidence.Ref{duty("t0")} }, "t0"},
		"PARTNER_DESTRUCTION_OVERDUE of another mission": {PartnerDestructionOverdue, func(f *Facts) { f.Overdue = duty("t0") }, ""},
		"PARTNER_DESTRUCTION_OVERDUE several":            {PartnerDestructionOverdue, func(f *Facts) { f.Overdue, f.OverdueHere = duty("t0"), []evidence.Ref{duty("t9"), duty("t1")} }, "t9 t1"},
	} {
		t.Run(name, func(t *testing.T) {
			f := passing(Request)
			c.harm(&f)
			for _, f := range []Facts{f, again(t, f)} { // R37
				d := Decide(f)
				i := slices.IndexFunc(d.Refusals, func(r Refusal) bool { return r.Code == c.code })
				if i < 0 || strings.Join(d.Refusals[i].Detail, " ") != c.detail {
					t.Errorf("%+v", d.Refusals)
				}
			}
			recorded, people := f.Record()
			for _, ref := range slices.Concat(f.Candidates, f.OverdueHere) {
				if !slices.Contains(recorded.Refs(people), ref) {
					t.Errorf("R37 the decision rested on %v, too", ref)
				}
			}
		})
	}
}

func TestSelectNamesTheCandidates(t *testing.T) {
	t.Run("AGR_AMBIGUOUS by id, of those that could rule alone", func(t *testing.T) {
		list := []agreements.Agreement{
			candidate("a3", agreements.Active, "referral"), candidate("a2", agreements.Active, "photo"),
			candidate("a4", agreements.Draft, "referral"), candidate("a1", agreements.Active, "referral"),
		}
		if _, got := Select(list, "m1", "referral"); strings.Join(ids(got...), " ") != "a1 a3" {
			t.Error(got)
		}
	})
}
