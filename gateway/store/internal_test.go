package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/authz/evidence"
	"safeconduct/authz/evidence/evidencetest"
	"safeconduct/transfer/ledger"
)

// numbers is a table whose key may be there several times, read with pages.
func numbers(table []int, size int) func(last *int, skip int) ([]int, bool, error) {
	return func(last *int, skip int) ([]int, bool, error) {
		at := 0
		for last != nil && table[at] < *last {
			at++
		}
		at = min(at+skip, len(table))
		page := table[at:min(at+size, len(table))]
		return page, len(page) == size, nil
	}
}

func TestPages(t *testing.T) {
	same := func(a, b int) bool { return a == b }
	for _, n := range []int{0, 1, 9, 10, 11, 19, 20, 21, 30} {
		for doubled := range n + 1 { // the row there twice, thrice and so on
			for _, times := range []int{1, 2, 25} {
				var table []int
				for i := range n {
					table = append(table, i)
					if i == doubled {
						table = append(table, slices.Repeat([]int{i}, times-1)...)
					}
				}
				var got []int
				for row, err := range pages(same, numbers(table, 10)) {
					if err != nil {
						t.Fatal(err)
					}
					if got = append(got, row); len(got) > len(table) {
						break
					}
				}
				if !slices.Equal(got, table) {
					t.Fatalf("%d rows, %d of them %d times: got %v", n, doubled, times, got)
				}
			}
		}
	}
	mine := errors.New("mine")
	for _, err := range pages(same, func(*int, int) ([]int, bool, error) { return nil, true, mine }) {
		if !errors.Is(err, mine) {
			t.Error(err)
		}
	}
}

func testStore(t *testing.T) *Store {
	t.Helper()
	n := 0
	s, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "x.db"), Options{
		Now: time.Now, Random: rand.Reader, Authority: evidencetest.Authority(), NewID: func() string { n++; return fmt.Sprint("id-", n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// What a page of entries weighs is bounded, and no row is lost by it.
func TestEntriesByWeight(t *testing.T) {
	s := testStore(t)
	heavy := strings.Repeat("x", pageBytes/2)
	const n = 7
	if _, err := s.update(t.Context(), func(x *tx) error {
		for i := range n {
			if err := x.Record(t.Context(), evidence.Entry{ID: fmt.Sprint("entry-", i), Kind: evidence.Change, Result: heavy}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	count := func() (ids []string) {
		t.Helper()
		if err := s.view(t.Context(), func(x *tx) error {
			for e, err := range (source{x}).Entries(t.Context()) {
				if err != nil {
					return err
				}
				ids = append(ids, e.ID)
			}
			page, more, err := x.entryRows(t.Context(), false, 100, "ORDER BY id LIMIT 100")
			if len(page) != 2 || !more {
				t.Errorf("a page of %d, more %v", len(page), more)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if ids := count(); len(ids) != n {
		t.Errorf("waiting: %v", ids)
	}
	placed := 0
	for {
		k, err := Log{s}.Sequence(t.Context(), 0, 100, integrate)
		if err != nil {
			t.Fatal(err)
		}
		if k == 0 {
			break
		}
		placed += k
	}
	if ids := count(); placed != n || len(ids) != n {
		t.Errorf("placed %d: %v", placed, ids)
	}
}

func integrate(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
	return ledger.Integrate(size, entries, hashes)
}

// REPLACE deletes what it replaces, past triggers unless they are recursive.
func TestReplaceIsRefused(t *testing.T) {
	s := testStore(t)
	if _, err := s.update(t.Context(), func(x *tx) error {
		return x.Record(t.Context(), evidence.Entry{ID: "entry", Kind: evidence.Change})
	}); err != nil {
		t.Fatal(err)
	}
	_, err := s.write.ExecContext(t.Context(), "REPLACE INTO log_entries SELECT id, seq, version, 'forged', commitment, salt, body, mac FROM log_entries")
	if err == nil || !strings.Contains(err.Error(), "append-only") {
		t.Errorf("%v", err)
	}
}

// The readers' connections cannot write, whoever asks them to.
func TestReadersCannotWrite(t *testing.T) {
	s := testStore(t)
	if _, err := s.read.ExecContext(t.Context(), "INSERT INTO missions (id, version) VALUES ('m', 1)"); err == nil {
		t.Error("written")
	}
}

func TestForRefusesWhatTheStoreIsNot(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a port that nothing implements was given")
		}
	}()
	For[interface {
		evidence.Recorder
		NobodyDoesThis(ctx context.Context)
	}](testStore(t))
}

func TestExplainKeepsWhatCallersBranchOn(t *testing.T) {
	for _, err := range []error{evidence.ErrNotFound, evidence.ErrConflict, context.Canceled, errors.New("mine")} {
		if got := explain(err); got != err { //nolint:errorlint // the very same
			t.Errorf("%v became %v", err, got)
		}
	}
	if err := explain(context.DeadlineExceeded); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, evidence.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestExplainTellsOfAMissingRight(t *testing.T) {
	err := explain(fmt.Errorf("inserting: %w", &pgconn.PgError{Code: "42501", Message: "permission denied"}))
	if !errors.Is(err, ErrForbidden) || errors.Is(err, evidence.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}
