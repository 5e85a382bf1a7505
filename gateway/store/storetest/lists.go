package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer"
)

func signed(id, mission, partner string, state agreements.State, shared ...string) agreements.Agreement {
	a := agreement(id, mission, partner)
	a.State, a.Document.Scope.Missions = state, shared
	return a
}

// testLists reads the lists of what is found by mission and partner.
func testLists(t *testing.T, b *bench) {
	saveEach(t, b, agreementKind(), signed("a-1", "m-1", "x", agreements.Draft), signed("a-2", "m-1", "x", agreements.Active, "m-1", "m-2"),
		signed("a-3", "m-2", "y", agreements.Review, "m-2", "m-1"), signed("a-4", "m-2", "y", agreements.Approved), signed("a-5", "m-3", "x", agreements.Rejected))
	rated := func(id, of, mission string, state assessment.State) assessment.Assessment {
		return assessment.Assessment{ID: id, Record: 1, Mission: mission, State: state, Content: assessment.Content{Agreement: of}}
	}
	saveEach(t, b, assessmentKind(), rated("s-1", "a-2", "m-1", assessment.Approved), rated("s-2", "a-2", "m-2", assessment.Draft), rated("s-3", "a-4", "m-2", assessment.Stale))
	saveEach(t, b, personKind(), people.Person{ID: "p-1", Version: 1, Mission: "m-1"}, people.Person{ID: "p-2", Version: 1, Mission: "m-2"},
		people.Person{ID: "p-3", Version: 1, Partner: "x"}, people.Person{ID: "p-4", Version: 1})
	hq, here, nobody := authz.Reach{All: true}, authz.Reach{Missions: []string{"m-1"}, Person: "p-1"}, authz.Reach{}
	x := authz.Reach{Partners: []string{"x"}, Person: "p-3"}
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		for _, c := range []struct {
			name string
			in   authz.Reach
			f    agreements.Filter
			want []string
		}{
			{"headquarters", hq, agreements.Filter{}, []string{"a-5", "a-4", "a-3", "a-2", "a-1"}},
			{"a mission: its own in every state", here, agreements.Filter{}, []string{"a-2", "a-1"}},
			{"what is shared, once it is approved", authz.Reach{Missions: []string{"m-2"}}, agreements.Filter{}, []string{"a-4", "a-3", "a-2"}},
			{"two missions", authz.Reach{Missions: []string{"m-1", "m-3"}}, agreements.Filter{}, []string{"a-5", "a-2", "a-1"}},
			{"a partner: what was given to it", x, agreements.Filter{}, []string{"a-2"}},
			{"a partner and a mission", authz.Reach{Missions: []string{"m-3"}, Partners: []string{"x", "y"}}, agreements.Filter{}, []string{"a-5", "a-4", "a-2"}},
			{"nobody", nobody, agreements.Filter{}, nil},
			{"what covers a mission", hq, agreements.Filter{Mission: "m-1"}, []string{"a-3", "a-2", "a-1"}},
			{"another mission's", here, agreements.Filter{Mission: "m-2"}, []string{"a-2"}},
			{"all three", hq, agreements.Filter{Mission: "m-2", Partner: "x", State: agreements.Active}, []string{"a-2"}},
			{"a state", hq, agreements.Filter{State: agreements.Draft}, []string{"a-1"}},
			{"a draft, to its partner", x, agreements.Filter{State: agreements.Draft}, nil},
		} {
			pages(t, "agreements: "+c.name, agreementKind(), func(p evidence.Page) (evidence.Listed[agreements.Agreement], error) {
				return tx.Agreements(ctx, c.in, c.f, p)
			}, c.want...)
		}
		for _, c := range []struct {
			name string
			in   authz.Reach
			f    assessment.Filter
			want []string
		}{
			{"headquarters", hq, assessment.Filter{}, []string{"s-3", "s-2", "s-1"}},
			{"a mission", here, assessment.Filter{}, []string{"s-1"}},
			{"nobody", nobody, assessment.Filter{}, nil},
			{"of an agreement", hq, assessment.Filter{Agreement: "a-2"}, []string{"s-2", "s-1"}},
			{"of a partner", hq, assessment.Filter{Partner: "y"}, []string{"s-3"}},
			{"of a mission, in a state", hq, assessment.Filter{Mission: "m-2", State: assessment.Draft}, []string{"s-2"}},
			{"stale, marked or not yet", hq, assessment.Filter{State: assessment.Stale}, []string{"s-3", "s-1"}},
		} {
			pages(t, "assessments: "+c.name, assessmentKind(), func(p evidence.Page) (evidence.Listed[assessment.Assessment], error) {
				return tx.Assessments(ctx, c.in, c.f, p)
			}, c.want...)
		}
		of, err := tx.AgreementsOf(ctx, []string{"a-4", "a-2", "a-2", "a-0"})
		if err != nil || len(of) != 2 || of["a-2"].Partner != "x" || !slices.Equal(of["a-2"].Shared, []string{"m-2"}) || of["a-4"].Partner != "y" {
			t.Errorf("%+v, %v", of, err)
		}
		for _, c := range []struct {
			name string
			in   authz.Reach
			f    people.Filter
			want []string
		}{
			{"headquarters", hq, people.Filter{}, []string{"p-4", "p-3", "p-2", "p-1"}},
			{"a mission", authz.Reach{Missions: []string{"m-2"}, Person: "p-1"}, people.Filter{}, []string{"p-2", "p-1"}},
			{"oneself", authz.Reach{OwnIn: []string{"m-1"}, Person: "p-1"}, people.Filter{}, []string{"p-1"}},
			{"a partner's own", x, people.Filter{}, []string{"p-3"}},
			{"of a mission", hq, people.Filter{Mission: "m-1"}, []string{"p-1"}},
			{"of a partner", hq, people.Filter{Partner: "x"}, []string{"p-3"}},
		} {
			pages(t, "people: "+c.name, personKind(), func(p evidence.Page) (evidence.Listed[people.Person], error) {
				return tx.Persons(ctx, c.in, c.f, p)
			}, c.want...)
		}
		return nil
	})
}

// sent are transfers of two missions to two partners; some are released.
func sent() []transfer.Transfer {
	now := Epoch()
	to := func(id, mission, partner, sender string, state transfer.State, released *time.Time) transfer.Transfer {
		return transfer.Transfer{ID: id, Version: 1, Mission: mission, Partner: partner, Sender: sender, State: state, Released: released}
	}
	held := to("t-5", "m-1", "x", "p-1", transfer.Held, &now)
	held.Delivered = &now
	whole := to("t-6", "m-1", "x", "p-2", transfer.Held, &now)
	whole.Files, whole.Receipts = []transfer.File{{N: 1}}, []transfer.Receipt{{File: 1}}
	return []transfer.Transfer{
		to("t-1", "m-1", "x", "p-1", transfer.Refused, nil), to("t-2", "m-1", "x", "p-2", transfer.Available, &now),
		to("t-3", "m-2", "y", "p-3", transfer.Available, &now), to("t-4", "m-1", "x", "p-1", transfer.Held, &now), held, whole,
	}
}

// testTold lists transfers: a partner's by the state that it is told.
func testTold(t *testing.T, b *bench) {
	all := sent()
	for i := range all {
		all[i].WindowEnds = new(Epoch().Add(time.Hour))
	}
	saveEach(t, b, transferKind(), all...)
	x := transfer.Readers{Reduced: []string{"x"}, Of: []string{"x"}}
	after := x
	after.Now = Epoch().Add(time.Hour)
	hq := transfer.Readers{Whole: authz.Reach{All: true}}
	in := func(state transfer.State) transfer.Filter { return transfer.Filter{State: state} }
	b.view(t, func(tx Tx) error {
		for _, c := range []struct {
			name string
			in   transfer.Readers
			f    transfer.Filter
			want []string
		}{
			{"headquarters", hq, transfer.Filter{}, []string{"t-6", "t-5", "t-4", "t-3", "t-2", "t-1"}},
			{"nobody", transfer.Readers{}, transfer.Filter{}, nil},
			{"a mission", transfer.Readers{Whole: authz.Reach{Missions: []string{"m-2"}}}, transfer.Filter{}, []string{"t-3"}},
			{"a sender", transfer.Readers{Whole: authz.Reach{OwnIn: []string{"m-1"}, Person: "p-1"}}, transfer.Filter{}, []string{"t-5", "t-4", "t-1"}},
			{"a sender, elsewhere", transfer.Readers{Whole: authz.Reach{OwnIn: []string{"m-2"}, Person: "p-1"}}, transfer.Filter{}, nil},
			{"R43 a partner: what was released", x, transfer.Filter{}, []string{"t-6", "t-5", "t-4", "t-2"}},
			{"a partner that reads none", transfer.Readers{Of: []string{"x"}}, transfer.Filter{}, nil},
			{"of the mission and the partner", transfer.Readers{Whole: authz.Reach{Missions: []string{"m-1"}}, Reduced: []string{"x"}, Of: []string{"x"}}, transfer.Filter{}, []string{"t-6", "t-5", "t-4", "t-2"}},
			{"held", hq, in(transfer.Held), []string{"t-6", "t-5", "t-4"}},
			{"PULL_DENIED held, to its partner", x, in(transfer.Held), nil},
			{"available, to its partner", x, in(transfer.Available), []string{"t-4", "t-2"}},
			{"PULL_DENIED held, and its window over, to its partner", after, in(transfer.Available), nil},
			{"PULL_DENIED unclaimed, held or not swept yet, to its partner", after, in(transfer.Unclaimed), []string{"t-4", "t-2"}},
			{"unclaimed, before", x, in(transfer.Unclaimed), nil},
			{"pulled, to its partner", x, in(transfer.Pulled), []string{"t-5"}},
			{"acknowledged, to its partner", x, in(transfer.Acknowledged), []string{"t-6"}},
			{"to a partner", hq, transfer.Filter{Partner: "y"}, []string{"t-3"}},
			{"of a mission", hq, transfer.Filter{Mission: "m-2"}, []string{"t-3"}},
		} {
			pages(t, c.name, transferKind(), func(p evidence.Page) (evidence.Listed[transfer.Transfer], error) {
				return tx.Transfers(t.Context(), c.in, c.f, p)
			}, c.want...)
		}
		return nil
	})
}

// listsFilled: what the migration finds of transfers that are there is what
// saving them writes.
func listsFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 18); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, x := range sent() {
		older(t, l, "transfer", "transfers", x.ID, x, "mission", x.Mission, "partner", x.Partner, "state", string(x.State), "agreement", "",
			"subjects", "0", "released", "0", "window_ends", "0", "held_since", "0")
		want = append(want, fmt.Sprintf("%s %s %s", x.ID, x.Sender, x.Unheld()))
	}
	l.migrate(t)
	if got := l.texts(t, "SELECT id || ' ' || sender || ' ' || told FROM transfers ORDER BY id"); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
