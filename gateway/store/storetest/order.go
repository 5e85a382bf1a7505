package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/queue"
)

// owed has conditions that are due so many hours after the epoch; those below 0 are closed.
func owed(state assessment.State, band assessment.Band, hours ...int) func(*assessment.Assessment) {
	return func(a *assessment.Assessment) {
		a.State, a.Mission, a.Result.Band = state, "m-1", band
		for i, h := range hours {
			c := assessment.Condition{Number: i + 1, Text: "x", Post: authz.FP, Due: Epoch().Add(time.Duration(max(h, -h)) * time.Hour)}
			if h < 0 {
				c.ClosedAt, c.ClosedBy = Epoch(), "p"
			}
			a.Conditions = append(a.Conditions, c)
		}
	}
}

func ending(id, mission string, state agreements.State, endings int) agreements.Agreement {
	a := agreement(id, mission, "x")
	a.State, a.Endings = state, make([]agreements.Act, endings)
	return a
}

func awaiting(id, mission, assessed string) transfer.Transfer {
	return transfer.Transfer{ID: id, Version: 1, State: transfer.AwaitingApproval, Mission: mission, Assessment: assessed}
}

// heldFor is held, refused at the last pull for that.
func heldFor(id, assessed string, code gate.Code) transfer.Transfer {
	x := awaiting(id, "m-1", assessed)
	x.State, x.Decision = transfer.Held, gate.Decision{Phase: gate.Pull, Refusals: []gate.Refusal{{Code: code, Phase: gate.Pull}}}
	return x
}

// testQueues lists what waits in the order of risk, before it is bounded.
func testQueues(t *testing.T, b *bench) {
	saveEach(t, b, assessmentKind(),
		inForce("b-1", "g-1", owed(assessment.Submitted, assessment.Low, 3)), inForce("b-2", "g-1", owed(assessment.Submitted, assessment.High, 2, 1)),
		inForce("b-3", "g-1", owed(assessment.Approved, assessment.Moderate, -1)), inForce("b-4", "g-1", owed(assessment.Approved, assessment.High, -1, 5)),
		inForce("b-5", "g-1", owed(assessment.Returned, assessment.Severe)), inForce("b-6", "g-1", owed(assessment.Stale, assessment.Severe, 1)),
		inForce("b-7", "g-1", owed(assessment.Submitted, assessment.High)))
	saveEach(t, b, transferKind(), awaiting("t-1", "m-1", "b-1"), awaiting("t-2", "m-1", "b-4"), awaiting("t-3", "m-2", "b-5"), awaiting("t-4", "m-1", "b-3"),
		awaiting("t-5", "m-2", ""), awaiting("t-6", "m-2", "b-2"), transfer.Transfer{ID: "t-7", Version: 1, State: transfer.Available, Mission: "m-1", Assessment: "b-4"},
		heldFor("t-8", "b-1", gate.ApprovalPending), heldFor("t-9", "b-1", gate.LegalHold))
	saveEach(t, b, agreementKind(), ending("w-1", "m-1", agreements.Draft, 0), ending("w-2", "m-1", agreements.Active, 1), ending("w-3", "m-1", agreements.Active, 0),
		ending("w-4", "m-2", agreements.Draft, 0), ending("w-5", "m-2", agreements.Suspended, 0))
	hq, one := authz.Places{HQ: true}, []string{"m-1"}
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		waiting, err := tx.AssessmentsWaiting(ctx, hq, 2)
		lists(t, "the riskiest of the submitted", assessmentKind(), waiting, err, "b-2", "b-7")
		waiting, err = tx.AssessmentsReturned(ctx, one, 10)
		lists(t, "returned", assessmentKind(), waiting, err, "b-5")
		waiting, err = tx.AssessmentsReturned(ctx, []string{"m-2"}, 10)
		lists(t, "returned elsewhere", assessmentKind(), waiting, err)
		waiting, err = tx.ConditionsWaiting(ctx, hq, 10)
		lists(t, "with open conditions", assessmentKind(), waiting, err, "b-2", "b-1", "b-4")
		all, err := tx.TransfersWaiting(ctx, one, 2)
		lists(t, "the riskiest of a mission", transferKind(), all, err, "t-2", "t-4")
		all, err = tx.TransfersWaiting(ctx, one, 10)
		lists(t, "with what is held for an approval", transferKind(), all, err, "t-2", "t-4", "t-1", "t-8")
		singly := []assessment.Band{assessment.High, assessment.Severe}
		all, err = tx.TransfersOf(ctx, singly, 10)
		lists(t, "of two bands", transferKind(), all, err, "t-3", "t-2", "t-6")
		all, err = tx.TransfersOf(ctx, nil, 10)
		lists(t, "of no band", transferKind(), all, err)
		for bands, want := range map[int][]queue.Unlisted{0: {{Mission: "m-1", Transfers: 3}, {Mission: "m-2", Transfers: 3}}, 2: {{Mission: "m-1", Transfers: 2}, {Mission: "m-2", Transfers: 1}}} {
			if got, err := tx.TransfersBesides(ctx, singly[:bands]); err != nil || !slices.Equal(got, want) {
				t.Errorf("besides %v: %v, %v", singly[:bands], got, err)
			}
		}
		papers, err := tx.AgreementsWaiting(ctx, hq, 10)
		lists(t, "at headquarters", agreementKind(), papers, err, "w-2", "w-5")
		papers, err = tx.AgreementsWaiting(ctx, authz.Places{Missions: one}, 10)
		lists(t, "in a mission", agreementKind(), papers, err, "w-1", "w-2")
		papers, err = tx.AgreementsWaiting(ctx, authz.Places{HQ: true, Missions: one}, 10)
		lists(t, "of both posts", agreementKind(), papers, err, "w-1", "w-2", "w-5")
		return nil
	})
}

// orderFilled: what the migration finds of records that are there is what saving them writes.
func orderFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 21); err != nil {
		t.Fatal(err)
	}
	due := Epoch().Truncate(time.Second)
	for _, a := range []assessment.Assessment{
		inForce("b-1", "g", owed(assessment.Approved, assessment.High, 7, -1, 2)), inForce("b-2", "g", owed(assessment.Draft, "", 1)),
		inForce("b-3", "g", owed(assessment.Returned, assessment.Low)), inForce("b-4", "g", owed(assessment.Stale, assessment.Severe, 1)),
		inForce("b-5", "g", func(a *assessment.Assessment) {
			owed(assessment.Submitted, assessment.Low, 1)(a)
			a.Conditions[0].Due = due
		}),
	} {
		older(t, l, "assessment", "assessments", a.ID, a, "agreement", "g", "state", string(a.State))
	}
	for _, x := range []transfer.Transfer{awaiting("t-1", "m", "b-1"), awaiting("t-2", "m", "")} {
		older(t, l, "transfer", "transfers", x.ID, x, "mission", "m", "partner", "x", "state", string(x.State), "agreement", "g",
			"subjects", "0", "released", "0", "window_ends", "0", "held_since", "0")
	}
	for i, a := range []agreements.Agreement{ending("w-1", "m", agreements.Active, 1), ending("w-2", "m", agreements.Active, 0), ending("w-3", "m", agreements.Active, 2), ending("w-4", "m", agreements.Active, 1), ending("w-5", "m", agreements.Suspended, 1)} {
		older(t, l, "agreement", "agreements", a.ID, a, "mission", "m", "partner", "x", "state", string(a.State), "valid_until", "0", "awaits", []string{"", "", "", "draft", "suspended"}[i])
	}
	older(t, l, "party", "parties", "x-1", parties.Party{ID: "x-1", Version: 1, State: parties.Blocked})
	l.migrate(t)
	for query, want := range map[string][]string{
		"SELECT id || ' ' || band || ' ' || open_due FROM assessments ORDER BY id": {
			fmt.Sprint("b-1 HIGH ", Epoch().Add(2*time.Hour).UnixMicro()), "b-2  0", "b-3 LOW 0", "b-4 SEVERE 0", fmt.Sprint("b-5 LOW ", due.UnixMicro()),
		},
		"SELECT id || ' ' || state FROM parties":                    {"x-1 blocked"},
		"SELECT id || ' ' || assessment FROM transfers ORDER BY id": {"t-1 b-1", "t-2 "},
		"SELECT id || ' ' || awaits FROM agreements ORDER BY id":    {"w-1 ending", "w-2 ", "w-3 ", "w-4 ending", "w-5 suspended"},
	} {
		if got := l.texts(t, query); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
