package assessment

import (
	"context"
	"slices"
	"time"

	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// KindAssessment is the record kind of assessments.
const KindAssessment = "assessment"

// Assessed is what an assessment needs to know of its agreement, and of its
// surroundings.
type Assessed struct {
	Setting
	Mission string   // which signs it
	Shared  []string // the other missions that send under it, and know of it
	Version int      // of the document
	// Amendment is the version of the amendment that is on its way, 0 where there
	// is none: what is broader is assessed before it is active.
	Amendment int
	// PerYear and AmendedPerYear are how many subjects a year the two allow.
	PerYear        int
	AmendedPerYear int
	// AmendmentShared are those of Shared that know of the amendment.
	AmendmentShared []string
}

// assessor is the mission whose assessment the caller writes: the one that they
// name; else the one that signs the agreement, where they are of it; else theirs,
// where they are of one only that shares it. It is false where that mission
// assesses nothing of the agreement, or the caller is not of it.
func (of Assessed) assessor(c authz.Caller, named string) (string, bool) {
	mine := slices.DeleteFunc(append([]string{of.Mission}, of.Shared...), func(m string) bool { return !c.In(m) })
	switch {
	case named != "":
		return named, slices.Contains(mine, named)
	case len(mine) == 1 || len(mine) > 1 && mine[0] == of.Mission:
		return mine[0], true
	default:
		return "", false
	}
}

// to is what the mission knows of the agreement; false where it is out of its
// scope.
func (of Assessed) to(mission string) (Assessed, bool) {
	if mission == of.Mission {
		return of, true
	}
	if !slices.Contains(of.AmendmentShared, mission) {
		of.Amendment = 0
	}
	return of, slices.Contains(of.Shared, mission)
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	rulebook.Reader
	AssessmentTx
	ListTx
	DueTx
	CauseTx
	TemplateTx
	MissionTx
	people.SidesTx
	Categories(ctx context.Context) ([]terms.Category, error)
}

// AssessmentTx reads and writes assessments.
type AssessmentTx interface {
	Assessment(ctx context.Context, id string) (Assessment, error)
	AssessmentsOf(ctx context.Context, agreement string) ([]Assessment, error)
	SaveAssessment(ctx context.Context, a Assessment) error
	AgreementOf(ctx context.Context, id string) (Assessed, error)
}

// MissionTx reads the missions, in whose countries the people are.
type MissionTx interface {
	Mission(ctx context.Context, id string) (people.Mission, error)
	Missions(ctx context.Context) ([]people.Mission, error)
}

// assessed is what an assessment of the mission needs to know of the agreement.
func assessed(ctx context.Context, tx Tx, agreement, mission string) (Assessed, error) {
	of, err := tx.AgreementOf(ctx, agreement)
	if err != nil {
		return of, err
	}
	m, err := tx.Mission(ctx, mission)
	of.Country = m.Country
	return of, err
}

// CountriesOf are the countries of the missions.
func CountriesOf(missions []people.Mission) map[string]string {
	in := make(map[string]string, len(missions))
	for _, m := range missions {
		in[m.ID] = m.Country
	}
	return in
}

// DueTx lists what the clock has to do, at most so many of each, oldest first.
type DueTx interface {
	// AssessmentsDue lists approved assessments whose valid_until is reached.
	AssessmentsDue(ctx context.Context, now time.Time, most int) ([]Assessment, error)
	// AssessmentsHit lists approved assessments that the cause may make stale:
	// all that it does, and perhaps some more.
	AssessmentsHit(ctx context.Context, c Cause, most int) ([]Assessment, error)
	// UnsettledCauses lists causes that have happened by now and are not settled.
	UnsettledCauses(ctx context.Context, now time.Time, most int) ([]Cause, error)
}

// CauseTx reads and writes causes of staleness.
type CauseTx interface {
	CauseSaver
	CauseReader
	StaleCause(ctx context.Context, id string) (Cause, error)
	// ConflictAlerts lists the alerts, newest first.
	ConflictAlerts(ctx context.Context, p evidence.Page) (evidence.Listed[Cause], error)
}

// CauseReader reads the causes that count for an act.
type CauseReader interface {
	// HoldCauses keeps new causes from committing until the transaction ends. It
	// is the last lock that is taken.
	HoldCauses(ctx context.Context) error
	// StaleCauses answers, of each of the subjects, with the newest cause that has
	// happened by now, and with those that are to come.
	StaleCauses(ctx context.Context, subjects []string, now time.Time) ([]Cause, error)
}

// CauseSaver is what those need whose acts make assessments stale. They save the
// cause last before the entry of their act: decisions hold its turn after all
// other locks.
type CauseSaver interface {
	SaveStaleCause(ctx context.Context, c Cause) error
}

// TemplateTx reads and writes the recorded versions of the questionnaire.
type TemplateTx interface {
	AssessmentTemplates(ctx context.Context) ([]Edition, error) // by number
	SaveAssessmentTemplate(ctx context.Context, e Edition) error
}
