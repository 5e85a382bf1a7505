package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/retention"
)

func caseKind() kind[authorities.Case] {
	return simple("legal_case", func(v *authorities.Case) *string { return &v.ID }, func(v *authorities.Case) *int { return &v.Version }, Tx.SaveLegalCase, Tx.LegalCase)
}

func incidentKind() kind[incidents.Incident] {
	return simple("incident", func(v *incidents.Incident) *string { return &v.ID }, func(v *incidents.Incident) *int { return &v.Version }, Tx.SaveIncident, Tx.Incident)
}

func clearanceKind() kind[clearance.Clearance] {
	return simple("clearance", func(v *clearance.Clearance) *string { return &v.ID }, func(v *clearance.Clearance) *int { return &v.Version }, Tx.SaveClearance, Tx.Clearance)
}

func dutyKind() kind[retention.Duty] {
	return simple("destruction", func(v *retention.Duty) *string { return &v.ID }, func(v *retention.Duty) *int { return &v.Version }, Tx.SaveDuty, Tx.Duty)
}

// testPartners looks up what is kept of partners by its places, and what the gate
// asks of them.
func testPartners(t *testing.T, b *bench) {
	asked := func(id, mission, partner, reporter string) authorities.Case {
		return authorities.Case{ID: id, Version: 1, Mission: mission, Partner: partner, Reporter: reporter}
	}
	saveEach(t, b, caseKind(), asked("c-1", "m-1", "x", "p-1"), asked("c-2", "m-2", "x", "p-2"), asked("c-3", "", "y", "p-3"))
	opened := func(id, partner string, state authorities.State) authorities.Case {
		c := authorities.Opened(id, authorities.Asked{Transfer: "t-" + id, Mission: "m-3", Partner: partner, Sender: "p-5"}, Epoch())
		c.State = state
		return c
	}
	reported := opened("b-2", "x", authorities.Received)
	reported.History = []lifecycle.Act{{Event: "report", Person: "p-5"}}
	saveEach(t, b, caseKind(), opened("b-1", "x", authorities.Closed), reported, opened("b-3", "x", authorities.Answered),
		opened("b-4", "x", authorities.Received), opened("b-5", "", authorities.Received), opened("b-6", "z", authorities.Assessing))
	saveEach(t, b, clearanceKind(), clearance.Clearance{ID: "e-1", Version: 1, Mission: "m-1"}, clearance.Clearance{ID: "e-2", Version: 1, Mission: "m-2"})
	happened := func(id, partner string, state incidents.State, s incidents.Severity) incidents.Incident {
		return incidents.Incident{ID: id, Version: 1, Mission: "m-1", Partner: partner, State: state, Severity: s, Reporter: "p-1"}
	}
	saveEach(t, b, incidentKind(), happened("i-1", "x", incidents.Open, incidents.Moderate), happened("i-3", "x", incidents.Open, incidents.Serious),
		happened("i-2", "x", incidents.Open, ""), happened("i-4", "y", incidents.Closed, incidents.Serious), happened("i-5", "z", incidents.Open, incidents.Low))
	duty := func(id, partner string, state retention.State, due time.Duration) retention.Duty {
		return retention.Duty{ID: id, Version: 1, Mission: "m-1", Partner: partner, State: state, Due: Epoch().Add(due)}
	}
	saveEach(t, b, dutyKind(), duty("d-1", "x", retention.Due, time.Hour), duty("d-2", "x", retention.Due, time.Minute),
		duty("d-3", "y", retention.Accepted, time.Minute), duty("d-4", "x", retention.Returned, time.Hour))
	saveEach(t, b, agreementKind(), agreement("a-1", "m-1", "x"), agreement("a-2", "m-2", "x"), agreement("a-3", "m-1", "y"))
	rated := func(id, of string) assessment.Assessment {
		return assessment.Assessment{ID: id, Record: 1, Content: assessment.Content{Agreement: of}}
	}
	saveEach(t, b, assessmentKind(), rated("s-2", "a-1"), rated("s-1", "a-2"), rated("s-3", "a-3"))
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		for name, c := range map[string]struct {
			in    authz.Places
			cases []string
		}{
			"headquarters": {authz.Places{HQ: true}, []string{"c-3", "c-2", "c-1", "b-6", "b-5", "b-4", "b-3", "b-2", "b-1"}}, "a mission": {authz.Places{Missions: []string{"m-1"}, Person: "p-9"}, []string{"c-1"}},
			"two missions": {authz.Places{Missions: []string{"m-1", "m-2"}}, []string{"c-2", "c-1"}}, "a reporter": {authz.Places{Partners: []string{"y"}, Person: "p-3"}, []string{"c-3"}},
			"a partner's other person": {authz.Places{Partners: []string{"x", "y"}, Person: "p-4"}, nil}, "nobody": {authz.Places{}, nil},
		} {
			all, err := tx.LegalCases(ctx, c.in, evidence.Page{})
			lists(t, name, caseKind(), all.Items, err, c.cases...)
		}
		hq, here := authz.Places{HQ: true}, authz.Places{Missions: []string{"m-1"}}
		pages(t, "cases", caseKind(), func(p evidence.Page) (evidence.Listed[authorities.Case], error) {
			return tx.LegalCases(ctx, hq, p)
		}, "c-3", "c-2", "c-1", "b-6", "b-5", "b-4", "b-3", "b-2", "b-1")
		for most, want := range map[int][]string{10: {"b-2", "b-4", "b-5", "b-6", "b-3", "c-1", "c-2", "c-3"}, 3: {"b-2", "b-4", "b-5"}} {
			waiting, err := tx.CasesWaiting(ctx, most)
			lists(t, "R34 what waits for an answer before what is only to be closed", caseKind(), waiting, err, want...)
		}
		cleared, err := tx.Clearances(ctx, authz.Places{Missions: []string{"m-2"}}, evidence.Page{})
		lists(t, "clearances", clearanceKind(), cleared.Items, err, "e-2")
		happening, err := tx.Incidents(ctx, here, evidence.Page{Most: 3})
		lists(t, "incidents", incidentKind(), happening.Items, err, "i-5", "i-4", "i-3")
		owed, err := tx.Duties(ctx, authz.Places{Partners: []string{"x", "y"}}, true, evidence.Page{})
		lists(t, "open duties", dutyKind(), owed.Items, err, "d-2", "d-1", "d-4")
		pages(t, "all duties", dutyKind(), func(p evidence.Page) (evidence.Listed[retention.Duty], error) {
			return tx.Duties(ctx, here, false, p)
		}, "d-2", "d-3", "d-1", "d-4")
		for _, after := range []string{"d-1", "x_d-1", "_", "9223372036854775807_d-1"} {
			owed, err = tx.Duties(ctx, here, false, evidence.Page{After: after})
			lists(t, "after a place that is none", dutyKind(), owed.Items, err)
		}
		stops(t, tx)
		return nil
	})
	if err := b.work(t, func(tx Tx) error {
		ctx := t.Context()
		for partner, want := range map[string]string{"x": "b-4", "": "b-5"} {
			if c, err := tx.OpenedFor(ctx, "m-3", partner, "p-5"); err != nil || c.ID != want {
				t.Errorf("R34 opened for them and %q, and not taken: %+v, %v", partner, c, err)
			}
		}
		for _, other := range [][3]string{{"m-3", "z", "p-5"}, {"m-1", "x", "p-5"}, {"m-3", "y", "p-5"}, {"m-3", "x", "p-1"}, {"m-1", "x", "p-1"}} {
			if c, err := tx.OpenedFor(ctx, other[0], other[1], other[2]); !errors.Is(err, evidence.ErrNotFound) {
				t.Errorf("opened for %v: %+v, %v", other, c, err)
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	x := partyKind().fresh("enrols", sparse)
	x.Kind = parties.NGO
	saveEach(t, b, partyKind(), x)
	b.view(t, func(tx Tx) error {
		if ok, err := tx.Enrols(t.Context(), "enrols", Epoch()); err != nil || !ok {
			t.Errorf("enrols: %v, %v", ok, err)
		}
		if _, err := tx.Enrols(t.Context(), "nobody", Epoch()); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("an unknown partner enrols: %v", err)
		}
		return nil
	})
}

// stops asks what refuses transfers to each partner.
func stops(t *testing.T, tx Tx) {
	t.Helper()
	ctx := t.Context()
	for partner, want := range map[string]string{"x": "i-2", "y": "", "z": ""} {
		i, err := tx.StoppingIncident(ctx, partner)
		if i.ID != want || errors.Is(err, evidence.ErrNotFound) != (want == "") {
			t.Errorf("PARTNER_INCIDENT at %s: %q, %v", partner, i.ID, err)
		}
	}
	at := Epoch().Add(time.Minute)
	for partner, want := range map[string][]string{"x": {"d-2", "d-1", "d-4"}, "y": nil, "z": nil} {
		var got []string
		duties, err := tx.NextDestructions(ctx, partner)
		for _, d := range duties {
			got = append(got, d.ID)
		}
		if err != nil || !slices.Equal(got, want) || len(got) > 0 && (!duties[0].OverdueAt(at) || duties[0].OverdueAt(at.Add(-time.Microsecond))) {
			t.Errorf("PARTNER_DESTRUCTION_OVERDUE at %s: %v, %v", partner, got, err)
		}
	}
}
