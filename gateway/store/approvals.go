package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/transfer"
	"safeconduct/transfer/approvals"
)

func dpoApprovals() record[approvals.DPOApproval] {
	return record[approvals.DPOApproval]{
		kind: approvals.KindApproval, table: "dpo_approvals", columns: []string{"about", "transfer", "mission", "ends"},
		values: func(a approvals.DPOApproval) []any { return []any{a.About(), a.Transfer, a.Mission, micros(a.Ends())} },
		ident:  func(a approvals.DPOApproval) (string, int) { return a.ID, a.Version },
		touches: func(a approvals.DPOApproval) touch {
			switch {
			case a.Version > 1 && a.Revoked == nil && !a.Ended:
				return touch{} // a release used it, which takes nothing from any other
			case a.Scope == approvals.ForAgreement:
				return ofAgreement(a.Agreement)
			case a.Scope == approvals.ForTransfer:
				return ofTransfer(cmp.Or(a.Spent, a.Transfer))
			}
			return ofPartner(a.Partner)
		},
	}
}

// awaitsDPO is 1 where the last decision on the transfer wants the data
// protection officer, and somebody may still ask for it.
func awaitsDPO(t transfer.Transfer) int {
	wants := slices.ContainsFunc(t.Decision.Codes(), func(code string) bool { return code == "DPO_REQUIRED" || code == "DPO_EXPIRED" })
	if wants && t.State != transfer.Recalled && t.State != transfer.Unclaimed {
		return 1
	}
	return 0
}

// asksDPO is 1 where that is of use: what was refused because of who sent it is sent
// by nobody (R23), and what names no agreement is no transfer that an officer could
// approve. What waits is asked about all the same: its sender may be in order again by
// then.
func asksDPO(t transfer.Transfer) int {
	if t.Agreement == "" || t.State == transfer.Refused && t.Decision.RefusesSender() {
		return 0
	}
	return awaitsDPO(t)
}

// DPOApproval implements approvals.ApprovalTx.
func (t *tx) DPOApproval(ctx context.Context, id string) (approvals.DPOApproval, error) {
	return one(ctx, t, dpoApprovals(), "WHERE r.id = $1", id)
}

// DPOApprovals implements approvals.ApprovalTx.
func (t *tx) DPOApprovals(ctx context.Context, about []string, now time.Time) ([]approvals.DPOApproval, error) {
	about = slices.Compact(slices.Sorted(slices.Values(about)))
	if len(about) == 0 {
		return nil, nil
	}
	args, in := []any{now.UnixMicro()}, make([]string, len(about))
	for i, key := range about {
		args = append(args, key)
		in[i] = "(CAST($" + strconv.Itoa(len(args)) + " AS TEXT))"
	}
	// Each of what was decided about is looked up by itself, so that what is over is
	// not read whole, however much of it there is. Where most approvals are about the
	// same, a planner told about = x walks all of them by id to find those of another;
	// a range, in order of what they are about, leaves it the index of the two alone.
	wanted := "(VALUES " + strings.Join(in, ", ") + ") w"
	return find(ctx, t, dpoApprovals(), `WHERE r.id IN (
SELECT a.id FROM `+wanted+` JOIN dpo_approvals a ON a.about = w.column1 WHERE a.ends > $1
UNION ALL SELECT id FROM (SELECT a.id FROM `+wanted+` JOIN dpo_approvals a ON a.about = w.column1
    AND a.id >= COALESCE((SELECT n.id FROM dpo_approvals n WHERE n.about >= w.column1 AND n.about <= w.column1 ORDER BY n.about DESC, n.id DESC LIMIT 1 OFFSET `+strconv.Itoa(approvals.MostOver-1)+`), '')
    LIMIT `+strconv.Itoa(approvals.MostOver*len(about))+`) n -- which bounds nothing, and tells the planner how few there are
) ORDER BY r.id`, args...)
}

// DPOApprovalsIn implements approvals.ApprovalTx.
func (t *tx) DPOApprovalsIn(ctx context.Context, mission string, p evidence.Page) (evidence.Listed[approvals.DPOApproval], error) {
	var s selection
	s.is("r.mission", mission)
	return paged(ctx, t, dpoApprovals(), order{}, p, s.where(), s.args...)
}

// DPOApprovalsDue implements approvals.ApprovalTx.
func (t *tx) DPOApprovalsDue(ctx context.Context, now time.Time, most int) ([]approvals.DPOApproval, error) {
	return due(ctx, t, dpoApprovals(), most, whereDue, now.UnixMicro())
}

// SaveDPOApproval implements approvals.ApprovalTx.
func (t *tx) SaveDPOApproval(ctx context.Context, a approvals.DPOApproval) error {
	return save(ctx, t, dpoApprovals(), a)
}

// Awaiting implements approvals.TargetTx.
func (t *tx) Awaiting(ctx context.Context, id string) (approvals.Waiting, error) {
	x, err := t.Transfer(ctx, id)
	return waiting(x), err
}

// AwaitingDPO implements approvals.TargetTx.
func (t *tx) AwaitingDPO(ctx context.Context, p evidence.Page) (evidence.Listed[approvals.Waiting], error) {
	all, err := t.awaitingDPO(ctx, p.After, p.Limit()+1)
	var list evidence.Listed[approvals.Waiting]
	if len(all) > p.Limit() {
		all = all[:p.Limit()]
		list.Next = all[len(all)-1].ID
	}
	if err == nil {
		list.Items, err = t.waitingFor(ctx, all)
	}
	return list, err
}

// waitingFor adds to the transfers which document of their agreements is in
// force. Of an agreement that is not as this system wrote it that is none, so
// that no approval covers what waits under it.
func (t *tx) waitingFor(ctx context.Context, all []transfer.Transfer) ([]approvals.Waiting, error) {
	ids, documents := make([]string, len(all)), map[string]int{}
	for i, x := range all {
		ids[i] = x.Agreement
	}
	for args, in := range listed(ids) {
		found, err := due(ctx, t, agreementRecords(), idsAtOnce, "WHERE r.id IN "+in+" ORDER BY r.id", args...)
		if err != nil {
			return nil, err
		}
		for _, a := range found {
			documents[a.ID] = a.Document.Version
		}
	}
	list := make([]approvals.Waiting, len(all))
	for i, x := range all {
		list[i] = waiting(x)
		list[i].Document = documents[x.Agreement]
	}
	return list, nil
}

// awaitingDPO are those that the officer's queue lists, by id.
func (t *tx) awaitingDPO(ctx context.Context, after string, most int) ([]transfer.Transfer, error) {
	// Who was refused asks anew; what is held waits again once its approval is over.
	return due(ctx, t, transfers(), most, `WHERE r.asks_dpo <> 0 AND r.awaits_dpo > 0 AND r.agreement <> '' AND r.id > $1
AND (r.state = 'held' OR NOT EXISTS (SELECT 1 FROM dpo_approvals a WHERE a.transfer = r.id)) ORDER BY r.id`, after)
}

func waiting(x transfer.Transfer) approvals.Waiting {
	return approvals.Waiting{Transfer: x.ID, Asked: x.Asked(), Sender: x.Sender, Since: x.Created, Released: x.Released != nil}
}
