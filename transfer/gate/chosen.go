package gate

import (
	"errors"
	"fmt"
	"slices"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz/evidence"
)

// PassedOver names the records that were read and of which nothing else stands in
// the facts: an auditor sees by it what there was beside what the decision rested
// on, and replay chooses again (R37).
type PassedOver struct {
	Agreements  []evidence.Ref `json:"agreements,omitzero"`
	Assessments []evidence.Ref `json:"assessments,omitzero"`
	// Causes are all that could have made one of the assessments stale, with the one that did.
	Causes []evidence.Ref `json:"causes,omitzero"`
	// Pullers are grants and tokens of those who may not pull, or not now, and what the roles of all who were read rest on.
	Pullers []evidence.Ref `json:"pullers,omitzero"`
	// Unnamed counts those that were read beside these: of each kind MostPassedOver are named.
	Unnamed int `json:"unnamed,omitzero"`
}

// MostPassedOver bounds how many of each are named. No more agreements than these are passed over.
const MostPassedOver = agreements.MaxBetween + 1

// name answers with as many of refs as are named, and counts the rest.
func (p *PassedOver) name(refs []evidence.Ref) []evidence.Ref {
	if len(refs) <= MostPassedOver {
		return refs
	}
	p.Unnamed += len(refs) - MostPassedOver
	return refs[:MostPassedOver]
}

// ReadPullers names what was read of those who pull.
func (f *Facts) ReadPullers(refs []evidence.Ref) { f.PassedOver.Pullers = f.PassedOver.name(refs) }

// refs are all of them.
func (p PassedOver) refs() (all []evidence.Ref) {
	for _, refs := range [][]evidence.Ref{p.Agreements, p.Assessments, p.Causes, p.Pullers} {
		all = append(all, refs...)
	}
	return all
}

// ChooseAgreement chooses from those that were read, and names the others. The
// sender may have named the one, which is then alone.
func (f *Facts) ChooseAgreement(candidates []agreements.Agreement, named string) {
	if named != "" {
		f.Agreement = Pick(candidates, named)
	} else {
		for i, a := range candidates {
			// One whose term is over does not compete with its successor, whether
			// or not the clock's job has come by.
			if a.State == agreements.Active && !f.Now.Before(a.Document.ValidUntil) {
				candidates[i].State = agreements.Expired
			}
		}
		f.Agreement, f.Candidates = Select(candidates, f.Manifest.Mission, f.Manifest.Purpose)
		f.Ambiguous = len(f.Candidates) > 0
	}
	chosen := f.Candidates
	if f.Agreement != nil {
		chosen = []evidence.Ref{agreementRef(f.Agreement)}
	}
	f.PassedOver.Agreements = f.PassedOver.name(without(refsOf(candidates, func(a agreements.Agreement) evidence.Ref { return agreementRef(&a) }), chosen))
}

// Setting is what counts for whether an assessment under the agreement is stale.
func (f *Facts) Setting() assessment.Setting {
	return assessment.Setting{Partner: f.Agreement.Document.Partner, Country: f.Country}
}

// ChooseAssessment chooses from those that were read, as the causes leave them, and
// names the others. It is asked when all else is known of the moment.
func (f *Facts) ChooseAssessment(list []assessment.Assessment, causes []assessment.Cause) {
	in := f.Setting()
	want := f.Scope()
	want.Agreement, want.AgreementVersion = f.Agreement.ID, f.Agreement.Document.Version
	want.Countries, want.People = f.AssessedCountries(), PeopleOf(f.Subjects)
	hits := map[string]evidence.Ref{}
	for i := range list { // marked yet or not, what a cause made stale is stale
		var by *assessment.Cause
		if list[i], by = list[i].Under(causes, in, f.Now); by != nil {
			hits[list[i].ID] = causeRef(*by)
		}
	}
	var chosen []evidence.Ref
	if f.Assessment = BestAssessment(list, want, f.Categories, f.Now); f.Assessment != nil {
		f.StaleBy, f.RaisedFrom = hits[f.Assessment.ID], f.Assessment.NextRaise(causes, in, f.Now)
		chosen = append(chosen, assessmentRef(f.Assessment))
	}
	f.PassedOver.Assessments = f.PassedOver.name(without(refsOf(list, func(a assessment.Assessment) evidence.Ref { return assessmentRef(&a) }), chosen))
	f.PassedOver.Causes = f.PassedOver.name(refsOf(causes, causeRef))
}

func causeRef(c assessment.Cause) evidence.Ref {
	return evidence.Ref{Kind: assessment.KindCause, ID: c.ID, Version: c.Version}
}

func without(all, chosen []evidence.Ref) []evidence.Ref {
	return slices.DeleteFunc(all, func(ref evidence.Ref) bool { return slices.Contains(chosen, ref) })
}

// ChosenAgain chooses again from all that was read, and says what would be chosen
// otherwise. Facts are those that Restore answers with. Nothing is chosen again
// where not all that was read is named, as in facts of an earlier program, or is kept.
func (r Recorded) ChosenAgain(f Facts, body func(evidence.Ref) ([]byte, bool)) (differs []string, err error) {
	if f.PassedOver.Unnamed > 0 {
		return nil, nil
	}
	agreement, err := r.agreementAgain(f, body)
	if err != nil {
		return nil, err
	}
	other, err := r.assessmentAgain(f, body)
	return append(agreement, other...), err
}

func (r Recorded) agreementAgain(f Facts, body func(evidence.Ref) ([]byte, bool)) ([]string, error) {
	refs := slices.Concat(f.PassedOver.Agreements, r.Facts.Candidates)
	if r.Agreement.Version > 0 {
		refs = append(refs, r.Agreement)
	}
	if len(f.PassedOver.Agreements) == 0 || len(refs) < 2 {
		return nil, nil // there was nothing to choose, or the sender named the one
	}
	var candidates []agreements.Agreement
	if err := restoredAll(refs, body, &candidates); err != nil {
		return nil, butGone(err)
	}
	then := chosenOf(r.Facts.Candidates, r.Agreement)
	f.ChooseAgreement(candidates, "")
	var now evidence.Ref
	if f.Agreement != nil {
		now = agreementRef(f.Agreement)
	}
	return differing("agreement", len(refs), then, chosenOf(f.Candidates, now)), nil
}

func (r Recorded) assessmentAgain(f Facts, body func(evidence.Ref) ([]byte, bool)) ([]string, error) {
	if len(f.PassedOver.Assessments) == 0 || f.Agreement == nil {
		return nil, nil
	}
	refs := append(slices.Clone(f.PassedOver.Assessments), r.Assessment)
	var list []assessment.Assessment
	var causes []assessment.Cause
	if err := errors.Join(restoredAll(refs, body, &list), restoredAll(f.PassedOver.Causes, body, &causes)); err != nil {
		return nil, butGone(err)
	}
	f.ChooseAssessment(list, causes)
	return differing("assessment", len(refs), chosenOf(nil, r.Assessment), chosenOf(nil, assessmentRef(f.Assessment))), nil
}

// butGone is err, but for a record that is not kept any more: which, replay says.
func butGone(err error) error {
	if errors.Is(err, evidence.ErrNotFound) {
		return nil
	}
	return err
}

// chosenOf says what was chosen, or between which the sender is to choose.
func chosenOf(candidates []evidence.Ref, one evidence.Ref) string {
	switch {
	case one.Version > 0:
		return fmt.Sprintf("%s, version %d", one.ID, one.Version)
	case len(candidates) > 0:
		return fmt.Sprintf("none of %d", len(candidates))
	}
	return "none"
}

func differing(what string, read int, then, now string) []string {
	if then == now {
		return nil
	}
	return []string{fmt.Sprintf("of the %d records of kind %s that were read it rested on %s, and would rest on %s now", read, what, then, now)}
}
