package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"safeconduct/agreements/parties"
	"safeconduct/authz/evidence"
)

// widened is a partner of a program that says more of it, in its record and in a column that is derived.
type widened struct {
	parties.Party
	Colour string `json:"colour,omitempty"`
}

// While a new program takes over from an old one both write, on the schema of the new one.
func TestTwoProgramsWrite(t *testing.T) {
	old := testStore(t)
	newer := *old
	newer.schema++
	if _, err := old.write.ExecContext(t.Context(), "ALTER TABLE parties ADD COLUMN colour TEXT NOT NULL DEFAULT ''"); err != nil {
		t.Fatal(err)
	}
	narrow := partners()
	wide := record[widened]{
		kind: narrow.kind, table: narrow.table, columns: append(append([]string{}, narrow.columns...), "colour"),
		since:  map[string]uint32{"colour": newer.schema},
		values: func(w widened) []any { return append(narrow.values(w.Party), w.Colour) },
		ident:  func(w widened) (string, int) { return w.ID, w.Version },
	}
	save1 := func(s *Store, fn func(context.Context, *tx) error) {
		t.Helper()
		if _, err := s.update(t.Context(), func(x *tx) error {
			if err := fn(t.Context(), x); err != nil {
				return err
			}
			return x.Record(t.Context(), evidence.Entry{ID: s.opts.NewID(), Kind: evidence.Change})
		}); err != nil {
			t.Fatal(err)
		}
	}
	read := func() (w widened, err error) {
		err = newer.view(t.Context(), func(x *tx) (err error) { w, err = one(t.Context(), x, wide, "WHERE r.id = $1", "p"); return err })
		return w, err
	}
	party := parties.Party{ID: "p", Name: "Partner", Version: 1}
	saveWide := func(w widened) {
		t.Helper()
		save1(&newer, func(ctx context.Context, x *tx) error { return save(ctx, x, wide, w) })
	}
	saveNarrow := func(p parties.Party) {
		t.Helper()
		save1(old, func(ctx context.Context, x *tx) error { return save(ctx, x, narrow, p) })
	}
	saveNarrow(party)
	if w, err := read(); err != nil || w.Colour != "" {
		t.Fatalf("what the old program made: %+v, %v", w, err)
	}
	party.Version = 2
	saveWide(widened{Party: party, Colour: "green"})
	t.Run("the old program refuses to read what it would lose", func(t *testing.T) {
		err := old.view(t.Context(), func(x *tx) error { _, err := one(t.Context(), x, narrow, "WHERE r.id = $1", "p"); return err })
		if !errors.Is(err, ErrSchema) || errors.Is(err, evidence.ErrTampered) {
			t.Error(err)
		}
	})
	party.Version = 3
	saveWide(widened{Party: party}) // says no more than the old one knows
	if err := old.view(t.Context(), func(x *tx) error { _, err := one(t.Context(), x, narrow, "WHERE r.id = $1", "p"); return err }); err != nil {
		t.Errorf("the old program reads the rest: %v", err)
	}
	if _, err := old.write.ExecContext(t.Context(), "UPDATE parties SET colour = 'left over'"); err != nil {
		t.Fatal(err)
	}
	if _, err := read(); !errors.Is(err, evidence.ErrTampered) {
		t.Errorf("the new program believes a column that it wrote otherwise: %v", err)
	}
	party.Version = 4
	saveNarrow(party)
	if w, err := read(); err != nil || w.Version != 4 {
		t.Errorf("a column that the old program did not know is held against it: %v", err)
	}
	t.Run("what the writer knew is under the tag", func(t *testing.T) {
		party.Version = 5
		saveWide(widened{Party: party})
		for i, change := range []string{"substr(mac, 1, 36)", fmt.Sprintf("CAST(substr(mac, 1, 36) || x'%08x' AS BLOB)", old.schema)} {
			if _, err := old.write.ExecContext(t.Context(), "DROP TRIGGER IF EXISTS record_versions_update"); err != nil {
				t.Fatal(err)
			}
			if _, err := old.write.ExecContext(t.Context(), "UPDATE record_versions SET mac = "+change+" WHERE id = 'p' AND version = 5"); err != nil {
				t.Fatal(i, err)
			}
			if _, err := read(); !errors.Is(err, evidence.ErrTampered) {
				t.Errorf("%s: %v", change, err)
			}
		}
	})
}
