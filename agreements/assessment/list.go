package assessment

import (
	"context"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Filter narrows a list of assessments to those that have each member which is
// not empty.
type Filter struct {
	Agreement string
	Mission   string // whose assessment it is
	Partner   string // of the agreement
	State     State
}

// ListTx lists assessments.
type ListTx interface {
	// Assessments lists those of the reach's missions, newest first. Of the state
	// stale it lists those that are approved too: a cause may not have marked them
	// yet.
	Assessments(ctx context.Context, in authz.Reach, f Filter, p evidence.Page) (evidence.Listed[Assessment], error)
	// AgreementsOf answers with what each of the agreements is to its assessments,
	// at most evidence.MaxPage of them.
	AgreementsOf(ctx context.Context, ids []string) (map[string]Assessed, error)
}

// Assessments lists those that the caller may read, newest first, each as its
// causes leave it. It asks as often for many as for one.
func (d *Desk) Assessments(ctx context.Context, c authz.Caller, f Filter, p evidence.Page) (evidence.Listed[Assessment], error) {
	in, err := d.office.Reach(ctx, c, authz.AssessmentRead, KindAssessment)
	if err != nil {
		return evidence.Listed[Assessment]{}, err
	}
	var found evidence.Listed[Assessment]
	var of map[string]Assessed
	var causes []Cause
	var setting func(Assessment) Setting
	now := d.office.Time()
	if err := d.store.View(ctx, func(tx Tx) error {
		if found, err = tx.Assessments(ctx, in, f, p); err != nil {
			return err
		}
		agreements := make([]string, len(found.Items))
		for i, a := range found.Items {
			agreements[i] = a.Agreement
		}
		if of, err = tx.AgreementsOf(ctx, agreements); err != nil {
			return err
		}
		missions, err := tx.Missions(ctx)
		if err != nil {
			return err
		}
		countries := CountriesOf(missions)
		setting = func(a Assessment) Setting {
			return Setting{Partner: of[a.Agreement].Partner, Country: countries[a.Mission]}
		}
		causes, err = tx.StaleCauses(ctx, concerned(found.Items, setting), now)
		return err
	}); err != nil {
		return evidence.Listed[Assessment]{}, err
	}
	seen := evidence.Listed[Assessment]{Next: found.Next}
	for _, a := range found.Items {
		in := setting(a)
		a, _ = a.Under(causes, in, now)
		_, denied := d.office.Enforcer.Check(c, authz.AssessmentRead, a.resource(in.Partner))
		if denied == nil && c.In(a.Mission) && (f.State == "" || a.State == f.State) {
			seen.Items = append(seen.Items, a)
		}
	}
	return seen, nil
}

// concerned are the subjects that any of the approved assessments concerns, each
// once: nothing makes another stale.
func concerned(all []Assessment, setting func(Assessment) Setting) []string {
	var subjects []string
	known := map[string]bool{}
	for _, a := range all {
		if a.State != Approved {
			continue
		}
		for _, s := range a.Concerns(setting(a)) {
			if !known[s] {
				known[s] = true
				subjects = append(subjects, s)
			}
		}
	}
	return subjects
}
