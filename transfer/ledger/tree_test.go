package ledger_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"safeconduct/transfer/ledger"
	"safeconduct/transfer/ledger/ledgertest"
)

func leaves(from, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = binary.BigEndian.AppendUint64(nil, uint64(from+i))
	}
	return out
}

// Append in batches must give what tlog gives one leaf at a time.
func TestAppendIsTlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batches := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 8).Draw(t, "batches")
		var got, want ledgertest.Rows
		size := int64(0)
		for _, n := range batches {
			batch := leaves(int(size), n)
			added, root, err := ledger.Append(size, batch, &got)
			if err != nil {
				t.Fatal(err)
			}
			got.Hashes = append(got.Hashes, added...)
			for _, leaf := range batch {
				hashes, err := tlog.StoredHashes(size, leaf, &want)
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range hashes {
					want.Hashes = append(want.Hashes, ledger.StoredHash{ID: int64(len(want.Hashes)), Hash: bytes.Clone(h[:])})
				}
				size++
			}
			wantRoot, err := tlog.TreeHash(size, &want)
			if err != nil || root != wantRoot {
				t.Fatalf("root at %d: %v, want %v (%v)", size, root, wantRoot, err)
			}
		}
		if fmt.Sprint(got.Hashes) != fmt.Sprint(want.Hashes) {
			t.Fatal("stored hashes differ")
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	var rows ledgertest.Rows
	if _, _, err := ledger.Append(-1, nil, &rows); !errors.Is(err, ledger.ErrTree) {
		t.Error(err)
	}
	if _, _, err := ledger.Append(ledger.MaxSize, leaves(0, 1), &rows); !errors.Is(err, ledger.ErrTree) {
		t.Error(err)
	}
	if _, _, err := ledger.Append(3, leaves(0, 1), &rows); err == nil {
		t.Error("appended to a tree whose hashes are not there")
	}
	short := tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return nil, nil })
	if _, _, err := ledger.Append(3, leaves(0, 1), short); !errors.Is(err, ledger.ErrTree) {
		t.Error(err)
	}
}

func TestIntegrateRefuses(t *testing.T) {
	altered, placed := entry(t, "a", "k", "{}"), entry(t, "b", "k", "{}")
	altered.Body, placed.Seq = []byte("[]"), 4
	for _, e := range []ledger.Entry{altered, placed} {
		if _, err := ledger.Integrate(0, []ledger.Entry{e}, &ledgertest.Rows{}); !errors.Is(err, ledger.ErrEntry) {
			t.Errorf("%v: %v", e, err)
		}
	}
}

func TestProofs(t *testing.T) {
	b := build(t, 1, 2, 5, 9)
	r := b.Rows
	var cps []ledger.Checkpoint
	for _, row := range r.Checkpoints {
		cps = append(cps, open(t, b, row.Note))
	}
	for _, c := range cps {
		for _, e := range r.Entries[:c.Size] {
			proof, err := ledger.Inclusion(c.Size, e.Seq, r)
			if err != nil || ledger.CheckInclusion(proof, c, e) != nil {
				t.Fatalf("entry %d in %d: %v", e.Seq, c.Size, err)
			}
			e.Kind = "other"
			if ledger.CheckInclusion(proof, c, e) == nil {
				t.Fatalf("another entry %d proved in %d", e.Seq, c.Size)
			}
		}
		for _, older := range cps {
			proof, err := ledger.Consistency(older.Size, c.Size, r)
			if older.Size > c.Size {
				if !errors.Is(err, ledger.ErrTree) {
					t.Fatalf("backwards: %v", err)
				}
				continue
			}
			if err != nil || ledger.CheckConsistency(proof, older, c) != nil {
				t.Fatalf("%d in %d: %v", older.Size, c.Size, err)
			}
			older.Root[0] ^= 1
			if ledger.CheckConsistency(proof, older, c) == nil {
				t.Fatalf("another root %d proved in %d", older.Size, c.Size)
			}
		}
	}
	if _, err := ledger.Inclusion(3, 3, r); !errors.Is(err, ledger.ErrTree) {
		t.Error(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	var rows ledgertest.Rows
	added, _, err := ledger.Append(0, leaves(0, 100_000), &rows)
	if err != nil {
		b.Fatal(err)
	}
	rows.Hashes = added
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			batch := leaves(100_000, n)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := ledger.Append(100_000, batch, &rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
