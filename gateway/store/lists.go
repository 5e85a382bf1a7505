package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer"
)

// selection is the conditions of a list, all of which a row meets, and their
// arguments.
type selection struct {
	all  []string
	args []any
}

func (s *selection) and(condition string) { s.all = append(s.all, condition) }

// is adds that the expression is the value, unless that is empty.
func (s *selection) is(expression, value string) {
	if value != "" {
		s.and(expression + " = " + s.mark(value))
	}
}

func (s *selection) mark(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

// in is the condition that the expression is one of the values; false for none.
func (s *selection) in(expression string, values []string) string {
	if len(values) == 0 {
		return "1 = 0"
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = s.mark(v)
	}
	return expression + " IN (" + strings.Join(marks, ", ") + ")"
}

func (s *selection) where() string {
	if len(s.all) == 0 {
		return "1 = 1"
	}
	return "(" + strings.Join(s.all, ") AND (") + ")"
}

// newestFirst is the order of these lists: ids are time-ordered.
func newestFirst[T any](ctx context.Context, t *tx, r record[T], s selection, p evidence.Page) (evidence.Listed[T], error) {
	return paged(ctx, t, r, order{down: true}, p, s.where(), s.args...)
}

// Agreements implements agreements.ListTx.
func (t *tx) Agreements(ctx context.Context, in authz.Reach, f agreements.Filter, p evidence.Page) (evidence.Listed[agreements.Agreement], error) {
	var s selection
	if !in.All {
		s.and("r.id IN (SELECT m.agreement FROM agreement_missions m WHERE " + s.in("m.mission", in.Missions) +
			" UNION ALL SELECT a.id FROM agreements a WHERE " + s.in("a.partner", in.Partners) + ")")
		s.and(s.in("r.mission", in.Missions) + " OR r.state NOT IN ('draft', 'review', 'rejected')")
	}
	if f.Mission != "" {
		s.and("r.id IN (SELECT m.agreement FROM agreement_missions m WHERE m.mission = " + s.mark(f.Mission) + ")")
	}
	s.is("r.partner", f.Partner)
	s.is("r.state", string(f.State))
	return newestFirst(ctx, t, agreementRecords(), s, p)
}

// Assessments implements assessment.ListTx.
func (t *tx) Assessments(ctx context.Context, in authz.Reach, f assessment.Filter, p evidence.Page) (evidence.Listed[assessment.Assessment], error) {
	var s selection
	if !in.All {
		s.and(s.in("r.mission", in.Missions))
	}
	s.is("r.agreement", f.Agreement)
	s.is("r.mission", f.Mission)
	if f.Partner != "" {
		s.and("r.agreement IN (SELECT a.id FROM agreements a WHERE a.partner = " + s.mark(f.Partner) + ")")
	}
	if f.State == assessment.Stale {
		s.and(s.in("r.state", []string{string(assessment.Stale), string(assessment.Approved)}))
	} else {
		s.is("r.state", string(f.State))
	}
	return newestFirst(ctx, t, assessments(), s, p)
}

// AgreementsOf implements assessment.ListTx.
func (t *tx) AgreementsOf(ctx context.Context, ids []string) (map[string]assessment.Assessed, error) {
	of := make(map[string]assessment.Assessed, len(ids))
	for args, in := range listed(ids) {
		all, err := find(ctx, t, agreementRecords(), "WHERE r.id IN "+in, args...)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			of[a.ID] = assessed(a)
		}
	}
	return of, nil
}

// Transfers implements transfer.ListTx. What a partner is not told is in no
// condition on their rows: what such a list leaves out would tell it.
func (t *tx) Transfers(ctx context.Context, in transfer.Readers, f transfer.Filter, p evidence.Page) (evidence.Listed[transfer.Transfer], error) {
	var s selection
	whole := "NOT (" + s.in("r.partner", in.Of) + ")"
	reduced := "r.released > 0 AND " + s.in("r.partner", in.Reduced)
	if !in.Whole.All {
		whole += " AND (" + s.in("r.mission", in.Whole.Missions) + " OR r.sender = " + s.mark(in.Whole.Person) + " AND " + s.in("r.mission", in.Whole.OwnIn) + ")"
	}
	if f.State != "" {
		whole += " AND r.state = " + s.mark(string(f.State))
		reduced += " AND " + s.told(f.State, in.Now)
	}
	s.and(whole + " OR " + reduced)
	s.is("r.mission", f.Mission)
	s.is("r.partner", f.Partner)
	return newestFirst(ctx, t, transfers(), s, p)
}

// told is that people of the partner are told the state at now: a window that is
// over is, whether the transfer is held or only not swept yet (Transfer.ToldAt).
func (s *selection) told(state transfer.State, now time.Time) string {
	is := "r.told = " + s.mark(string(state))
	if state != transfer.Available && state != transfer.Unclaimed {
		return is
	}
	over := "r.told = 'available' AND r.window_ends > 0 AND r.window_ends <= " + s.mark(now.UnixMicro())
	if state == transfer.Available {
		return is + " AND NOT (" + over + ")"
	}
	return "(" + is + " OR " + over + ")"
}

// Persons implements people.ListTx.
func (t *tx) Persons(ctx context.Context, in authz.Reach, f people.Filter, p evidence.Page) (evidence.Listed[people.Person], error) {
	var s selection
	if !in.All {
		s.and(s.in("r.mission", in.Missions) + " OR r.id = " + s.mark(in.Person))
	}
	s.is("r.mission", f.Mission)
	s.is("r.partner", f.Partner)
	return newestFirst(ctx, t, persons(), s, p)
}
