package storetest

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/gateway/store"
	"safeconduct/transfer/gate"
)

// standing is an agreement between m-1 and x in a state, with a term of an hour.
func standing(id string, state agreements.State) agreements.Agreement {
	a := agreement(id, "m-1", "x")
	a.State, a.Document.ValidUntil = state, Epoch().Add(time.Hour)
	return a
}

// crowd are more agreements of a state than are read for a decision, all newer
// than those whose ids are short.
func crowd(state agreements.State, partner string) []agreements.Agreement {
	many := make([]agreements.Agreement, agreements.MaxBetween+5)
	for i := range many {
		many[i] = standing(fmt.Sprintf("z-%s-%s-%03d", partner, state, i), state)
		many[i].Document.Partner = partner
	}
	return many
}

// testChoice reads the agreement that a transfer is judged by, whatever else
// there is between the mission and the partner.
func testChoice(t *testing.T, b *bench) {
	save := func(all ...agreements.Agreement) { saveEach(t, b, agreementKind(), all...) }
	of := func(a agreements.Agreement, change func(*agreements.Document)) agreements.Agreement {
		change(&a.Document)
		return a
	}
	with := func(partner string) func(*agreements.Document) {
		return func(d *agreements.Document) { d.Partner = partner }
	}
	save(append(crowd(agreements.Draft, "x"), standing("a-1", agreements.Active), standing("a-2", agreements.Rejected), standing("a-3", agreements.Terminated))...)
	save(append(crowd(agreements.Active, "y"), of(standing("b-1", agreements.Draft), with("y")))...)
	lapsed := crowd(agreements.Active, "v")
	for i := range lapsed {
		lapsed[i].Document.ValidUntil = Epoch()
	}
	save(append(lapsed, of(standing("c-1", agreements.Signed), with("v")))...)
	for i, state := range []agreements.State{agreements.Active, agreements.Suspended, agreements.Expired, agreements.Terminated, agreements.ClosedOut, agreements.Signed, agreements.Draft} {
		old, next := fmt.Sprintf("d-%d", i), fmt.Sprintf("e-%d", i)
		save(of(standing(old, agreements.Active), with("w")), of(standing(next, state), func(d *agreements.Document) { d.Partner, d.Supersedes = "w", old }))
	}
	several := func(d *agreements.Document) { d.Partner, d.Scope.Missions = "u", []string{"m-1", "m-2"} }
	save(of(standing("f-1", agreements.Draft), several), of(standing("f-2", agreements.Review), several), of(standing("f-3", agreements.Rejected), several), of(standing("f-4", agreements.Approved), several))
	left := func(d *agreements.Document) { d.Partner, d.Supersedes = "s", "s-1" }
	save(of(standing("s-1", agreements.Terminated), func(d *agreements.Document) { d.Partner, d.Scope.Missions = "s", []string{"m-1", "m-2"} }), of(standing("s-2", agreements.Active), left))

	read := func(tx Tx, mission, partner, chosen string) []agreements.Agreement {
		t.Helper()
		all, err := tx.AgreementsNearest(t.Context(), mission, partner, chosen, Epoch())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	ids := func(all []agreements.Agreement) (list []string) {
		for _, a := range all {
			list = append(list, a.ID)
		}
		return list
	}
	b.view(t, func(tx Tx) error {
		t.Run("AGR_MISSING never of the one in force, among many drafts", func(t *testing.T) {
			all := read(tx, "m-1", "x", "")
			if a, ambiguous := gate.Select(all, "m-1", ""); len(all) != agreements.MaxBetween+1 || len(ambiguous) > 0 || a == nil || a.ID != "a-1" {
				t.Errorf("of %d agreements %+v, ambiguous %v", len(all), a, ambiguous)
			}
		})
		t.Run("AGR_AMBIGUOUS of many in force, and one that is named rules", func(t *testing.T) {
			if a, ambiguous := gate.Select(read(tx, "m-1", "y", ""), "m-1", ""); len(ambiguous) < 2 {
				t.Errorf("%+v", a)
			}
			if a := gate.Pick(read(tx, "m-1", "y", "z-y-active-000"), "z-y-active-000"); a == nil {
				t.Error("it is missing")
			}
		})
		t.Run("AGR_EXPIRED many that nobody has swept are behind one that is signed", func(t *testing.T) {
			if all := read(tx, "m-1", "v", ""); !slices.Contains(ids(all), "c-1") {
				t.Error(ids(all))
			}
		})
		t.Run("the successors of those that came into force are left", func(t *testing.T) {
			if got := ids(read(tx, "m-1", "w", "")); !slices.Equal(got, []string{"e-6", "e-5", "e-4", "e-3", "e-2", "e-1", "e-0", "d-6", "d-5"}) {
				t.Error(got)
			}
		})
		t.Run("AGR_TERMINATED to a mission that the successor leaves out there is none", func(t *testing.T) {
			if in, out := ids(read(tx, "m-1", "s", "")), ids(read(tx, "m-2", "s", "")); !slices.Equal(in, []string{"s-2"}) || !slices.Equal(out, []string{"s-1"}) {
				t.Error(in, out)
			}
		})
		t.Run("drafts are the signing mission's alone", func(t *testing.T) {
			if own, shared := ids(read(tx, "m-1", "u", "")), ids(read(tx, "m-2", "u", "")); !slices.Equal(own, []string{"f-4", "f-2", "f-1"}) || !slices.Equal(shared, []string{"f-4"}) {
				t.Error(own, shared)
			}
		})
		for _, c := range []struct {
			mission, partner, chosen string
			there                    bool
		}{
			{"m-1", "x", "a-1", true},
			{"m-1", "x", "z-x-draft-000", true},
			{"m-1", "x", "a-3", true},
			{"m-1", "x", "a-2", false}, // rejected
			{"m-1", "x", "b-1", false}, // of another partner
			{"m-2", "x", "a-1", false}, // of another mission
			{"m-1", "w", "d-0", false}, // superseded
			{"m-1", "w", "d-5", true},
			{"m-2", "u", "f-4", true},
			{"m-2", "u", "f-1", false}, // a draft of another mission
			{"m-1", "x", "nobody's", false},
		} {
			var want []string
			if c.there {
				want = []string{c.chosen}
			}
			if got := ids(read(tx, c.mission, c.partner, c.chosen)); !slices.Equal(got, want) {
				t.Errorf("AGR_MISSING %+v: %v", c, got)
			}
		}
		return nil
	})
	b.shared(t)
}

// shared tells what the missions of an agreement's scope know of it, and lists
// what waits for each.
func (b *bench) shared(t *testing.T) {
	a := agreement("g-1", "m-1", "t", "m-2", "m-1", "m-3")
	a.State, a.Amendment = agreements.Active, &agreements.Amendment{State: agreements.Signed, Document: a.Document}
	a.Amendment.Document.Version, a.Amendment.Document.Scope.Missions = 7, []string{"m-1", "m-3", "m-4"}
	saveEach(t, b, agreementKind(), a)
	saveEach(
		t, b, assessmentKind(),
		inForce("h-1", "g-1", func(x *assessment.Assessment) { x.State, x.Mission = assessment.Submitted, "m-1" }),
		inForce("h-2", "g-1", func(x *assessment.Assessment) { x.State, x.Mission = assessment.Submitted, "m-2" }),
		inForce("h-3", "g-1", func(x *assessment.Assessment) { x.Mission = "m-2" }),
	)
	if err := store.For[waitingTx](b.Store).View(t.Context(), func(tx waitingTx) error {
		of, err := tx.AgreementOf(t.Context(), "g-1")
		if err != nil || of.Mission != "m-1" || !slices.Equal(of.Shared, []string{"m-2", "m-3"}) || of.Amendment != 7 || !slices.Equal(of.AmendmentShared, []string{"m-3"}) {
			t.Errorf("%+v, %v", of, err)
		}
		for mission, want := range map[string][]string{"m-1": {"h-1"}, "m-2": {"h-2"}, "m-3": nil} {
			got, err := tx.AssessmentsWaiting(t.Context(), authz.Places{Missions: []string{mission}}, 10)
			lists(t, "waits for "+mission, assessmentKind(), got, err, want...)
		}
		got, err := tx.AssessmentsWaiting(t.Context(), authz.Places{HQ: true}, 10)
		lists(t, "waits for headquarters", assessmentKind(), got, err, "h-1", "h-2")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

type waitingTx interface {
	evidence.Recorder
	assessment.AssessmentTx
	AssessmentsWaiting(ctx context.Context, in authz.Places, most int) ([]assessment.Assessment, error)
}

// choiceFilled: what the migration finds of records that are there is what
// saving them writes.
func choiceFilled(t *testing.T, l *logged) {
	if _, err := l.provider(t).UpTo(t.Context(), 16); err != nil {
		t.Fatal(err)
	}
	next := agreement("a-2", "m-1", "x")
	next.Document.Supersedes, next.Document.Paper = "a-1", &agreements.Paper{SHA256: "0a"}
	insert := func(kind, table, columns, id string, body any) {
		text, err := evidence.Canonical(body)
		if err != nil {
			t.Fatal(err)
		}
		written := "x'" + hex.EncodeToString(text) + "'"
		if l.Engine() == store.Postgres {
			written = `'\x` + hex.EncodeToString(text) + "'"
		}
		l.exec(t, fmt.Sprintf("INSERT INTO record_versions (kind, id, version, body) VALUES ('%s', '%s', 1, %s)", kind, id, written),
			fmt.Sprintf("INSERT INTO %s (id, version, %s) VALUES ('%s', 1, %s)", table, columns, id, map[string]string{
				"agreements": "'m-1', 'x', 'draft', 0", "assessments": "'a-1'",
			}[table]))
	}
	for _, a := range []agreements.Agreement{agreement("a-1", "m-1", "x"), next} {
		insert(agreements.KindAgreement, "agreements", "mission, partner, state, valid_until", a.ID, a)
	}
	insert(assessment.KindAssessment, "assessments", "agreement", "s-1", inForce("s-1", "a-1", func(x *assessment.Assessment) { x.Mission = "m-1" }))
	l.migrate(t)
	if got := fmt.Sprint(l.texts(t, "SELECT id || '=' || supersedes || '=' || paper FROM agreements ORDER BY id")); got != "[a-1== a-2=a-1=0a]" {
		t.Errorf("agreements: %s", got)
	}
	if got := fmt.Sprint(l.texts(t, "SELECT id || '=' || mission FROM assessments ORDER BY id")); got != "[s-1=m-1]" {
		t.Errorf("assessments: %s", got)
	}
}
