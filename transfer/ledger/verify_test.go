package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func verify(t fataler, b *ledgertest.Builder, rows *ledgertest.Rows, opts ledger.Options) ledger.Report {
	t.Helper()
	report, err := ledger.Verify(context.Background(), rows.Source(), b.Keys.Public(), ledgertest.Origin, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestVerifySound(t *testing.T) {
	b := build(t, 1, 7, 8, 5)
	b.Keys.Rotate()
	for range 2 {
		if err := b.Add(9); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Insert("waiting", "{}"); err != nil {
		t.Fatal(err)
	}
	var seen []int64
	report := verify(t, b, b.Rows, ledger.Options{OnEntry: func(e ledger.Entry) error {
		seen = append(seen, e.Seq)
		return nil
	}})
	if !report.OK() || report.Size != 39 || report.Signed != 39 || report.Waiting != 1 || report.Checkpoints != 6 {
		t.Errorf("%+v", report)
	}
	if len(seen) != 40 || seen[0] != 0 || seen[38] != 38 || seen[39] != ledger.Unsequenced {
		t.Errorf("OnEntry saw %v", seen)
	}
	if len(report.Caveats) != 1 || report.Caveats[0] != ledger.CaveatTail {
		t.Errorf("caveats %q", report.Caveats)
	}
	if root, err := tlog.TreeHash(39, b.Rows); err != nil || root != report.Root {
		t.Errorf("root %v, want %v (%v)", report.Root, root, err)
	}
}

func TestVerifyEmpty(t *testing.T) {
	b := build(t)
	if report := verify(t, b, b.Rows, ledger.Options{}); !report.OK() || report.Size != 0 {
		t.Errorf("%+v", report)
	}
}

// Any interleaving of insertions, batches and signatures verifies; after any
// one mutation the row is found and named.
func TestVerifyProperty(t *testing.T) {
	mutations := ledgertest.Mutations()
	if len(mutations) != 38 {
		t.Errorf("%d mutations", len(mutations))
	}
	rapid.Check(t, func(t *rapid.T) {
		b, err := ledgertest.NewBuilder(ledgertest.NewKeys("log"))
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range rapid.SliceOfN(rapid.IntRange(1, 7), 4, 8).Draw(t, "batches") {
			if rapid.Bool().Draw(t, "rotate") {
				b.Keys.Rotate()
			}
			err := b.Add(n)
			if i%3 == 1 && rapid.Bool().Draw(t, "crash before signing") {
				b.Rows.Checkpoints = b.Rows.Checkpoints[:len(b.Rows.Checkpoints)-1]
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Add(1); err != nil {
			t.Fatal(err)
		}
		if report := verify(t, b, b.Rows, ledger.Options{}); !report.OK() {
			t.Fatalf("sound log: %v", report.Findings)
		}
		pick := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }
		for range 6 {
			m := rapid.SampledFrom(mutations).Draw(t, "mutation")
			rows := b.Rows.Clone()
			target := m.Apply(rows, pick)
			report := verify(t, b, rows, ledger.Options{})
			if !target.Found(report) {
				t.Fatalf("%s: %+v is not named in %v", m.Name, target, report.Findings)
			}
		}
	})
}

// Every bit of every column of every row counts.
func TestVerifyEveryByte(t *testing.T) {
	b := build(t, 2, 1, 2)
	check := func(what string, target ledgertest.Target, change func(r *ledgertest.Rows)) {
		t.Helper()
		rows := b.Rows.Clone()
		change(rows)
		if report := verify(t, b, rows, ledger.Options{}); !target.Found(report) {
			t.Errorf("%s: %+v is not named in %v", what, target, report.Findings)
		}
	}
	bits := func(what string, target ledgertest.Target, column func(r *ledgertest.Rows) []byte) {
		for i := range column(b.Rows) {
			check(fmt.Sprintf("%s byte %d", what, i), target, func(r *ledgertest.Rows) { column(r)[i] ^= 1 << (i % 8) })
		}
	}
	for i, e := range b.Rows.Entries {
		target := ledgertest.Target{Table: ledger.TableEntries, Row: fmt.Sprintf("seq=%d", e.Seq)}
		bits("commitment", target, func(r *ledgertest.Rows) []byte { return r.Entries[i].Commitment })
		bits("salt", target, func(r *ledgertest.Rows) []byte { return r.Entries[i].Salt })
		bits("body", target, func(r *ledgertest.Rows) []byte { return r.Entries[i].Body })
		for at := range e.ID {
			check("id", target, func(r *ledgertest.Rows) { r.Entries[i].ID = e.ID[:at] + "~" + e.ID[at+1:] })
		}
		for at := range e.Kind {
			check("kind", target, func(r *ledgertest.Rows) { r.Entries[i].Kind = e.Kind[:at] + "0" + e.Kind[at+1:] })
		}
	}
	for i, h := range b.Rows.Hashes {
		target := ledgertest.Target{Table: ledger.TableHashes, Row: fmt.Sprintf("id=%d", h.ID)}
		bits("hash", target, func(r *ledgertest.Rows) []byte { return r.Hashes[i].Hash })
	}
	for i, c := range b.Rows.Checkpoints {
		target := ledgertest.Target{Table: ledger.TableCheckpoints, Row: fmt.Sprintf("size=%d", c.Size)}
		bits("note", target, func(r *ledgertest.Rows) []byte { return r.Checkpoints[i].Note })
	}
}

// One altered row must not accuse many others.
func TestVerifyNamesFew(t *testing.T) {
	b := build(t, 5, 20, 9, 3)
	pick := func(n int) int { return n / 2 }
	for _, m := range ledgertest.Mutations() {
		rows := b.Rows.Clone()
		m.Apply(rows, pick)
		if report := verify(t, b, rows, ledger.Options{}); len(report.Findings) == 0 || len(report.Findings) > 4 {
			t.Errorf("%s: %d findings: %v", m.Name, len(report.Findings), report.Findings)
		}
	}
}

// Somebody who rewrites an entry and every hash above it, consistently.
func TestVerifyConsistentRewrite(t *testing.T) {
	b := build(t, 4, 4)
	rows := b.Rows.Clone()
	forged := entry(t, rows.Entries[2].ID, "forged", "{}")
	forged.Seq = 2
	rows.Entries[2] = forged
	var all [][]byte
	for _, e := range rows.Entries {
		all = append(all, ledger.Leaf(e))
	}
	var err error
	if rows.Hashes, _, err = ledger.Append(0, all, rows); err != nil {
		t.Fatal(err)
	}
	report := verify(t, b, rows, ledger.Options{})
	for _, row := range []string{"size=4", "size=8"} {
		if !(ledgertest.Target{Table: ledger.TableCheckpoints, Row: row}).Found(report) {
			t.Errorf("%s is not named in %v", row, report.Findings)
		}
	}
	if report.Signed != 0 || report.Checkpoints != 0 {
		t.Errorf("%+v", report)
	}
}

func TestVerifyManyMissing(t *testing.T) {
	b := build(t, 4, 12, 5)
	rows := b.Rows.Clone()
	rows.Entries = append(rows.Entries[:6:6], rows.Entries[14:]...)
	var hashes []ledger.StoredHash
	for _, h := range rows.Hashes {
		if h.ID < 10 || h.ID >= 26 {
			hashes = append(hashes, h)
		}
	}
	rows.Hashes = hashes
	report := verify(t, b, rows, ledger.Options{})
	if report.Size != 21 || !strings.Contains(fmt.Sprint(report.Findings), "seq=6..13") {
		t.Errorf("%+v", report)
	}
	if report = verify(t, b, &ledgertest.Rows{Checkpoints: b.Rows.Checkpoints}, ledger.Options{}); report.OK() || report.Size != 21 {
		t.Errorf("only checkpoints left: %+v", report)
	}
	if report = verify(t, b, rows, ledger.Options{MaxFindings: 2}); len(report.Findings) != 2 || report.More == 0 {
		t.Errorf("limit: %+v", report)
	}
}

func TestVerifyErrors(t *testing.T) {
	b := build(t, 4)
	ctx, cancel := context.WithCancel(context.Background())
	mine := errors.New("mine")
	_, err := ledger.Verify(ctx, b.Rows.Source(), b.Keys.Public(), ledgertest.Origin,
		ledger.Options{OnEntry: func(ledger.Entry) error { return mine }})
	if !errors.Is(err, mine) {
		t.Errorf("OnEntry: %v", err)
	}
	cancel()
	if _, err := ledger.Verify(ctx, b.Rows.Source(), b.Keys.Public(), ledgertest.Origin, ledger.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := ledger.Verify(context.Background(), b.Rows.Source(), nil, "a b", ledger.Options{}); !errors.Is(err, ledger.ErrCheckpoint) {
		t.Errorf("origin: %v", err)
	}
}

func BenchmarkVerify100k(b *testing.B) {
	l := build(b)
	for range 100 {
		if err := l.Add(1000); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if report := verify(b, l, l.Rows, ledger.Options{}); !report.OK() || report.Size != 100_000 {
			b.Fatalf("%+v", report)
		}
	}
}
