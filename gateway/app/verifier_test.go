package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"safeconduct/authz/people"
	"safeconduct/authz/people/peopletest"
	"safeconduct/gateway/store"
	"safeconduct/transfer/blob/dirblob"
	"safeconduct/transfer/seal/localkeys"
)

// The job that verifies finds what no single reading can see: a row that is gone
// altogether, and a whole database that is an older one.
func TestVerifier(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	path := filepath.Join(dir, "safeconduct.db")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.OpenSQLite(ctx, path, store.Options{Now: time.Now, NewID: NewID, Random: rand.Reader})
	must(err)
	t.Cleanup(func() { must(s.Close()) })
	_, err = s.Migrate(ctx)
	must(err)
	ring, err := localkeys.Open(filepath.Join(dir, "keys.json"))
	must(err)
	objects, err := dirblob.Open(filepath.Join(dir, "objects"))
	must(err)
	t.Cleanup(func() { must(objects.Close()) })
	services, err := Compose(ctx, Parts{Store: s, Keys: ring, Keeper: ring, Signer: ring.LogSigner(), Blobs: objects},
		Settings{Origin: "safeconduct.test/log", Wait: time.Second, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	must(err)
	enrolled, err := services.Bootstrap(ctx, s,
		Founder{Person: people.Person{Name: "One"}, Completed: peopletest.Completed(time.Now())},
		Founder{Person: people.Person{Name: "Two"}, Completed: peopletest.Completed(time.Now())})
	must(err)
	_, err = services.Sequencer.Step(ctx)
	must(err)

	now, said, sound := time.Now(), &bytes.Buffer{}, []bool{}
	v := &verifier{
		store: s, signer: ring.LogSigner(), origin: "safeconduct.test/log", log: slog.New(slog.NewTextHandler(said, nil)),
		now: func() time.Time { return now }, told: func(_ context.Context, ok bool) { sound = append(sound, ok) },
	}
	runs := func(want ...bool) {
		t.Helper()
		sound = sound[:0]
		_, err := v.run(ctx)
		must(err)
		if len(sound) != len(want) || len(want) == 1 && sound[0] != want[0] {
			t.Errorf("it says %v, want %v", sound, want)
		}
	}
	hand, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	must(err)
	t.Cleanup(func() { must(hand.Close()) })
	exec := func(statements ...string) {
		t.Helper()
		for _, q := range statements {
			_, err := hand.ExecContext(ctx, q)
			must(err)
		}
	}
	t.Run("R52 once an hour", func(t *testing.T) {
		runs(true)
		runs()
		now = now.Add(verifyEvery)
		runs(true)
	})
	t.Run("R52 a database that is an older one", func(t *testing.T) {
		exec("DROP TRIGGER log_checkpoints_delete", "DROP TRIGGER log_entries_delete", "DROP TRIGGER log_hashes_delete",
			"DROP TRIGGER record_versions_delete", "DROP TRIGGER log_entries_update")
		exec("CREATE TABLE kept_checkpoints AS SELECT * FROM log_checkpoints", "DELETE FROM log_checkpoints")
		now = now.Add(verifyEvery)
		runs(false)
		exec("INSERT INTO log_checkpoints SELECT * FROM kept_checkpoints", "DROP TABLE kept_checkpoints")
		now = now.Add(verifyEvery)
		runs(true)
	})
	t.Run("R52 a record that is gone altogether", func(t *testing.T) {
		exec("DELETE FROM tokens WHERE id = '"+enrolled[0].Token.ID+"'", "DELETE FROM record_versions WHERE id = '"+enrolled[0].Token.ID+"'")
		now = now.Add(verifyEvery)
		runs(false)
		if !strings.Contains(said.String(), enrolled[0].Token.ID) {
			t.Errorf("it does not say which: %s", said)
		}
	})
}
