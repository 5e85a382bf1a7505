package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements/authorities"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/retention"
)

func legalCases() record[authorities.Case] {
	return record[authorities.Case]{
		kind: authorities.KindCase, table: "legal_cases", columns: []string{"mission", "partner", "reporter", "waits", "unanswered", "joins"},
		since: map[string]uint32{"unanswered": 25, "joins": 25},
		values: func(c authorities.Case) []any {
			return []any{c.Mission, c.Partner, c.Reporter, yes(c.State != authorities.Closed), yes(c.Unanswered()), yes(c.Joins())}
		},
		ident: func(c authorities.Case) (string, int) { return c.ID, c.Version },
	}
}

func incidentRecords() record[incidents.Incident] {
	return record[incidents.Incident]{
		kind: incidents.KindIncident, table: "incidents", columns: []string{"mission", "partner", "reporter", "stops"},
		values: func(i incidents.Incident) []any {
			stops := int64(0)
			if i.Stops() {
				stops = 1
			}
			return []any{i.Mission, i.Partner, i.Reporter, stops}
		},
		ident:   func(i incidents.Incident) (string, int) { return i.ID, i.Version },
		touches: func(i incidents.Incident) touch { return ofPartner(i.Partner) },
	}
}

func clearances() record[clearance.Clearance] {
	return record[clearance.Clearance]{
		kind: clearance.KindClearance, table: "clearances", columns: []string{"mission", "ends"},
		values: func(c clearance.Clearance) []any { return []any{c.Mission, micros(c.Ends())} },
		ident:  func(c clearance.Clearance) (string, int) { return c.ID, c.Version },
		touches: func(c clearance.Clearance) touch {
			if c.Version == 1 { // nothing rests on it yet
				return touch{}
			}
			return ofMission(c.Mission)
		},
	}
}

func destructions() record[retention.Duty] {
	return record[retention.Duty]{
		kind: retention.KindDuty, table: "destructions", columns: []string{"mission", "partner", "state", "due", "overdue_from"},
		values: func(d retention.Duty) []any {
			overdue := int64(0)
			if from, ever := d.OverdueFrom(); ever {
				overdue = from.UnixMicro()
			}
			return []any{d.Mission, d.Partner, string(d.State), d.Due.UnixMicro(), overdue}
		},
		ident: func(d retention.Duty) (string, int) { return d.ID, d.Version },
		touches: func(d retention.Duty) touch {
			if d.State == retention.Due && d.Version == 1 { // a first pull takes nothing away, and comes often
				return touch{}
			}
			return ofPartner(d.Partner)
		},
	}
}

// within is the condition that a row lies in the places: everywhere for
// headquarters, and otherwise where one of the columns says so.
func within(in authz.Places, columns ...string) (where string, args []any) {
	if in.HQ {
		return "1 = 1", nil
	}
	lies := []string{"1 = 0"}
	list := func(column string, values ...string) {
		marks := make([]string, len(values))
		for i, v := range values {
			args = append(args, v)
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		if len(marks) > 0 {
			lies = append(lies, "r."+column+" IN ("+strings.Join(marks, ", ")+")")
		}
	}
	for _, column := range columns {
		switch column {
		case "mission":
			list(column, in.Missions...)
		case "partner":
			list(column, in.Partners...)
		case "reporter":
			list(column, in.Person)
		}
	}
	return "(" + strings.Join(lies, " OR ") + ")", args
}

// LegalCase implements authorities.CaseTx.
func (t *tx) LegalCase(ctx context.Context, id string) (authorities.Case, error) {
	return one(ctx, t, legalCases(), "WHERE r.id = $1", id)
}

// LegalCases implements authorities.CaseTx. A partner sees of them what its
// people reported.
func (t *tx) LegalCases(ctx context.Context, in authz.Places, p evidence.Page) (evidence.Listed[authorities.Case], error) {
	where, args := within(in, "mission", "reporter")
	return paged(ctx, t, legalCases(), order{down: true}, p, where, args...)
}

// OpenedFor implements authorities.OpenTx. The locks come after all others that a
// decision takes; whoever else has the row of a case waits for none of them.
func (t *tx) OpenedFor(ctx context.Context, mission, partner, sender string) (authorities.Case, error) {
	const where = "reporter = $1 AND partner = $2 AND mission = $3 AND joins = 1"
	if err := t.lock(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('cases of ' || CAST($1 AS TEXT) || ' about ' || CAST($2 AS TEXT) || ' in ' || CAST($3 AS TEXT), 0))",
		sender, partner, mission); err != nil {
		return authorities.Case{}, err
	}
	if err := t.lock(ctx, "SELECT id FROM legal_cases WHERE "+where+" ORDER BY id LIMIT 1 FOR UPDATE", sender, partner, mission); err != nil {
		return authorities.Case{}, err
	}
	return one(ctx, t, legalCases(), "WHERE "+where+" ORDER BY r.id LIMIT 1", sender, partner, mission)
}

// SaveLegalCase implements authorities.CaseTx.
func (t *tx) SaveLegalCase(ctx context.Context, c authorities.Case) error {
	return save(ctx, t, legalCases(), c)
}

// Incident implements incidents.IncidentTx.
func (t *tx) Incident(ctx context.Context, id string) (incidents.Incident, error) {
	return one(ctx, t, incidentRecords(), "WHERE r.id = $1", id)
}

// Incidents implements incidents.IncidentTx. A partner sees of them what its
// people reported.
func (t *tx) Incidents(ctx context.Context, in authz.Places, p evidence.Page) (evidence.Listed[incidents.Incident], error) {
	where, args := within(in, "mission", "reporter")
	return paged(ctx, t, incidentRecords(), order{down: true}, p, where, args...)
}

// SaveIncident implements incidents.IncidentTx.
func (t *tx) SaveIncident(ctx context.Context, i incidents.Incident) error {
	return save(ctx, t, incidentRecords(), i)
}

// StoppingIncident implements incidents.FactTx.
func (t *tx) StoppingIncident(ctx context.Context, partner string) (incidents.Incident, error) {
	return one(ctx, t, incidentRecords(), "WHERE r.partner = $1 AND r.stops = 1 ORDER BY r.id LIMIT 1", partner)
}

// Clearance implements clearance.FactTx.
func (t *tx) Clearance(ctx context.Context, id string) (clearance.Clearance, error) {
	return one(ctx, t, clearances(), "WHERE r.id = $1", id)
}

// Clearances implements clearance.ClearanceTx.
func (t *tx) Clearances(ctx context.Context, in authz.Places, p evidence.Page) (evidence.Listed[clearance.Clearance], error) {
	where, args := within(in, "mission")
	return paged(ctx, t, clearances(), order{down: true}, p, where, args...)
}

// ClearancesDue implements clearance.ClearanceTx.
func (t *tx) ClearancesDue(ctx context.Context, now time.Time, most int) ([]clearance.Clearance, error) {
	return due(ctx, t, clearances(), most, whereDue, now.UnixMicro())
}

// SaveClearance implements clearance.ClearanceTx.
func (t *tx) SaveClearance(ctx context.Context, c clearance.Clearance) error {
	return save(ctx, t, clearances(), c)
}

// Duty implements retention.DutyTx.
func (t *tx) Duty(ctx context.Context, transfer string) (retention.Duty, error) {
	return one(ctx, t, destructions(), "WHERE r.id = $1", transfer)
}

// SaveDuty implements retention.DutyTx.
func (t *tx) SaveDuty(ctx context.Context, d retention.Duty) error {
	return save(ctx, t, destructions(), d)
}

// Duties implements retention.Tx.
func (t *tx) Duties(ctx context.Context, in authz.Places, open bool, p evidence.Page) (evidence.Listed[retention.Duty], error) {
	where, args := within(in, "mission", "partner")
	if open {
		where += " AND r.state <> '" + string(retention.Accepted) + "'"
	}
	return paged(ctx, t, destructions(), order{column: "due"}, p, where, args...)
}

// NextDestructions implements retention.FactTx.
func (t *tx) NextDestructions(ctx context.Context, partner string) ([]retention.Duty, error) {
	return find(ctx, t, destructions(), "WHERE r.partner = $1 AND r.overdue_from <> 0 ORDER BY r.overdue_from, r.id LIMIT "+strconv.Itoa(retention.MostNamed), partner)
}
