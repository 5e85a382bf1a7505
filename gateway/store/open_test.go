package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/authz/people"
	"safeconduct/gateway/store"
	"safeconduct/gateway/store/storetest"
	"safeconduct/transfer/ledger/ledgertest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// add saves one mission.
func add(t *testing.T, s *store.Store, id string) {
	t.Helper()
	_, err := store.For[people.Tx](s).Update(t.Context(), func(tx people.Tx) error {
		return errors.Join(
			tx.SaveMission(t.Context(), people.Mission{ID: id, Version: 1}),
			tx.Record(t.Context(), evidence.Entry{ID: "entry-" + id, Time: storetest.Epoch(), Kind: evidence.Change}))
	})
	must(t, err)
}

func missionsOf(t *testing.T, s *store.Store) (ids []string) {
	t.Helper()
	must(t, store.For[people.Tx](s).View(t.Context(), func(tx people.Tx) error {
		all, err := tx.Missions(t.Context())
		for _, m := range all {
			ids = append(ids, m.ID)
		}
		return err
	}))
	return ids
}

// listing is what lies in a folder: names, modes and sizes.
func listing(t *testing.T, dir string) map[string][2]int64 {
	t.Helper()
	all := map[string][2]int64{}
	list, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range list {
		info, err := f.Info()
		must(t, err)
		all[f.Name()] = [2]int64{int64(info.Mode()), info.Size()}
	}
	return all
}

func TestSQLiteFilesAreThePrivateOnesOfTheirOwner(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "safeconduct.db"), nil, 0o644)) // as a careless copy is
	s := made(t, filepath.Join(dir, "safeconduct.db"))
	add(t, s, "m")
	missionsOf(t, s)
	files := listing(t, dir)
	for _, name := range []string{"safeconduct.db", "safeconduct.db-wal", "safeconduct.db-shm"} {
		if mode := fs.FileMode(files[name][0]); mode != 0o600 { // a mode that came as one
			t.Errorf("%s has mode %v", name, mode)
		}
	}
	if len(files) != 3 {
		t.Errorf("files %v", files)
	}
}

func TestSQLiteCloseLeavesOneFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "safeconduct.db")
	s, err := store.OpenSQLite(t.Context(), path, storetest.Options())
	must(t, err)
	_, err = s.Migrate(t.Context())
	must(t, err)
	add(t, s, "m")
	missionsOf(t, s)
	must(t, s.Close())
	if files := listing(t, dir); len(files) != 1 {
		t.Errorf("files %v", files)
	}
	if got := missionsOf(t, made(t, path)); len(got) != 1 {
		t.Errorf("missions %v", got)
	}
}

func TestSQLitePathsWithSigns(t *testing.T) {
	for _, name := range []string{"a b", "q?x=1&y", "h#ash", "100%41", "ü", "_txlock=immediate", "semi;colon+plus"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			must(t, os.Mkdir(dir, 0o700))
			path := filepath.Join(dir, "safe conduct.db")
			s := made(t, path)
			add(t, s, "m")
			if files := listing(t, dir); files["safe conduct.db"][1] == 0 {
				t.Errorf("files %v", files)
			}
			r, err := store.OpenSQLiteReadOnly(t.Context(), path)
			must(t, err)
			r.SetAuthority(evidencetest.Authority())
			if got := missionsOf(t, r); len(got) != 1 {
				t.Errorf("missions %v", got)
			}
			must(t, r.Close())
		})
	}
	t.Run("relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		add(t, made(t, "safeconduct.db"), "m")
		if _, err := os.Stat("safeconduct.db"); err != nil {
			t.Error(err)
		}
	})
}

func TestSQLiteOpenErrors(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.db")
	must(t, os.WriteFile(broken, []byte(strings.Repeat("no database ", 1000)), 0o600))
	for name, path := range map[string]string{
		"no such folder":                  filepath.Join(dir, "none", "x.db"),
		"a folder":                        dir,
		"a broken file":                   broken,
		"no name":                         "",
		"a folder that cannot be written": "/proc/safeconduct.db",
	} {
		if s, err := store.OpenSQLite(t.Context(), path, storetest.Options()); err == nil {
			t.Errorf("%s: opened, %v", name, s.Close())
		}
		if s, err := store.OpenSQLiteReadOnly(t.Context(), path); err == nil {
			if err := store.For[people.Tx](s).View(t.Context(), func(tx people.Tx) error { _, err := tx.Missions(t.Context()); return err }); err == nil {
				t.Errorf("%s: opened to read", name)
			}
			must(t, s.Close())
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := store.OpenSQLite(ended, filepath.Join(dir, "x.db"), storetest.Options()); !errors.Is(err, context.Canceled) {
		t.Errorf("under an ended context: %v, %v", s, err)
	}
	if kept, err := os.ReadFile(broken); err != nil || !strings.HasPrefix(string(kept), "no database") {
		t.Errorf("the broken file was changed: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder was made: %v", err)
	}
}

// copied is a copy of the files that lie in a folder now.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	must(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

func TestSQLiteReadOnly(t *testing.T) {
	dir := t.TempDir()
	s, err := store.OpenSQLite(t.Context(), filepath.Join(dir, "safeconduct.db"), storetest.Options())
	must(t, err)
	_, err = s.Migrate(t.Context())
	must(t, err)
	add(t, s, "m")
	live := copied(t, dir) // of a running system: with its write-ahead log
	noIndex := copied(t, live)
	must(t, os.Remove(filepath.Join(noIndex, "safeconduct.db-shm")))
	must(t, s.Close())
	closed := copied(t, dir)
	emptyLog := copied(t, dir)
	must(t, os.WriteFile(filepath.Join(emptyLog, "safeconduct.db-wal"), nil, 0o600))
	for name, folder := range map[string]string{"a live copy": live, "a live copy without index": noIndex, "a closed copy": closed, "an empty log": emptyLog} {
		t.Run(name, func(t *testing.T) {
			before := listing(t, folder)
			must(t, os.Chmod(folder, 0o500))                                  // a folder needs its x
			must(t, os.Chmod(filepath.Join(folder, "safeconduct.db"), 0o400)) // root is not stopped by it, others are
			t.Cleanup(func() { must(t, os.Chmod(folder, 0o700)) })            // a folder needs its x
			r, err := store.OpenSQLiteReadOnly(t.Context(), filepath.Join(folder, "safeconduct.db"))
			must(t, err)
			r.SetAuthority(evidencetest.Authority())
			if got := missionsOf(t, r); len(got) != 1 {
				t.Errorf("missions %v", got)
			}
			v, err := r.Verify(t.Context(), ledgertest.NewKeys("log").Public(), ledgertest.Origin, nil)
			if err != nil || !v.OK() || v.Records != 1 || v.Waiting != 1 {
				t.Errorf("%+v, %v", v, err)
			}
			if _, err := store.For[people.Tx](r).Update(t.Context(), func(tx people.Tx) error {
				return tx.SaveMission(t.Context(), people.Mission{ID: "n", Version: 1})
			}); err == nil {
				t.Error("it was written")
			}
			must(t, r.Close())
			for file, had := range before {
				if now := listing(t, folder)[file]; now[1] != had[1] {
					t.Errorf("%s had %d bytes and has %d", file, had[1], now[1])
				}
			}
			if extra := len(listing(t, folder)) - len(before); extra != 0 {
				t.Errorf("%d files more: %v", extra, listing(t, folder))
			}
		})
	}
}

// A verification beside a gateway that writes sees one state of it.
func TestSQLiteReadOnlyBesideAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "safeconduct.db")
	s := made(t, path)
	add(t, s, "m-1")
	r, err := store.OpenSQLiteReadOnly(t.Context(), path)
	must(t, err)
	r.SetAuthority(evidencetest.Authority())
	add(t, s, "m-2")
	if got := missionsOf(t, r); len(got) != 2 {
		t.Errorf("missions %v", got)
	}
	must(t, r.Close())
	add(t, s, "m-3")
	if got := missionsOf(t, s); len(got) != 3 {
		t.Errorf("missions %v", got)
	}
}
