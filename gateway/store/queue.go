package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/queue"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/rights"
)

func yes(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// awaits is what an agreement is looked up by in queues: where its document
// under way stands, that it is suspended, or that one of two has terminated it.
func awaits(a agreements.Agreement) string {
	state := a.UnderWay().State
	switch {
	case a.State == agreements.Active && len(a.Endings) == 1 && (state == agreements.Active || state == agreements.Draft):
		return "ending"
	case slices.Contains([]agreements.State{agreements.Draft, agreements.Review, agreements.Approved, agreements.PartSigned, agreements.Signed, agreements.Suspended}, state):
		return string(state)
	default:
		return ""
	}
}

// AgreementsWaiting implements queue.PaperTx.
func (t *tx) AgreementsWaiting(ctx context.Context, in authz.Places, most int) ([]agreements.Agreement, error) {
	drafts, args := within(authz.Places{Missions: in.Missions, Partners: in.Partners}, "mission", "partner")
	where := "1 = 1"
	if !in.HQ {
		where = drafts
	}
	return find(ctx, t, agreementRecords(), fmt.Sprintf("WHERE %s AND (r.awaits NOT IN ('', 'draft') OR r.state = 'suspended' OR r.awaits = 'draft' AND %s) ORDER BY r.id LIMIT $%d",
		where, drafts, len(args)+1), append(args, most)...)
}

// AgreementsEnding implements queue.PaperTx.
func (t *tx) AgreementsEnding(ctx context.Context, in authz.Places, now, by time.Time, most int) ([]agreements.Agreement, error) {
	where, args := within(in, "mission", "partner")
	n := len(args)
	return find(ctx, t, agreementRecords(), fmt.Sprintf("WHERE %s AND r.state IN ('active', 'suspended') AND r.valid_until > $%d AND r.valid_until <= $%d ORDER BY r.valid_until, r.id LIMIT $%d",
		where, n+1, n+2, n+3), append(args, now.UnixMicro(), by.UnixMicro(), most)...)
}

// ScansWaiting implements queue.PaperTx.
func (t *tx) ScansWaiting(ctx context.Context, most int) ([]agreements.Scan, error) {
	return find(ctx, t, agreementScans(), "WHERE r.agreement IN (SELECT a.id FROM agreements a WHERE a.awaits IN ('approved', 'part_signed')) ORDER BY r.id LIMIT $1", most)
}

// riskiest orders by the band of the assessments under that name, the highest
// first, as the queue does: a band that nobody knows is the worst.
func riskiest(name string) string {
	return "CASE " + name + " WHEN '" + string(assessment.Low) + "' THEN 1 WHEN '" + string(assessment.Moderate) + "' THEN 2 WHEN '" + string(assessment.High) + "' THEN 3 ELSE 4 END DESC"
}

// AssessmentsWaiting implements queue.PaperTx.
func (t *tx) AssessmentsWaiting(ctx context.Context, in authz.Places, most int) ([]assessment.Assessment, error) {
	return placed(ctx, t, assessments(), in, []string{"mission"}, " AND r.state = 'submitted'", riskiest("r.band")+", r.submitted, r.id", most)
}

// AssessmentsReturned implements queue.PaperTx.
func (t *tx) AssessmentsReturned(ctx context.Context, missions []string, most int) ([]assessment.Assessment, error) {
	return placed(ctx, t, assessments(), authz.Places{Missions: missions}, []string{"mission"}, " AND r.state = 'returned'", "r.id", most)
}

// ConditionsWaiting implements queue.PaperTx.
func (t *tx) ConditionsWaiting(ctx context.Context, in authz.Places, most int) ([]assessment.Assessment, error) {
	return placed(ctx, t, assessments(), in, []string{"mission"}, " AND r.open_due > 0", "r.open_due, r.id", most)
}

// heldForApproval is whether condition 28 is among what the transfer, whose version
// is joined as v, is refused for. Those that are held are few.
func (t *tx) heldForApproval() string {
	const code = `'"code":"APPROVAL_'`
	if t.store.engine == Postgres {
		return "position(convert_to(" + code + ", 'UTF8') IN v.body) > 0"
	}
	return "instr(v.body, CAST(" + code + " AS BLOB)) > 0"
}

// TransfersWaiting implements queue.TransferTx.
func (t *tx) TransfersWaiting(ctx context.Context, missions []string, most int) ([]transfer.Transfer, error) {
	return placed(ctx, t, transfers(), authz.Places{Missions: missions}, []string{"mission"}, " AND r.state IN ('awaiting_approval', 'held') AND (r.state = 'awaiting_approval' OR "+t.heldForApproval()+")",
		riskiest("(SELECT a.band FROM assessments a WHERE a.id = r.assessment)")+", r.id", most)
}

// ofBands is whether the assessment of a transfer is of one of the bands, which
// are bound from the first argument on.
func ofBands(bands []assessment.Band) (where string, args []any) {
	marks := []string{"NULL"}
	for i, b := range bands {
		marks, args = append(marks, fmt.Sprintf("$%d", i+1)), append(args, string(b))
	}
	return "EXISTS (SELECT 1 FROM assessments a WHERE a.id = r.assessment AND a.band IN (" + strings.Join(marks, ", ") + "))", args
}

// TransfersOf implements queue.TransferTx.
func (t *tx) TransfersOf(ctx context.Context, bands []assessment.Band, most int) ([]transfer.Transfer, error) {
	of, args := ofBands(bands)
	return find(ctx, t, transfers(), fmt.Sprintf("WHERE r.state = 'awaiting_approval' AND %s ORDER BY %s, r.id LIMIT $%d",
		of, riskiest("(SELECT a.band FROM assessments a WHERE a.id = r.assessment)"), len(args)+1), append(args, most)...)
}

// TransfersBesides implements queue.TransferTx.
func (t *tx) TransfersBesides(ctx context.Context, bands []assessment.Band) ([]queue.Unlisted, error) {
	of, args := ofBands(bands)
	var all []queue.Unlisted
	if err := t.query(ctx, func(rows *sql.Rows) error {
		var u queue.Unlisted
		err := rows.Scan(&u.Mission, &u.Transfers)
		all = append(all, u)
		return err
	}, "SELECT r.mission, COUNT(*) FROM transfers r WHERE r.state = 'awaiting_approval' AND NOT "+of+" GROUP BY r.mission ORDER BY r.mission", args...); err != nil {
		return nil, fmt.Errorf("counting the transfers that wait: %w", err)
	}
	return all, nil
}

// Bands implements queue.TransferTx.
func (t *tx) Bands(ctx context.Context, ids []string) (map[string]assessment.Band, error) {
	bands := make(map[string]assessment.Band, len(ids))
	for args, in := range listed(ids) {
		all, err := find(ctx, t, assessments(), "WHERE r.id IN "+in, args...)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			bands[a.ID] = a.Result.Band
		}
	}
	return bands, nil
}

// HoldsWaiting implements queue.TransferTx.
func (t *tx) HoldsWaiting(ctx context.Context, in authz.Places, most int) ([]rights.Hold, error) {
	return placed(ctx, t, holds(), in, []string{"mission"}, " AND r.lifted = 0", "r.id", most)
}

// DutiesWaiting implements queue.TransferTx.
func (t *tx) DutiesWaiting(ctx context.Context, in authz.Places, most int) ([]retention.Duty, error) {
	return placed(ctx, t, destructions(), in, []string{"mission", "partner"}, " AND r.state <> '"+string(retention.Accepted)+"'", "r.due, r.id", most)
}

// placed lists the records that lie in the places, at most so many.
func placed[T any](ctx context.Context, t *tx, r record[T], in authz.Places, columns []string, and, order string, most int) ([]T, error) {
	where, args := within(in, columns...)
	return find(ctx, t, r, fmt.Sprintf("WHERE %s%s ORDER BY %s LIMIT $%d", where, and, order, len(args)+1), append(args, most)...)
}

// DPOWaiting implements queue.Tx.
func (t *tx) DPOWaiting(ctx context.Context, most int) ([]approvals.Waiting, error) {
	all, err := t.awaitingDPO(ctx, "", most)
	if err != nil {
		return nil, err
	}
	return t.waitingFor(ctx, all)
}

// CasesWaiting implements queue.CaseTx.
func (t *tx) CasesWaiting(ctx context.Context, most int) ([]authorities.Case, error) {
	return find(ctx, t, legalCases(), "WHERE r.waits = 1 ORDER BY r.unanswered DESC, r.id LIMIT $1", most)
}

// IncidentsWaiting implements queue.CaseTx.
func (t *tx) IncidentsWaiting(ctx context.Context, in authz.Places, most int) ([]incidents.Incident, error) {
	return placed(ctx, t, incidentRecords(), in, []string{"mission"}, " AND r.stops = 1", "r.id", most)
}

// KeysWaiting implements queue.PeopleTx.
func (t *tx) KeysWaiting(ctx context.Context, most int) ([]people.Key, error) {
	return find(ctx, t, signingKeys(), "WHERE r.waits = 1 ORDER BY r.id LIMIT $1", most)
}

// NominationsWaiting implements queue.PeopleTx.
func (t *tx) NominationsWaiting(ctx context.Context, most int) ([]people.Nomination, error) {
	return find(ctx, t, nominations(), "WHERE r.waits = 1 ORDER BY r.id LIMIT $1", most)
}

// SuspendedPersons implements queue.PeopleTx.
func (t *tx) SuspendedPersons(ctx context.Context, most int) ([]people.Person, error) {
	return find(ctx, t, persons(), "WHERE r.waits = 1 ORDER BY r.id LIMIT $1", most)
}

// SuspendedMissions implements queue.PeopleTx.
func (t *tx) SuspendedMissions(ctx context.Context, most int) ([]people.Mission, error) {
	return find(ctx, t, missions(), "WHERE r.waits = 1 ORDER BY r.id LIMIT $1", most)
}

// SuspendedPartners implements queue.PeopleTx.
func (t *tx) SuspendedPartners(ctx context.Context, most int) ([]parties.Party, error) {
	return find(ctx, t, partners(), "WHERE r.waits = 1 ORDER BY r.id LIMIT $1", most)
}

var _ queue.Tx = (*tx)(nil)
