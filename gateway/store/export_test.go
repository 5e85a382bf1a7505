package store_test

import (
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/people"
	"safeconduct/gateway/app"
	"safeconduct/gateway/store"
)

func TestExport(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	open := func(name string) *store.Store {
		s, err := store.OpenSQLite(ctx, filepath.Join(dir, name), store.Options{Now: time.Now, NewID: app.NewID, Random: rand.Reader, Authority: evidencetest.Authority()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		if _, err := s.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		return s
	}
	from := open("from.db")
	person := people.Person{ID: app.NewID(), Version: 1, Name: "A"}
	if _, err := store.For[people.Tx](from).Update(ctx, func(tx people.Tx) error {
		if err := tx.SavePerson(ctx, person); err != nil {
			return err
		}
		return tx.Record(ctx, evidence.Entry{ID: app.NewID(), Kind: evidence.Change, Action: authz.PersonCreate})
	}); err != nil {
		t.Fatal(err)
	}
	if err := from.Export(ctx, filepath.Join(dir, "to.db")); err != nil {
		t.Fatal(err)
	}
	to := open("to.db")
	err := store.For[people.Tx](to).View(ctx, func(tx people.Tx) error {
		got, err := tx.Person(ctx, person.ID)
		if got != person {
			t.Errorf("copied %+v", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := to.Verify(ctx, nil, "test/log", nil)
	if err != nil || v.Waiting != 1 || v.Records != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if err := from.Export(ctx, filepath.Join(dir, "to.db")); err == nil {
		t.Error("a copy over a copy is taken")
	}
}
