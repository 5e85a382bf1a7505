package ledger_test

import (
	"strings"
	"testing"

	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

func wantFinding(t *testing.T, report ledger.Report, table, row, words string) {
	t.Helper()
	for _, f := range report.Findings {
		if f.Table == table && f.Row == row && strings.Contains(f.What, words) {
			return
		}
	}
	t.Errorf("no finding %s %s %q in %v", table, row, words, report.Findings)
}

func TestVerifyErasure(t *testing.T) {
	b := build(t, 6)
	if err := b.Erase(2); err != nil {
		t.Fatal(err)
	}
	if report := verify(t, b, b.Rows, ledger.Options{}); !report.OK() || report.Erased != 1 || report.Waiting != 1 {
		t.Errorf("evidence that waits counts: %+v", report)
	}
	if err := b.Add(3); err != nil {
		t.Fatal(err)
	}
	var bodies, none int
	report := verify(t, b, b.Rows, ledger.Options{OnEntry: func(e ledger.Entry) error {
		if bodies++; e.Erased() {
			none++
		}
		return nil
	}})
	if !report.OK() || report.Erased != 1 || bodies != 10 || none != 1 {
		t.Errorf("%+v, OnEntry saw %d, %d erased", report, bodies, none)
	}

	rows := b.Rows.Clone()
	rows.Entries[2].ID = "entry-somebody"
	wantFinding(t, verify(t, b, rows, ledger.Options{}), ledger.TableEntries, "seq=2", "evidence of its erasure names")

	rows = b.Rows.Clone()
	rows.Entries[2].Commitment[0] ^= 1
	wantFinding(t, verify(t, b, rows, ledger.Options{}), ledger.TableEntries, "seq=2", "not the entry that was logged")

	rows = b.Rows.Clone()
	rows.Entries[6].Salt, rows.Entries[6].Body = nil, nil
	report = verify(t, b, rows, ledger.Options{})
	wantFinding(t, report, ledger.TableEntries, "seq=2", "erased without evidence")
	wantFinding(t, report, ledger.TableEntries, "seq=6", "erased without evidence")

	rows = b.Rows.Clone()
	rows.Entries[2].Salt, rows.Entries[2].Body = build(t, 6).Rows.Entries[2].Salt, []byte(`{"n":2}`)
	wantFinding(t, verify(t, b, rows, ledger.Options{}), ledger.TableEntries, "seq=6", "says that seq=2 was erased")
}

func TestVerifySigners(t *testing.T) {
	b := build(t, 2, 2)
	b.Keys.Rotate()
	if err := b.Add(2); err != nil {
		t.Fatal(err)
	}
	known := b.Keys.Public()
	if report := verify(t, b, b.Rows, ledger.Options{}); !report.OK() {
		t.Fatalf("rotation: %v", report.Findings)
	}
	report, err := ledger.Verify(t.Context(), b.Rows.Source(), known[1:], ledgertest.Origin, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantFinding(t, report, ledger.TableCheckpoints, "size=2", "key that is not known")

	b.Keys.Use(1)
	if err := b.Add(2); err != nil {
		t.Fatal(err)
	}
	b.Keys.Use(2)
	report = verify(t, b, b.Rows, ledger.Options{})
	wantFinding(t, report, ledger.TableCheckpoints, "size=8", "rotated out")

	foreign, err := ledgertest.NewBuilder(ledgertest.NewKeys("foreign"))
	if err != nil {
		t.Fatal(err)
	}
	foreign.Rows = b.Rows.Clone()
	if err := foreign.Add(2); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, verify(t, b, foreign.Rows, ledger.Options{}), ledger.TableCheckpoints, "size=10", "key that is not known")
}

func TestVerifyChain(t *testing.T) {
	b := build(t, 2, 2, 2, 2)
	rows := b.Rows.Clone()
	rows.Checkpoints = append(rows.Checkpoints[:1:1], rows.Checkpoints[2:]...)
	wantFinding(t, verify(t, b, rows, ledger.Options{}), ledger.TableCheckpoints, "size=4", "is missing")

	rows = b.Rows.Clone()
	rows.Checkpoints = rows.Checkpoints[:3]
	report := verify(t, b, rows, ledger.Options{})
	wantFinding(t, report, ledger.TableCheckpoints, "size=8", "under no signed checkpoint")
	if len(report.Caveats) != 2 || report.Signed != 6 || report.Size != 8 {
		t.Errorf("%+v", report)
	}

	fork := build(t, 2, 6) // the same keys sign another history of checkpoints
	rows = b.Rows.Clone()
	rows.Checkpoints[3] = fork.Rows.Checkpoints[1]
	rows.Checkpoints[3].Prev = 6
	wantFinding(t, verify(t, b, rows, ledger.Options{}), ledger.TableCheckpoints, "size=8", "forked")
}

func TestVerifyKept(t *testing.T) {
	b := build(t, 3, 4, 6)
	notes := b.Rows.Checkpoints
	for _, kept := range notes {
		report := verify(t, b, b.Rows, ledger.Options{Kept: kept.Note})
		if !report.OK() || len(report.Caveats) != 0 {
			t.Errorf("kept at %d: %+v", kept.Size, report)
		}
	}
	cut := build(t, 3, 4)
	report := verify(t, cut, cut.Rows, ledger.Options{Kept: notes[2].Note})
	wantFinding(t, report, ledger.TableKept, "size=13", "rolled back or its tail was cut")

	other := build(t, 2)
	if _, err := other.Insert("another.history", "{}"); err != nil {
		t.Fatal(err)
	}
	if err := other.Add(4); err != nil {
		t.Fatal(err)
	}
	report = verify(t, other, other.Rows, ledger.Options{Kept: notes[1].Note})
	wantFinding(t, report, ledger.TableKept, "size=7", "another root")
	wantFinding(t, report, ledger.TableCheckpoints, "size=7", "kept elsewhere")
	report = verify(t, other, other.Rows, ledger.Options{Kept: notes[0].Note})
	wantFinding(t, report, ledger.TableKept, "size=3", "another root")

	same := build(t, 7, 6)
	report = verify(t, same, same.Rows, ledger.Options{Kept: notes[0].Note})
	wantFinding(t, report, ledger.TableKept, "size=3", "no checkpoint of this size")

	report = verify(t, b, b.Rows, ledger.Options{Kept: []byte("nonsense")})
	wantFinding(t, report, ledger.TableKept, "note", "cannot be used")
	if len(report.Caveats) != 1 || report.Caveats[0] != ledger.CaveatTail {
		t.Errorf("caveats %q", report.Caveats)
	}
}

func TestVerifyWaiting(t *testing.T) {
	b := build(t, 6)
	rows := b.Rows.Clone()
	rows.Entries[4].Seq = ledger.Unsequenced
	report := verify(t, b, rows, ledger.Options{})
	wantFinding(t, report, ledger.TableEntries, "seq=4", "is missing")
	wantFinding(t, report, ledger.TableEntries, "id="+rows.Entries[4].ID, "belongs at seq=4")

	if _, err := b.Insert("waiting", "{}"); err != nil {
		t.Fatal(err)
	}
	rows = b.Rows.Clone()
	rows.Entries[6].Body = []byte("[]")
	wantFinding(t, verify(t, b, rows, ledger.Options{}), ledger.TableEntries, "id="+rows.Entries[6].ID, "altered while waiting")
	rows.Entries[6].Body, rows.Entries[6].Salt = nil, nil
	wantFinding(t, verify(t, b, rows, ledger.Options{}), ledger.TableEntries, "id="+rows.Entries[6].ID, "no body")
}
