package transfer

import (
	"context"
	"maps"
	"slices"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/incidents"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/gate"
)

func (o *Office) gatherPartner(ctx context.Context, tx Tx, t Transfer, f *reading) error {
	p, err := tx.Party(ctx, t.Partner)
	if absent(err) {
		return nil
	} else if err != nil {
		return err
	}
	f.Partner = &p
	pullers, err := tx.Pullers(ctx, t.Partner)
	if err != nil {
		return err
	}
	held, err := tx.StandingOf(ctx, pullers.persons())
	f.asOf = append(f.asOf, func() {
		var read []evidence.Ref
		f.Downloaders, read = pullers.active(held, f.Rules, f.Now)
		f.ReadPullers(read)
	})
	return err
}

// gatherConduct reads what the partner did: an incident that is open there, and
// data that it has kept for too long.
func (o *Office) gatherConduct(ctx context.Context, tx Tx, t Transfer, f *reading) error {
	if t.Partner == "" {
		return nil
	}
	i, err := tx.StoppingIncident(ctx, t.Partner)
	if err == nil {
		f.Incident = evidence.Ref{Kind: incidents.KindIncident, ID: i.ID, Version: i.Version}
	} else if !absent(err) {
		return err
	}
	duties, err := tx.NextDestructions(ctx, t.Partner)
	f.asOf = append(f.asOf, func() {
		for _, d := range duties { // those that are overdue first are in front
			if !d.OverdueAt(f.Now) {
				continue
			}
			if f.Overdue.ID == "" {
				f.Overdue = d.Ref()
			}
			if d.Mission == t.Mission { // another mission's is as unknown as none
				f.OverdueHere = append(f.OverdueHere, d.Ref())
			}
		}
	})
	return err
}

func (o *Office) gatherAgreement(ctx context.Context, tx Tx, t Transfer, f *reading) error {
	if err := o.chooseAgreement(ctx, tx, t, f); err != nil || f.Agreement == nil {
		return err
	}
	a := *f.Agreement
	provers := make([]string, len(a.Signatures))
	for i, s := range a.Signatures {
		provers[i] = s.ProvenBy()
	}
	keys, err := tx.KeysOfEach(ctx, provers)
	if err != nil {
		return err
	}
	grants, err := tx.GrantsOfEach(ctx, provers)
	if err != nil {
		return err
	}
	f.Read = append(f.Read, grantRefs(grants)...)
	for _, person := range slices.Sorted(maps.Keys(keys)) {
		for _, k := range keys[person] {
			f.Read = append(f.Read, evidence.Ref{Kind: people.KindKey, ID: k.ID, Version: k.Version})
		}
	}
	for _, s := range a.Signatures {
		f.SignatureFaults = append(f.SignatureFaults, a.CheckSignature(s, keys[s.ProvenBy()], grants[s.ProvenBy()]))
	}
	return nil
}

// chooseAgreement finds the agreement that rules. After REQUEST it is the one
// that the payload is sealed under, judged by its version now in force.
func (o *Office) chooseAgreement(ctx context.Context, tx Tx, t Transfer, f *reading) error {
	if f.Phase != gate.Request {
		a, err := tx.Agreement(ctx, t.Agreement)
		if absent(err) {
			return nil
		} else if err != nil {
			return err
		}
		f.Agreement = &a
		return nil
	}
	candidates, err := tx.AgreementsNearest(ctx, t.Mission, t.Partner, t.Chosen, f.Now)
	if err != nil {
		return err
	}
	f.ChooseAgreement(candidates, t.Chosen)
	return nil
}

func (o *Office) gatherAssessment(ctx context.Context, tx Tx, t Transfer, f *reading) error {
	if f.Agreement == nil {
		return nil
	}
	// Each mission of the agreement's scope assesses what it sends itself: another's
	// answers as an unknown one. A derogation is bound to the transfer whose request
	// rested on it, whatever became of the assessment since.
	list, err := tx.AssessmentsNear(ctx, f.Agreement.ID, t.Mission, t.Assessment)
	if err != nil {
		return err
	}
	causes, err := staleCauses(ctx, tx, list, f.Setting(), f.Now)
	if err != nil {
		return err
	}
	f.asOf = append(f.asOf, func() { f.ChooseAssessment(list, causes) })
	return nil
}

// staleCauses are those that may make an approved assessment of the list stale, now
// or later: nothing makes another stale.
func staleCauses(ctx context.Context, tx Tx, list []assessment.Assessment, in assessment.Setting, now time.Time) ([]assessment.Cause, error) {
	var about []string
	for _, a := range list {
		if a.State == assessment.Approved {
			about = append(about, a.Concerns(in)...)
		}
	}
	slices.Sort(about)
	return tx.StaleCauses(ctx, slices.Compact(about), now)
}
