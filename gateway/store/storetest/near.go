package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/identity"
	"safeconduct/transfer/approvals"
)

// testNear reads for a decision what can still count, whatever there was before.
func testNear(t *testing.T, b *bench) {
	rated := func(id, of, mission string, state assessment.State) assessment.Assessment {
		return assessment.Assessment{ID: id, Record: 1, Mission: mission, State: state, Content: assessment.Content{Agreement: of}}
	}
	var all []assessment.Assessment
	var want []string
	for _, state := range assessment.States() {
		for i := range assessment.MostEnded + 2 {
			id := fmt.Sprintf("%s-%02d", state, i)
			all = append(all, rated(id, "a-1", "m-1", state))
			if state == assessment.Approved || i >= 2 { // the newest, and what may let something pass
				want = append(want, id)
			}
		}
	}
	all = append(all, rated("another-1", "a-1", "m-2", assessment.Approved), rated("another-2", "a-2", "m-1", assessment.Approved))
	saveEach(t, b, assessmentKind(), all...)
	want = append(want, "expired-00")
	slices.Sort(want)

	over := approvals.DPOApproval{Version: 1, Scope: approvals.ForPathway, Granted: true, Mission: "m-1", Partner: "x", Until: Epoch()}
	live := over
	live.Until = Epoch().Add(time.Microsecond)
	decisions := []approvals.DPOApproval{live}
	decisions[0].ID = "0-live"
	wanted := []string{"0-live"}
	for i := range approvals.MostOver + 2 {
		next, other := over, over
		next.ID, other.ID, other.Partner = fmt.Sprintf("over-%02d", i), fmt.Sprintf("other-%02d", i), "y"
		decisions = append(decisions, next, other)
		if i >= 2 {
			wanted = append(wanted, next.ID)
		}
	}
	saveEach(t, b, approvalKind(), decisions...)

	gone, good := Epoch(), identity.Token{Version: 1, Person: "p-1", RolesAsOf: Epoch(), Expires: Epoch().Add(time.Hour)}
	revoked, ended := good, good
	good.ID, good.Hash, revoked.ID, revoked.Hash, ended.ID, ended.Hash = "k-1", "h-1", "k-2", "h-2", "k-3", "h-3"
	revoked.Revoked, ended.Ended = &gone, true
	saveEach(t, b, tokenKind(), good, revoked, ended)
	saveEach(t, b, grantKind(), grant("g-1", "p-1", authz.PDL, "", "x"))
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		got, err := tx.AssessmentsNear(ctx, "a-1", "m-1", "expired-00")
		lists(t, "assessments, with the one that is bound", assessmentKind(), got, err, want...)
		got, err = tx.AssessmentsNear(ctx, "a-2", "m-1", "another-1")
		lists(t, "nothing of another mission, though it is named", assessmentKind(), got, err, "another-2")
		decided, err := tx.DPOApprovals(ctx, []string{over.About()}, Epoch())
		lists(t, "what is over, as far as it tells", approvalKind(), decided, err, wanted...)
		both, err := tx.DPOApprovals(ctx, []string{over.About(), "pathway:m-1:y"}, Epoch())
		if err != nil || len(both) != 2*approvals.MostOver+1 {
			t.Errorf("of each as far: %d, %v", len(both), err)
		}
		pullers, err := tx.Pullers(ctx, "x")
		lists(t, "tokens that may count", tokenKind(), pullers.Tokens, err, "k-1")
		return nil
	})
}

// nearFilled: what the migration finds of agreements that are there is what saving them writes.
func nearFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 23); err != nil {
		t.Fatal(err)
	}
	for id, state := range map[string]agreements.State{"a-1": agreements.Active, "a-2": agreements.Terminated} {
		a := agreement(id, "m-1", "x")
		a.State = state
		older(t, l, "agreement", "agreements", id, a, "mission", "m-1", "partner", "x", "state", string(state), "valid_until", fmt.Sprint(Epoch().UnixMicro()))
		l.exec(t, "INSERT INTO agreement_missions (partner, mission, agreement) VALUES ('x', 'm-1', '"+id+"')")
	}
	l.migrate(t)
	got := l.texts(t, "SELECT agreement || ' ' || state || ' ' || valid_until FROM agreement_missions ORDER BY agreement")
	if want := []string{fmt.Sprint("a-1 active ", Epoch().UnixMicro()), fmt.Sprint("a-2 terminated ", Epoch().UnixMicro())}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
