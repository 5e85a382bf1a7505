package store

import (
	"context"
	"database/sql"
	"fmt"

	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/transfer"
)

// StandingOf implements people.StandingTx. It is asked at each request, and so
// takes one statement for three kinds of record.
func (t *tx) StandingOf(ctx context.Context, of []string) (map[string]people.Standing, error) {
	all := map[string]people.Standing{}
	for args, in := range listed(of) {
		text := t.ofStanding(persons().kind, "persons", "r.mission", "r.partner", "r.waits") + " WHERE r.id IN " + in +
			" UNION ALL " + t.ofStanding(trainings().kind, "trainings", "r.person", "''", "r.ends") + " WHERE r.person IN " + in +
			" UNION ALL " + t.ofStanding(undertakings().kind, "undertakings", "r.person", "''", "r.ends") + " WHERE r.person IN " + in + " ORDER BY 5"
		if err := t.query(ctx, func(rows *sql.Rows) error { return t.stand(rows, all) }, text, args...); err != nil {
			return nil, fmt.Errorf("reading what roles rest on: %w", err)
		}
	}
	for id, s := range all {
		if s.Person.ID == "" {
			delete(all, id) // of whom there are records, and no person
		}
	}
	return all, nil
}

// ofStanding selects the current versions of one kind, as find does, with the
// columns of the three kinds under common names.
func (t *tx) ofStanding(kind, table, one, two, number string) string {
	return "SELECT '" + kind + "', " + t.tagColumn() + ", v.body, EXISTS (SELECT 1 FROM record_versions n WHERE n.kind = '" + kind +
		"' AND n.id = r.id AND n.version > r.version), r.id, r.version, " + one + ", " + two + ", " + number +
		" FROM " + table + " r LEFT JOIN record_versions v ON v.kind = '" + kind + "' AND v.id = r.id AND v.version = r.version"
}

// stand believes one row of ofStanding, and adds it to whose it is.
func (t *tx) stand(rows *sql.Rows, all map[string]people.Standing) error {
	var row stored
	var kind string
	var one, two, number any
	if err := rows.Scan(&kind, &row.mac, &row.body, &row.later, &row.id, &row.version, &one, &two, &number); err != nil {
		return fmt.Errorf("scanning: %w", err)
	}
	switch kind {
	case people.KindPerson:
		row.columns = []any{one, two, number}
		return taken(t, persons(), row, func(p people.Person) {
			s := all[p.ID]
			s.Person = p
			all[p.ID] = s
		})
	case people.KindTraining:
		row.columns = []any{one, number}
		return taken(t, trainings(), row, func(r people.TrainingRecord) {
			s := all[r.Person]
			s.Trainings = append(s.Trainings, r)
			all[r.Person] = s
		})
	default:
		row.columns = []any{one, number}
		return taken(t, undertakings(), row, func(u people.Undertaking) {
			s := all[u.Person]
			s.Undertakings = append(s.Undertakings, u)
			all[u.Person] = s
		})
	}
}

// taken hands over a row that is believed.
func taken[T any](t *tx, r record[T], row stored, take func(T)) error {
	v, err := believe(t.store, r, row)
	if err == nil {
		take(v)
	}
	return err
}

// Pullers implements transfer.DecisionTx.
func (t *tx) Pullers(ctx context.Context, partner string) (p transfer.Pullers, err error) {
	if p.Grants, err = find(ctx, t, grants(), "WHERE r.partner = $1 AND r.role = $2 ORDER BY r.id", partner, string(authz.PDL)); err != nil {
		return p, err
	}
	p.Tokens, err = find(ctx, t, tokens(),
		"WHERE r.person IN (SELECT g.person FROM grants g WHERE g.partner = $1 AND g.role = $2)", partner, string(authz.PDL))
	return p, err
}
