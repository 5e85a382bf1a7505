package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
)

func assessments() record[assessment.Assessment] {
	return record[assessment.Assessment]{
		kind: assessment.KindAssessment, table: "assessments",
		columns: []string{"agreement", "state", "template", "countries", "submitted", "valid_until", "mission", "band", "open_due", "categories"},
		since:   map[string]uint32{"categories": 26},
		values: func(a assessment.Assessment) []any {
			return []any{
				a.Agreement, string(a.State), a.TemplateVersion, spaced(a.Countries), microsOf(a.SubmittedAt), microsOf(a.ValidUntil), a.Mission,
				string(a.Result.Band), microsOf(openDue(a)), spaced(a.Categories),
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

// nearAssessments selects the ids of transfer.DecisionTx.AssessmentsNear. The
// limits are part of the text: of one that is bound the planner knows nothing once
// it plans for all arguments, and takes a tenth of the table for it.
var nearAssessments = func() string {
	const of = "SELECT a.id FROM assessments a WHERE a.agreement = $1 AND a.mission = $2 AND "
	parts := []string{of + "a.state = 'approved'", of + "a.id = $3"}
	for _, state := range assessment.States() {
		if state != assessment.Approved {
			parts = append(parts, "SELECT id FROM ("+of+"a.state = '"+string(state)+"' ORDER BY a.id DESC LIMIT "+strconv.Itoa(assessment.MostEnded)+") "+string(state))
		}
	}
	return strings.Join(parts, " UNION ALL ")
}()

// AssessmentsNear implements transfer.DecisionTx. What is near is asked of the
// columns: what comes back is believed by its tag, as everything is.
func (t *tx) AssessmentsNear(ctx context.Context, agreement, mission, bound string) ([]assessment.Assessment, error) {
	return find(ctx, t, assessments(), "WHERE r.id IN ("+nearAssessments+") ORDER BY r.id", agreement, mission, bound)
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
		Setting: assessment.Setting{Partner: a.Document.Partner},
		Mission: a.Document.Mission, Shared: a.SharedWith(), Version: a.Document.Version,
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
	where, args, err := t.hitBy(ctx, c)
	if err != nil {
		return nil, err
	}
	return due(ctx, t, assessments(), most, "WHERE "+where+" ORDER BY r.id", args...)
}

// hitBy selects the approved assessments r that the cause makes stale.
func (t *tx) hitBy(ctx context.Context, c assessment.Cause) (where string, args []any, err error) {
	const approved = "r.state = 'approved' AND "
	switch {
	case c.Trigger == assessment.TemplateWithdrawn:
		return approved + "r.template = $1", []any{c.Template}, nil
	case c.Trigger == assessment.CategoryRaised: // replace, as LIKE takes the underscores of a code for any letter
		return approved + "r.submitted <= $1 AND replace(r.categories, $2, '') <> r.categories", []any{microsOf(c.At), " " + c.Category + " "}, nil
	case c.Agreement != "":
		return approved + "r.agreement = $1", []any{c.Agreement}, nil
	case c.Trigger == assessment.NewCountry:
		return approved + "r.agreement IN (SELECT a.id FROM agreements a WHERE a.partner = $1) AND r.countries NOT LIKE $2", []any{c.Partner, "% " + c.Country + " %"}, nil
	case c.Trigger == assessment.PartnerIncident:
		return approved + "r.agreement IN (SELECT a.id FROM agreements a WHERE a.partner = $1) AND r.submitted <= $2", []any{c.Partner, microsOf(c.At)}, nil
	}
	// A conflict: what the author listed, and the missions that are there.
	all, err := t.Missions(ctx)
	if err != nil {
		return "", nil, err
	}
	of := "r.countries LIKE $1"
	args = []any{"% " + c.Country + " %", microsOf(c.At)}
	for _, m := range all {
		if m.Country == c.Country {
			args = append(args, m.ID)
			of += " OR r.mission = $" + strconv.Itoa(len(args))
		}
	}
	return approved + "r.submitted <= $2 AND (" + of + ")", args, nil
}

// UnsettledCauses implements assessment.DueTx.
func (t *tx) UnsettledCauses(ctx context.Context, now time.Time, most int) ([]assessment.Cause, error) {
	return due(ctx, t, staleCauses(), most, "WHERE r.open = 1 AND r.happened <= $1 ORDER BY r.id", now.UnixMicro())
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
func (t *tx) StaleCauses(ctx context.Context, subjects []string, now time.Time) ([]assessment.Cause, error) {
	if len(subjects) == 0 {
		return nil, nil
	}
	args, in := make([]any, 1+len(subjects)), make([]string, len(subjects))
	args[0] = now.UnixMicro()
	for i, s := range subjects {
		args[1+i], in[i] = s, "(CAST($"+strconv.Itoa(i+2)+" AS TEXT))"
	}
	return find(ctx, t, staleCauses(), "WHERE r.id IN (WITH w AS (SELECT column1 AS subject FROM (VALUES "+strings.Join(in, ", ")+") v) "+
		"SELECT (SELECT n.id FROM stale_causes n WHERE n.subject = w.subject AND n.happened <= $1 ORDER BY n.happened DESC, n.id DESC LIMIT 1) FROM w "+
		"UNION ALL SELECT n.id FROM w JOIN stale_causes n ON n.subject = w.subject AND n.happened > $1) ORDER BY r.id", args...)
}

// ConflictAlerts implements assessment.CauseTx.
func (t *tx) ConflictAlerts(ctx context.Context, p evidence.Page) (evidence.Listed[assessment.Cause], error) {
	return paged(ctx, t, staleCauses(), order{column: "happened", down: true}, p, "r.reason = $1", string(assessment.ConflictAlert))
}

// SaveStaleCause implements assessment.CauseSaver. A new one waits for decisions
// that hold their turn.
func (t *tx) SaveStaleCause(ctx context.Context, c assessment.Cause) error {
	if c.Version == 1 {
		if err := t.LockCauses(ctx); err != nil {
			return err
		}
	}
	if err := save(ctx, t, staleCauses(), c); err != nil || c.Version > 1 {
		return err
	}
	// The gate goes by the cause, whether or not the assessments say so yet. It is asked of each that waits, with a limit that
	// keeps planners from turning it round: the causes have their turn, which decisions everywhere wait for.
	where, args, err := t.hitBy(ctx, c)
	if err != nil {
		return err
	}
	return t.rejudge(ctx, assessment.KindCause+"/"+c.ID,
		"(SELECT r.id FROM assessments r WHERE r.agreement = w.agreement AND r.mission = w.mission AND "+where+" LIMIT 1) IS NOT NULL", args...)
}

// LockCauses implements terms.RaiseTx.
func (t *tx) LockCauses(ctx context.Context) error {
	return t.lock(ctx, "SELECT pg_advisory_xact_lock("+turnOfCauses+")")
}

// SaveRaise implements terms.RaiseTx.
func (t *tx) SaveRaise(ctx context.Context, r terms.Raise) error {
	return t.SaveStaleCause(ctx, assessment.Raised(r))
}

// DropRaises implements terms.RaiseTx.
func (t *tx) DropRaises(ctx context.Context, r terms.Raise) error {
	all, err := find(ctx, t, staleCauses(), "WHERE r.subject = $1 AND r.happened >= $2 AND r.happened > $3 ORDER BY r.id",
		assessment.AboutCategory(r.Category), r.At.UnixMicro(), r.Now.UnixMicro())
	for _, c := range all {
		if err == nil {
			err = t.SaveStaleCause(ctx, c.Dropped(r))
		}
	}
	return err
}

// AssessmentTemplates implements assessment.TemplateTx.
func (t *tx) AssessmentTemplates(ctx context.Context) ([]assessment.Edition, error) {
	return find(ctx, t, assessmentTemplates(), "ORDER BY r.number")
}

// SaveAssessmentTemplate implements assessment.TemplateTx.
func (t *tx) SaveAssessmentTemplate(ctx context.Context, e assessment.Edition) error {
	return save(ctx, t, assessmentTemplates(), e)
}
