package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements"
)

// unreplaced is the SQL that no other agreement took the place of the one of that
// id and came into force. To a mission that the successor leaves out it is no
// successor: that its agreement has ended is what such a mission is told.
func unreplaced(id string) string {
	return "NOT EXISTS (SELECT 1 FROM agreements s WHERE s.supersedes = " + id + " AND s.supersedes <> '' AND s.id <> " + id +
		" AND s.state IN ('active', 'suspended', 'expired', 'terminated', 'closed_out')" +
		" AND EXISTS (SELECT 1 FROM agreement_missions sm WHERE sm.agreement = s.id AND sm.mission = $2))"
}

// namedAgreement selects the agreement $3 between the partner $1 and the mission
// $2, if it could rule.
var namedAgreement = `SELECT a.id FROM agreement_missions m JOIN agreements a ON a.id = m.agreement
WHERE m.partner = $1 AND m.mission = $2 AND m.agreement = $3 AND a.state <> 'rejected' AND (a.mission = $2 OR a.state NOT IN ('draft', 'review')) AND ` + unreplaced("a.id")

// nearestAgreements selects the MaxBetween+1 agreements between the partner $1 and the
// mission $2 that are nearest to permitting a transfer at $3. Of each state so
// many are read, by an index, and no more: what has ended is never taken away,
// and may be any number.
var nearestAgreements = func() string {
	const most = agreements.MaxBetween + 1 // in the text, as in nearAssessments
	order := agreements.NearestFirst()
	expired := slices.Index(order, agreements.Expired)
	var parts []string
	add := func(place int, id, from string) {
		parts = append(parts, fmt.Sprintf("SELECT * FROM (SELECT %s AS id, %d AS place FROM %s AND %s ORDER BY %[1]s DESC LIMIT %[5]d) p%[6]d", id, place, from, unreplaced(id), most, len(parts)))
	}
	const named = "agreement_missions m WHERE m.partner = $1 AND m.mission = $2 AND m.state = "
	for place, state := range order {
		of := named + "'" + string(state) + "'"
		switch state {
		case agreements.Active: // one whose term is over has expired, swept or not
			add(place, "m.agreement", of+" AND m.valid_until > $3")
			add(expired, "m.agreement", of+" AND m.valid_until <= $3")
		case agreements.Draft, agreements.Review: // known to the people of the mission that signs it alone
			add(place, "a.id", "agreements a WHERE a.partner = $1 AND a.mission = $2 AND a.state = '"+string(state)+"'")
		default:
			add(place, "m.agreement", of)
		}
	}
	return "SELECT id FROM (" + strings.Join(parts, "\nUNION ALL ") + ") n ORDER BY place, id DESC LIMIT " + strconv.Itoa(most)
}()

// AgreementsNearest implements transfer.DecisionTx. What is asked of others, and
// how near each is, is asked of the columns: what comes back is believed by its
// tag, as everything is.
func (t *tx) AgreementsNearest(ctx context.Context, mission, partner, chosen string, now time.Time) ([]agreements.Agreement, error) {
	if chosen != "" {
		return find(ctx, t, agreementRecords(), "WHERE r.id IN ("+namedAgreement+")", partner, mission, chosen)
	}
	return find(ctx, t, agreementRecords(), "WHERE r.id IN ("+nearestAgreements+") ORDER BY r.id DESC", partner, mission, now.UnixMicro())
}
