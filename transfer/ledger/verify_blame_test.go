package ledger_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

func rewrite(t *testing.T, rows *ledgertest.Rows, seq int) {
	t.Helper()
	forged := entry(t, rows.Entries[seq].ID, "forged", "{}")
	forged.Seq = int64(seq)
	rows.Entries[seq] = forged
}

// With no checkpoint behind it nobody can say which of two rows was altered.
func TestVerifyContradictionInTheUnsignedTail(t *testing.T) {
	b := build(t, 4, 4)
	rows := b.Rows.Clone()
	rows.Checkpoints = rows.Checkpoints[:1]
	rewrite(t, rows, 6)
	report := verify(t, b, rows, ledger.Options{})
	wantFinding(t, report, ledger.TableEntries, "seq=6", "at least one of them")
	wantFinding(t, report, ledger.TableHashes, "id=10", "at least one of them")
}

// An entry rewritten and, elsewhere under the same checkpoint, a hash altered:
// the stored inner hashes still find the way to the signed root, so that later
// checkpoints are not accused.
func TestVerifyTwoCulprits(t *testing.T) {
	b := build(t, 8, 4)
	rows := b.Rows.Clone()
	rewrite(t, rows, 1)
	rows.Hashes[7].Hash[3] ^= 4 // the leaf hash of seq=4
	report := verify(t, b, rows, ledger.Options{})
	wantFinding(t, report, ledger.TableEntries, "seq=1", "")
	wantFinding(t, report, ledger.TableHashes, "id=7", "")
	for _, f := range report.Findings {
		if f.Table == ledger.TableCheckpoints {
			t.Errorf("a sound checkpoint is accused: %v", f)
		}
	}
	if report.Signed != 12 || report.Checkpoints != 2 {
		t.Errorf("%+v", report)
	}
}

func TestVerifyLimitsContradictions(t *testing.T) {
	b := build(t, 16)
	rows := b.Rows.Clone()
	for seq := range 9 {
		rewrite(t, rows, seq)
	}
	if report := verify(t, b, rows, ledger.Options{MaxFindings: 4}); len(report.Findings) != 4 || report.More != 5 {
		t.Errorf("%d findings and %d more", len(report.Findings), report.More)
	}
}

func TestVerifyHashInsertedBetween(t *testing.T) {
	b := build(t, 4)
	if err := b.Sequence(); err != nil {
		t.Fatal(err)
	}
	rows := b.Rows.Clone()
	rows.Hashes = append(rows.Hashes, ledger.StoredHash{ID: 7, Hash: make([]byte, 32)}) // where the next leaf belongs
	wantFinding(t, verify(t, b, rows, ledger.Options{}), ledger.TableHashes, "id=7", "beyond the head")
}

func TestVerifyResignedCheckpoint(t *testing.T) {
	b := build(t, 2, 2, 2)
	other, err := ledgertest.NewBuilder(b.Keys)
	if err != nil {
		t.Fatal(err)
	}
	other.Rows = &ledgertest.Rows{Entries: b.Rows.Clone().Entries[:4], Hashes: b.Rows.Clone().Hashes[:7]}
	if err := other.Sign(); err != nil { // size 4, with the right root and no predecessor
		t.Fatal(err)
	}
	rows := b.Rows.Clone()
	rows.Checkpoints[1] = other.Rows.Checkpoints[0]
	report := verify(t, b, rows, ledger.Options{})
	wantFinding(t, report, ledger.TableCheckpoints, "size=4", "forked")
	wantFinding(t, report, ledger.TableCheckpoints, "size=6", "names another note")
}

var errTable = errors.New("table is not readable")

// broken fails at the nth row of one table.
type broken struct {
	ledger.Source
	table string
	after int
}

func (s broken) Entries(ctx context.Context) iter.Seq2[ledger.Entry, error] {
	return breakAfter(s.Source.Entries(ctx), s.table == ledger.TableEntries, s.after)
}

func (s broken) Hashes(ctx context.Context) iter.Seq2[ledger.StoredHash, error] {
	return breakAfter(s.Source.Hashes(ctx), s.table == ledger.TableHashes, s.after)
}

func (s broken) Checkpoints(ctx context.Context) iter.Seq2[ledger.StoredCheckpoint, error] {
	return breakAfter(s.Source.Checkpoints(ctx), s.table == ledger.TableCheckpoints, s.after)
}

func breakAfter[T any](rows iter.Seq2[T, error], on bool, after int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for row, err := range rows {
			if on && n == after {
				yield(row, errTable)
				return
			}
			n++
			if !yield(row, err) {
				return
			}
		}
	}
}

// A table that cannot be read to its end is an error, never a sound log.
func TestVerifyBrokenSource(t *testing.T) {
	b := build(t, 3, 3)
	if _, err := b.Insert("waiting", "{}"); err != nil {
		t.Fatal(err)
	}
	rows := b.Rows.Clone()
	for table, n := range map[string]int{
		ledger.TableEntries: len(rows.Entries), ledger.TableHashes: len(rows.Hashes), ledger.TableCheckpoints: len(rows.Checkpoints),
	} {
		for after := range n {
			src := broken{rows.Source(), table, after}
			if _, err := ledger.Verify(t.Context(), src, b.Keys.Public(), ledgertest.Origin, ledger.Options{}); !errors.Is(err, errTable) {
				t.Errorf("%s after %d rows: %v", table, after, err)
			}
		}
	}
}
