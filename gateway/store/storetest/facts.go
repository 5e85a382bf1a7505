package storetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
)

// addRules records two versions of the rulebook.
func addRules(t *testing.T, b *bench) rulebook.Book {
	t.Helper()
	book, err := rulebook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		book.Version++
		b.must(t, func(tx Tx) error { return tx.SaveRulebook(t.Context(), book) })
	}
	return book
}

func testRules(t *testing.T, b *bench) {
	shipped, err := rulebook.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	wants := func(want rulebook.Book) {
		t.Helper()
		b.view(t, func(tx Tx) error {
			got, err := tx.Rulebook(t.Context())
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v, %v; want %v", got, err, want)
			}
			return err
		})
	}
	wants(shipped)
	book := addRules(t, b)
	wants(book)
	t.Run("R37 what decides cites the edition of the rules, once", func(t *testing.T) {
		own, cited := "authz:x "+shipped.Current.Cite(), "authz:x "+book.Current.Cite()
		for name, c := range map[string]struct {
			read       bool
			kind       evidence.Kind
			said, want string
		}{
			"in sight of the rules": {true, evidence.Change, "authz:x", cited},
			"a change":              {false, evidence.Change, "authz:x", cited},
			"a denial":              {false, evidence.Denial, "authz:x", cited},
			"a decision":            {false, evidence.Decision, "authz:x", cited},
			"by an edition before":  {true, evidence.Decision, own, own},
			"and unread":            {false, evidence.Decision, own, own},
			"what becomes of bytes": {false, evidence.Delivery, "authz:x", "authz:x"},
			"a receipt":             {false, evidence.Receipt, "authz:x", "authz:x"},
			"bytes that come in":    {false, "upload", "authz:x", "authz:x"},
			"evidence opened":       {false, evidence.Access, "authz:x", "authz:x"},
		} {
			e := b.entry()
			e.Kind, e.Policy = c.kind, c.said
			if c.kind == "upload" {
				e.Kind, e.Action = evidence.Change, authz.TransferUpload
			}
			if _, err := b.tx.Update(t.Context(), func(tx Tx) error {
				if c.read {
					if _, err := tx.Rulebook(t.Context()); err != nil {
						return err
					}
				}
				return tx.Record(t.Context(), e)
			}); err != nil {
				t.Fatal(err)
			}
			b.sequence(t)
			b.view(t, func(tx Tx) error {
				all, _, err := tx.LogLines(t.Context(), transfer.LogFilter{After: -1, AtMost: 1000})
				if i := slices.IndexFunc(all, func(l transfer.LogLine) bool { return l.Entry.ID == e.ID }); i < 0 || all[i].Entry.Policy != c.want {
					t.Errorf("%s: %v; want %q", name, all, c.want)
				}
				return err
			})
		}
	})
}

// addFacts records a decision that rested on one record.
func addFacts(t *testing.T, b *bench) {
	t.Helper()
	body, err := evidence.Canonical(gate.Recorded{Partner: evidence.Ref{Kind: "party", ID: "party-1", Version: 2}})
	if err != nil {
		t.Fatal(err)
	}
	e := b.entry()
	e.Kind, e.Facts = evidence.Decision, evidence.DigestOf(body)
	if _, err := b.tx.Update(t.Context(), func(tx Tx) error {
		return errors.Join(tx.KeepFacts(t.Context(), body), tx.Record(t.Context(), e))
	}); err != nil {
		t.Fatal(err)
	}
}

func testFacts(t *testing.T, b *bench) {
	one, two := []byte(`{"n":1}`), []byte(`{"n":2}`)
	for range 2 { // the second time they are there
		b.must(t, func(tx Tx) error { return tx.KeepFacts(t.Context(), one, two) })
	}
	saveEach(t, b, partyKind(), partyKind().fresh("x-1", full))
	b.view(t, func(tx Tx) error {
		for _, want := range [][]byte{one, two} {
			if got, err := tx.Facts(t.Context(), evidence.DigestOf(want)); err != nil || string(got) != string(want) {
				t.Errorf("%s, %v; want %s", got, err, want)
			}
		}
		if _, err := tx.Facts(t.Context(), evidence.DigestOf(nil)); !errors.Is(err, evidence.ErrNotFound) {
			t.Errorf("of a digest that nothing has: %v", err)
		}
		there, gone := evidence.Ref{Kind: "party", ID: "x-1", Version: 1}, evidence.Ref{Kind: "party", ID: "x-1", Version: 2}
		many := []evidence.Ref{there, gone}
		for range 700 { // more than one statement takes
			many = append(many, gone)
		}
		found, err := tx.Versions(t.Context(), many)
		if err != nil || len(found) != 1 || len(found[there]) == 0 {
			t.Errorf("%d versions, %v", len(found), err)
		}
		return nil
	})
}
