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

// newestOf selects the ids of one page of from, which is a table and conditions
// on it, by an index that ends in the id.
func (s *selection) newestOf(p evidence.Page, id, from string) string {
	if p.After != "" {
		from += " AND " + id + " < " + s.mark(p.After)
	}
	return "SELECT id FROM (SELECT " + id + " AS id FROM " + from + " ORDER BY " + id + " DESC LIMIT " + s.mark(p.Limit()+1) + ") n"
}

// among adds that the id is one of those that the parts select; no part is none.
// Each part reads a page of its own, however many rows it could read: what lies in
// a few places among many is not looked for among all.
func (s *selection) among(parts []string) {
	if len(parts) == 0 {
		s.and("1 = 0")
		return
	}
	s.and("r.id IN (" + strings.Join(parts, " UNION ALL ") + ")")
}

// Agreements implements agreements.ListTx. Whether an agreement may be read, and
// all that is asked of it, is asked of each page of each place.
func (t *tx) Agreements(ctx context.Context, in authz.Reach, f agreements.Filter, p evidence.Page) (evidence.Listed[agreements.Agreement], error) {
	var s selection
	if in.All && f.Mission == "" {
		s.is("r.partner", f.Partner)
		s.is("r.state", string(f.State))
		return newestFirst(ctx, t, agreementRecords(), s, p)
	}
	filtered := func(of, id string) string {
		var also selection
		also.args = s.args
		also.is(of+".partner", f.Partner)
		also.is(of+".state", string(f.State))
		if f.Mission != "" && !in.All {
			also.and(id + " IN (SELECT c.agreement FROM agreement_missions c WHERE c.agreement = " + id + " AND c.mission = " + also.mark(f.Mission) + ")")
		}
		if !in.All {
			also.and(of + ".state NOT IN ('draft', 'review', 'rejected') OR EXISTS (SELECT 1 FROM agreements o WHERE o.id = " + id + " AND " + also.in("o.mission", in.Missions) + ")")
		}
		s.args = also.args
		return also.where()
	}
	var parts []string
	missions, partners := in.Missions, in.Partners
	if in.All {
		missions, partners = []string{f.Mission}, nil
	}
	for _, mission := range missions {
		parts = append(parts, s.newestOf(p, "m.agreement", "agreement_missions m WHERE m.mission = "+s.mark(mission)+" AND "+filtered("m", "m.agreement")))
	}
	for _, partner := range partners {
		parts = append(parts, s.newestOf(p, "a.id", "agreements a WHERE a.partner = "+s.mark(partner)+" AND "+filtered("a", "a.id")))
	}
	s.among(parts)
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
// over is, whether the transfer is held or only not swept yet (Transfer.Told).
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
		parts := []string{"SELECT id FROM persons WHERE id = " + s.mark(in.Person)}
		for _, mission := range in.Missions {
			from := "persons n WHERE n.mission = " + s.mark(mission)
			if f.Partner != "" {
				from += " AND n.partner = " + s.mark(f.Partner)
			}
			parts = append(parts, s.newestOf(p, "n.id", from))
		}
		s.among(parts)
	}
	s.is("r.mission", f.Mission)
	s.is("r.partner", f.Partner)
	return newestFirst(ctx, t, persons(), s, p)
}
