package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/transfer/gate"
)

// ids are what a list holds, in order.
func ids[T any](all []T, id func(*T) *string) []string {
	out := []string{}
	for i := range all {
		out = append(out, *id(&all[i]))
	}
	return out
}

// lists checks what a query lists, in order.
func lists[T any](t *testing.T, what string, k kind[T], all []T, err error, want ...string) {
	t.Helper()
	if err != nil || !slices.Equal(ids(all, k.id), want) {
		t.Errorf("%s: %v, %v; want %v", what, ids(all, k.id), err, want)
	}
}

func saveEach[T any](t *testing.T, b *bench, k kind[T], all ...T) {
	t.Helper()
	b.must(t, func(tx Tx) error {
		for _, v := range all {
			if err := k.save(tx, t.Context(), v); err != nil {
				return err
			}
		}
		return nil
	})
}

func grant(id, person string, role authz.Role, mission, partner string) people.Grant {
	return people.Grant{ID: id, Version: 1, Person: person, Role: role, Mission: mission, Partner: partner, From: Epoch()}
}

func testPeople(t *testing.T, b *bench) {
	ended, future := grant("g-4", "p-2", authz.PDL, "", "x"), grant("g-5", "p-3", authz.PDL, "", "x")
	until := Epoch().Add(time.Hour)
	ended.Until, future.From = &until, until
	saveEach(t, b, grantKind(),
		grant("g-2", "p-1", authz.HOM, "m", ""), grant("g-1", "p-1", authz.FP, "m", ""), grant("g-3", "p-2", authz.HOM, "m", ""),
		ended, future, grant("g-6", "p-4", authz.PDL, "", "x"), grant("g-7", "p-5", authz.PDL, "", "y"), grant("g-8", "p-6", authz.PSG, "", "x"))
	token := func(id, person string, revoked *time.Time) identity.Token {
		return identity.Token{ID: id, Version: 1, Person: person, Hash: "h-" + id, RolesAsOf: Epoch(), Expires: until, Revoked: revoked}
	}
	now := Epoch()
	older, narrow := token("k-4", "p-4", nil), token("k-5", "p-4", nil)
	older.RolesAsOf, narrow.Scope = Epoch().Add(-24*365*time.Hour), []authz.Action{authz.TransferRead} // neither can pull
	saveEach(t, b, tokenKind(), token("k-1", "p-2", nil), token("k-2", "p-4", &now), token("k-3", "p-5", nil), older, narrow)
	key := func(id, person string) people.Key { return people.Key{ID: id, Version: 1, Person: person} }
	saveEach(t, b, keyKind(), key("y-2", "p-1"), key("y-1", "p-1"), key("y-3", "p-2"))
	saveEach(t, b, missionKind(), mission("m-2"), mission("m-1"))
	saveEach(t, b, partyKind(), partyKind().fresh("x-2", full), partyKind().fresh("x-1", full))
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		of, err := tx.GrantsOf(ctx, "p-1")
		lists(t, "grants of", grantKind(), of, err, "g-1", "g-2")
		none, err := tx.GrantsOf(ctx, "p-0")
		lists(t, "grants of nobody", grantKind(), none, err)
		held, err := tx.Holders(ctx, authz.HOM, "m")
		lists(t, "holders", grantKind(), held, err, "g-2", "g-3")
		keys, err := tx.KeysOf(ctx, "p-1")
		lists(t, "keys", keyKind(), keys, err, "y-1", "y-2")
		each, err := tx.GrantsOfEach(ctx, []string{"p-2", "p-1", "", "p-1", "p-0"})
		lists(t, "grants of each, of one", grantKind(), each["p-1"], err, "g-1", "g-2")
		if of, err := tx.GrantsOf(ctx, "p-2"); err != nil || len(each) > 2 || len(of) == 0 || !reflect.DeepEqual(each["p-2"], of) {
			t.Errorf("grants of each: %v, %v; want %v of p-2", each, err, of)
		}
		keysOf, err := tx.KeysOfEach(ctx, []string{"p-2", "p-1", "p-0"})
		lists(t, "keys of each, of one", keyKind(), keysOf["p-1"], err, "y-1", "y-2")
		lists(t, "keys of each, of another", keyKind(), keysOf["p-2"], err, "y-3")
		if none, err := tx.KeysOfEach(ctx, nil); err != nil || len(none) != 0 {
			t.Errorf("keys of nobody: %v, %v", none, err)
		}
		missions, err := tx.Missions(ctx)
		lists(t, "missions", missionKind(), missions, err, "m-1", "m-2")
		parties, err := tx.Parties(ctx)
		lists(t, "parties", partyKind(), parties, err, "x-1", "x-2")
		if found, err := tx.TokenByHash(ctx, "h-k-2"); err != nil || found.ID != "k-2" {
			t.Errorf("by hash: %v, %v", found.ID, err)
		}
		mine, err := tx.TokensOf(ctx, "p-4")
		lists(t, "tokens of a person", tokenKind(), mine, err, "k-2", "k-4", "k-5")
		for person, want := range map[string]time.Time{"p-2": Epoch(), "p-4": Epoch(), "p-0": {}} {
			if bound, err := tx.RolesBound(ctx, person); err != nil || !bound.Equal(want) {
				t.Errorf("tokens of %s carry roles as of %s, %v; want %s", person, bound, err, want)
			}
		}
		if none, err := tx.TokensOf(ctx, "p-0"); err != nil || len(none) != 0 {
			t.Errorf("tokens of nobody: %v, %v", none, err)
		}
		if _, err := tx.TokenByHash(ctx, "h-none"); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("by no hash: %v", err)
		}
		downloaders(t, tx, "x", now, puller("p-2", "g-4", "k-1"), puller("p-4", "g-6", ""))
		downloaders(t, tx, "x", until, puller("p-3", "g-5", ""), puller("p-4", "g-6", ""))
		downloaders(t, tx, "y", now, puller("p-5", "g-7", "k-3"))
		downloaders(t, tx, "z", now)
		return nil
	})
}

func puller(person, grant, token string) gate.Downloader {
	d := gate.Downloader{Person: person, Grant: evidence.Ref{Kind: "grant", ID: grant, Version: 1}}
	if token != "" {
		d.Credential, d.Token = true, evidence.Ref{Kind: "token", ID: token, Version: 1}
	}
	return d
}

func downloaders(t *testing.T, tx Tx, partner string, at time.Time, want ...gate.Downloader) {
	t.Helper()
	all, err := tx.Pullers(t.Context(), partner)
	got := all.At(at)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("of %s: %v, %v; want %v", partner, got, err, want)
	}
}

func agreement(id, mission, partner string, others ...string) agreements.Agreement {
	a := agreements.Agreement{ID: id, Version: 1, State: agreements.Draft}
	a.Document.Mission, a.Document.Partner, a.Document.ValidUntil = mission, partner, Epoch()
	a.Document.Scope.Missions = others
	return a
}

func testAgreements(t *testing.T, b *bench) {
	of := func(paper string, a agreements.Agreement) agreements.Agreement {
		a.Document.Paper = &agreements.Paper{SHA256: paper}
		return a
	}
	rejected := of("one", agreement("a-0", "m-1", "x"))
	rejected.State = agreements.Rejected
	saveEach(t, b, agreementKind(),
		rejected, of("one", agreement("a-1", "m-1", "x", "m-1", "m-2")), of("two", agreement("a-2", "m-2", "x", "m-2", "m-2", "m-3")), of("two", agreement("a-4", "m-2", "y")), agreement("a-3", "m-2", "x"))
	for i := range agreements.MaxBetween + 5 { // newer ones, however many
		saveEach(t, b, agreementKind(), of(fmt.Sprintf("p-%d", i), agreement(fmt.Sprintf("n-%03d", i), "m-1", "x")))
	}
	amended := agreement("a-2", "m-2", "x", "m-2", "m-4")
	amended.Version, amended.State = 2, agreements.Active
	amended.Former = []agreements.Former{{Document: agreements.Document{Paper: &agreements.Paper{SHA256: "two"}}}}
	saveEach(t, b, agreementKind(), amended)
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		for _, c := range []struct{ mission, partner, paper, want string }{
			{"m-1", "x", "one", "a-1"},
			{"m-2", "x", "one", "a-1"}, // that shares it
			{"m-2", "x", "two", "a-2"}, // amended since
			{"m-4", "x", "two", "a-2"},
			{"m-3", "x", "two", ""}, // named no more
			{"m-2", "y", "two", "a-4"},
			{"m-2", "x", "", ""}, // a-3 is no paper
			{"m-9", "x", "one", ""},
		} {
			a, err := tx.AgreementOfPaper(ctx, c.mission, c.partner, c.paper)
			if a.ID != c.want || (c.want == "") != errors.Is(err, evidence.ErrNotFound) || c.want != "" && err != nil {
				t.Errorf("%+v: %q, %v", c, a.ID, err)
			}
		}
		due, err := tx.AgreementsDue(ctx, Epoch(), 10)
		lists(t, "due", agreementKind(), due, err, "a-2") // the others are drafts
		due, err = tx.AgreementsDue(ctx, Epoch().Add(-time.Microsecond), 10)
		lists(t, "not due", agreementKind(), due, err)
		return nil
	})
	testTerms(t, b)
}

func testTerms(t *testing.T, b *bench) {
	rule := func(id, purpose, category string) terms.RetentionRule {
		return terms.RetentionRule{ID: id, Version: 1, Purpose: purpose, Category: category}
	}
	saveEach(t, b, retentionKind(), rule("r-1", "p-1", "c-2"), rule("r-2", "p-1", "c-1"), rule("r-3", "p-2", "c-1"))
	proposed := func(id string) terms.Purpose {
		return terms.Purpose{ID: id, Version: 1, Code: id, Course: terms.Course[terms.PurposeValues]{Proposed: true}}
	}
	later := proposed("p-5")
	later.Next = []terms.Change[terms.PurposeValues]{{Decided: terms.Decided{EffectiveFrom: Epoch()}}}
	saveEach(t, b, purposeKind(), terms.Purpose{ID: "p-1", Version: 1, Code: "z"}, terms.Purpose{ID: "p-2", Version: 1, Code: "a"}, proposed("p-4"), later)
	saveEach(t, b, categoryKind(), terms.Category{ID: "c-1", Version: 1, Code: "z"}, terms.Category{ID: "c-2", Version: 1, Code: "a"})
	one, two := assessmentKind().fresh("s-2", full), assessmentKind().fresh("s-1", full)
	one.Agreement, two.Agreement = "a-1", "a-1"
	saveEach(t, b, assessmentKind(), one, two)
	b.view(t, func(tx Tx) error {
		ctx := t.Context()
		rules, err := tx.RetentionRules(ctx, "p-1")
		lists(t, "rules of a purpose", retentionKind(), rules, err, "r-2", "r-1")
		rules, err = tx.RetentionRules(ctx, "")
		lists(t, "all rules", retentionKind(), rules, err, "r-2", "r-3", "r-1")
		purposes, err := tx.Purposes(ctx)
		lists(t, "purposes", purposeKind(), purposes, err, "p-2", "p-4", "p-5", "p-1")
		for _, c := range []struct {
			ids             []string
			known, approved bool
		}{
			{nil, true, true},
			{[]string{"p-1", "p-2", "p-1"}, true, true},
			{[]string{"p-1", "p-3"}, false, true},
			{[]string{""}, false, true},
			{[]string{"p-1", "p-4"}, true, false},
			{[]string{"p-5"}, true, true},
		} {
			if known, approved, err := tx.KnownPurposes(ctx, c.ids); err != nil || known != c.known || approved != c.approved {
				t.Errorf("R23 the purposes %q are known: %v, approved: %v, %v", c.ids, known, approved, err)
			}
		}
		categories, err := tx.Categories(ctx)
		lists(t, "categories", categoryKind(), categories, err, "c-2", "c-1")
		list, err := tx.AssessmentsOf(ctx, "a-1")
		lists(t, "assessments", assessmentKind(), list, err, "s-1", "s-2")
		if of, err := tx.AgreementOf(ctx, "a-1"); err != nil || of.Mission != "m-1" || of.Partner != "x" {
			t.Errorf("%+v, %v", of, err)
		}
		return nil
	})
}
