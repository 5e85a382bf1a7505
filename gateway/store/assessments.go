package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz/evidence"
)

func assessments() record[assessment.Assessment] {
	return record[assessment.Assessment]{
		kind: assessment.KindAssessment, table: "assessments",
		columns: []string{"agreement", "state", "template", "countries", "submitted", "valid_until", "mission", "band", "open_due"},
		values: func(a assessment.Assessment) []any {
			return []any{
				a.Agreement, string(a.State), a.TemplateVersion, spaced(a.Countries), microsOf(a.SubmittedAt), microsOf(a.ValidUntil), a.Mission,
				string(a.Result.Band), microsOf(openDue(a)),
			}
		},
		ident: func(a assessment.Assessment) (string, int) { return a.ID, a.Record },
		touches: func(a assessment.Assessment) touch {
			if a.ApprovedAt.IsZero() { // nothing rests on it yet
				return touch{}
			}
			return ofAgreement(a.Agreement)
		},
	}
}

// openDue is when the first open condition is due of an assessment that somebody
// decided on, or has to; the zero time where there is none.
func openDue(a assessment.Assessment) (first time.Time) {
	if a.State != assessment.Submitted && a.State != assessment.Returned && a.State != assessment.Approved {
		return time.Time{}
	}
	for _, c := range a.Conditions {
		if c.ClosedAt.IsZero() && (first.IsZero() || c.Due.Before(first)) {
			first = c.Due
		}
	}
	return first
}

// spaced is a list in which each member has a space at either side.
func spaced(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return " " + strings.Join(list, " ") + " "
}

// microsOf is micros of an instant that may be zero.
func microsOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func staleCauses() record[assessment.Cause] {
	return record[assessment.Cause]{
		kind: assessment.KindCause, table: "stale_causes", columns: []string{"reason", "subject", "happened", "open"},
		values: func(c assessment.Cause) []any {
			open := 1
			if c.Settled {
				open = 0
			}
			return []any{string(c.Trigger), c.Subject, microsOf(c.At), open}
		},
		ident: func(c assessment.Cause) (string, int) { return c.ID, c.Version },
	}
}

func assessmentTemplates() record[assessment.Edition] {
	return record[assessment.Edition]{
		kind: assessment.KindTemplate, table: "assessment_templates", columns: []string{"number"},
		values: func(e assessment.Edition) []any { return []any{e.Template.Version} },
		ident:  func(e assessment.Edition) (string, int) { return e.ID, e.Version },
	}
}

// Assessment implements assessment.AssessmentTx.
func (t *tx) Assessment(ctx context.Context, id string) (assessment.Assessment, error) {
	return one(ctx, t, assessments(), "WHERE r.id = $1", id)
}

// AssessmentsOf implements assessment.AssessmentTx and agreements.Tx.
func (t *tx) AssessmentsOf(ctx context.Context, agreement string) ([]assessment.Assessment, error) {
	return find(ctx, t, assessments(), "WHERE r.agreement = $1 ORDER BY r.id", agreement)
}

// SaveAssessment implements assessment.AssessmentTx.
func (t *tx) SaveAssessment(ctx context.Context, a assessment.Assessment) error {
	return save(ctx, t, assessments(), a)
}

// AgreementOf implements assessment.AssessmentTx.
func (t *tx) AgreementOf(ctx context.Context, id string) (assessment.Assessed, error) {
	a, err := t.Agreement(ctx, id)
	if err != nil {
		return assessment.Assessed{}, err
	}
	return assessed(a), nil
}

func assessed(a agreements.Agreement) assessment.Assessed {
	of := assessment.Assessed{
		Mission: a.Document.Mission, Shared: a.SharedWith(), Partner: a.Document.Partner, Version: a.Document.Version,
		PerYear: a.Document.Scope.MaxSubjectsPerYear,
	}
	if next := a.Amendment; next != nil {
		of.Amendment, of.AmendmentShared, of.AmendedPerYear = next.Document.Version, a.AmendmentSharedWith(), next.Document.Scope.MaxSubjectsPerYear
	}
	return of
}

// AssessmentsDue implements assessment.DueTx.
func (t *tx) AssessmentsDue(ctx context.Context, now time.Time, most int) ([]assessment.Assessment, error) {
	return due(ctx, t, assessments(), most, "WHERE r.state = 'approved' AND r.valid_until <= $1 ORDER BY r.valid_until, r.id", now.UnixMicro())
}

// AssessmentsHit implements assessment.DueTx.
func (t *tx) AssessmentsHit(ctx context.Context, c assessment.Cause, most int) ([]assessment.Assessment, error) {
	where, args := hitBy(c)
	return due(ctx, t, assessments(), most, "WHERE "+where+" ORDER BY r.id", args...)
}

// hitBy selects the approved assessments r that the cause makes stale.
func hitBy(c assessment.Cause) (where string, args []any) {
	const approved = "r.state = 'approved' AND "
	switch {
	case c.Trigger == assessment.TemplateWithdrawn:
		return approved + "r.template = $1", []any{c.Template}
	case c.Agreement != "":
		return approved + "r.agreement = $1", []any{c.Agreement}
	case c.Trigger == assessment.NewCountry:
		return approved + "r.agreement IN (SELECT a.id FROM agreements a WHERE a.partner = $1) AND r.countries NOT LIKE $2", []any{c.Partner, "% " + c.Country + " %"}
	case c.Trigger == assessment.PartnerIncident:
		return approved + "r.agreement IN (SELECT a.id FROM agreements a WHERE a.partner = $1) AND r.submitted <= $2", []any{c.Partner, microsOf(c.At)}
	}
	return approved + "r.countries LIKE $1 AND r.submitted <= $2", []any{"% " + c.Country + " %", microsOf(c.At)}
}

// UnsettledCauses implements assessment.DueTx.
func (t *tx) UnsettledCauses(ctx context.Context, most int) ([]assessment.Cause, error) {
	return due(ctx, t, staleCauses(), most, "WHERE r.open = 1 ORDER BY r.id")
}

// StaleCause implements assessment.CauseTx.
func (t *tx) StaleCause(ctx context.Context, id string) (assessment.Cause, error) {
	return one(ctx, t, staleCauses(), "WHERE r.id = $1", id)
}

// turnOfCauses is the key of the one turn that all causes have.
const turnOfCauses = "hashtextextended('turn of stale_causes', 0)"

// HoldCauses implements assessment.CauseTx.
func (t *tx) HoldCauses(ctx context.Context) error {
	return t.lock(ctx, "SELECT pg_advisory_xact_lock_shared("+turnOfCauses+")")
}

// StaleCauses implements assessment.CauseTx and transfer.DecisionTx.
func (t *tx) StaleCauses(ctx context.Context, subjects []string) ([]assessment.Cause, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	args, in := make([]any, len(subjects)), make([]string, len(subjects))
	for i, s := range subjects {
		args[i], in[i] = s, "$"+strconv.Itoa(i+1)
	}
	return find(ctx, t, staleCauses(), "WHERE r.subject IN ("+strings.Join(in, ", ")+`) AND NOT EXISTS (SELECT 1 FROM stale_causes n
WHERE n.subject = r.subject AND (n.happened > r.happened OR n.happened = r.happened AND n.id > r.id)) ORDER BY r.id`, args...)
}

// ConflictAlerts implements assessment.CauseTx.
func (t *tx) ConflictAlerts(ctx context.Context, p evidence.Page) (evidence.Listed[assessment.Cause], error) {
	return paged(ctx, t, staleCauses(), order{column: "happened", down: true}, p, "r.reason = $1", string(assessment.ConflictAlert))
}

// SaveStaleCause implements assessment.CauseSaver. A new one waits for decisions
// that hold their turn.
func (t *tx) SaveStaleCause(ctx context.Context, c assessment.Cause) error {
	if c.Version == 1 {
		if err := t.lock(ctx, "SELECT pg_advisory_xact_lock("+turnOfCauses+")"); err != nil {
			return err
		}
	}
	if err := save(ctx, t, staleCauses(), c); err != nil || c.Version > 1 {
		return err
	}
	// The gate goes by the cause, whether or not the assessments say so yet.
	where, args := hitBy(c)
	return t.rejudge(ctx, assessment.KindCause+"/"+c.ID, "w.agreement IN (SELECT r.agreement FROM assessments r WHERE "+where+")", args...)
}

// AssessmentTemplates implements assessment.TemplateTx.
func (t *tx) AssessmentTemplates(ctx context.Context) ([]assessment.Edition, error) {
	return find(ctx, t, assessmentTemplates(), "ORDER BY r.number")
}

// SaveAssessmentTemplate implements assessment.TemplateTx.
func (t *tx) SaveAssessmentTemplate(ctx context.Context, e assessment.Edition) error {
	return save(ctx, t, assessmentTemplates(), e)
}
