package sequencertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"safeconduct/gateway/sequencer"
	"safeconduct/transfer/ledger"
)

// Inserter adds entries as business transactions do.
type Inserter interface {
	Insert(ctx context.Context, entries ...ledger.Entry) error
}

// Run checks the contract of sequencer.Store. open gives an empty store for
// each subtest, and the means to insert entries into it.
func Run(t *testing.T, open func(t *testing.T) (sequencer.Store, Inserter)) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s sequencer.Store, in Inserter)
	}{
		{"R52 empty", testEmpty},
		{"R52 places in order of id", testOrder},
		{"R52 a late commit with an early id gets its place", testLate},
		{"R52 an error writes nothing", testError},
		{"R52 entries may be left out", testLeftOut},
		{"R52 racing sequencers leave no gap and no double", testRace},
		{"R52 a stale batch conflicts", testStale},
		{"R52 an entry gets one place", testTwice},
		{"R52 more entries than one statement takes", testMany},
		{"R52 the checkpoint chain is linear", testCheckpoints},
		{"R52 an ended context ends the call", testContext},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, in := open(t)
			c.run(t, s, in)
		})
	}
}

// Entries makes n entries with ids from first on, in order.
func Entries(t testing.TB, first, n int) []ledger.Entry {
	t.Helper()
	random := rand.NewChaCha8([32]byte{byte(first), byte(first >> 8), byte(first >> 16)})
	out := make([]ledger.Entry, n)
	for i := range out {
		e, err := ledger.NewEntry(fmt.Sprintf("entry-%08d", first+i), "test.happened", fmt.Appendf(nil, `{"n":%d}`, first+i), random)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = e
	}
	return out
}

func insert(t *testing.T, in Inserter, entries ...ledger.Entry) {
	t.Helper()
	if err := in.Insert(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
}

func sequence(t *testing.T, s sequencer.Store, limit int) int {
	t.Helper()
	n, err := s.Sequence(t.Context(), 0, limit, integrate)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func integrate(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
	return ledger.Integrate(size, entries, hashes)
}

func wantPlace(t *testing.T, s sequencer.Store, e ledger.Entry, want int64) {
	t.Helper()
	got, err := s.Placed(t.Context(), e.ID)
	if err != nil || (len(got) == 1) != (want >= 0) || len(got) == 1 && (got[0].Seq != want || !bytes.Equal(ledger.Leaf(got[0]), ledger.Leaf(e)) || got[0].Body != nil) {
		t.Errorf("entry %s: %v, %v; want %d", e.ID, got, err, want)
	}
}

func wantHead(t *testing.T, s sequencer.Store, size int64, note []byte) {
	t.Helper()
	head, err := s.Head(t.Context())
	if err != nil || head.Size != size || !bytes.Equal(head.Checkpoint, note) || (note == nil) != (head.Checkpoint == nil) {
		t.Errorf("head %d %q, %v; want %d %q", head.Size, head.Checkpoint, err, size, note)
	}
}

func testEmpty(t *testing.T, s sequencer.Store, _ Inserter) {
	wantHead(t, s, 0, nil)
	if n := sequence(t, s, 10); n != 0 {
		t.Errorf("placed %d", n)
	}
	if _, err := s.Sequence(t.Context(), 0, 10, func(int64, tlog.HashReader, []ledger.Entry) (ledger.Batch, error) {
		return ledger.Batch{}, errors.New("asked about nothing")
	}); err != nil {
		t.Error(err)
	}
	wantPlace(t, s, ledger.Entry{ID: "nobody"}, -1)
	if got, err := s.Placed(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("no entry has its place: %v, %v", got, err)
	}
	if _, err := s.Hashes(t.Context()).ReadHashes([]int64{0}); err == nil {
		t.Error("read a hash that is not there")
	}
}

func testOrder(t *testing.T, s sequencer.Store, in Inserter) {
	e := Entries(t, 1, 7)
	insert(t, in, e[3], e[1], e[0])
	insert(t, in, e[6], e[2], e[5], e[4])
	var seen []ledger.Entry
	n, err := s.Sequence(t.Context(), 0, 4, func(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
		seen = entries
		return ledger.Integrate(size, entries, hashes)
	})
	if err != nil || n != 4 || len(seen) != 4 {
		t.Fatalf("placed %d of %d: %v", n, len(seen), err)
	}
	for i, got := range seen {
		if got.ID != e[i].ID || got.Seq != ledger.Unsequenced || ledger.CheckEntry(got) != nil || got.Erased() {
			t.Errorf("entry %d came as %v", i, got)
		}
	}
	wantHead(t, s, 4, nil)
	if n := sequence(t, s, 4); n != 3 {
		t.Errorf("placed %d, want the 3 that were left", n)
	}
	var leaves [][]byte
	for i := range e {
		wantPlace(t, s, e[i], int64(i))
		if got, err := s.Placed(t.Context(), e[i].ID, e[i/2].ID+"?"); len(got) != 1 || err != nil {
			t.Errorf("an entry that is not there: %v %v", got, err)
		}
		if got, err := s.Placed(t.Context(), e[i].ID, e[(i+1)%len(e)].ID); len(got) != 2 || err != nil {
			t.Errorf("two entries: %v %v", got, err)
		}
		leaves = append(leaves, ledger.Leaf(e[i]))
	}
	want, _, err := ledger.Append(0, leaves, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(want) - 1; i >= 0; i -= 2 { // any order
		got, err := s.Hashes(t.Context()).ReadHashes([]int64{want[i].ID, want[0].ID})
		if err != nil || !bytes.Equal(got[0][:], want[i].Hash) || !bytes.Equal(got[1][:], want[0].Hash) {
			t.Errorf("hash %d: %v, %v", want[i].ID, got, err)
		}
	}
}

func testLate(t *testing.T, s sequencer.Store, in Inserter) {
	e := Entries(t, 1, 3)
	insert(t, in, e[1], e[2])
	sequence(t, s, 10)
	insert(t, in, e[0])
	sequence(t, s, 10)
	wantPlace(t, s, e[0], 2)
}

func testError(t *testing.T, s sequencer.Store, in Inserter) {
	e := Entries(t, 1, 1)
	insert(t, in, e...)
	mine := errors.New("mine")
	_, err := s.Sequence(t.Context(), 0, 10, func(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
		batch, _ := ledger.Integrate(size, entries, hashes)
		return batch, mine
	})
	if !errors.Is(err, mine) {
		t.Errorf("%v", err)
	}
	wantHead(t, s, 0, nil)
	wantPlace(t, s, e[0], -1)
	if n := sequence(t, s, 10); n != 1 {
		t.Errorf("placed %d", n)
	}
}

func testLeftOut(t *testing.T, s sequencer.Store, in Inserter) {
	e := Entries(t, 1, 3)
	insert(t, in, e...)
	n, err := s.Sequence(t.Context(), 0, 10, func(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
		return ledger.Integrate(size, []ledger.Entry{entries[0], entries[2]}, hashes)
	})
	if err != nil || n != 2 {
		t.Fatalf("placed %d: %v", n, err)
	}
	wantPlace(t, s, e[0], 0)
	wantPlace(t, s, e[1], -1)
	wantPlace(t, s, e[2], 1)
}

func testRace(t *testing.T, s sequencer.Store, in Inserter) {
	const workers, total = 4, 120
	e := Entries(t, 1, total)
	insert(t, in, e...)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				head, err := s.Head(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if head.Size >= total {
					return
				}
				if _, err := s.Sequence(t.Context(), 0, 9, integrate); err != nil && !errors.Is(err, sequencer.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	wantHead(t, s, total, nil)
	leaves := make([][]byte, total)
	for _, one := range e {
		got, err := s.Placed(t.Context(), one.ID)
		if err != nil || len(got) != 1 || leaves[got[0].Seq] != nil {
			t.Fatalf("entry %s: %v %v", one.ID, got, err)
		}
		leaves[got[0].Seq] = ledger.Leaf(one)
	}
	_, want, err := ledger.Append(0, leaves, nil)
	if err != nil {
		t.Fatal(err)
	}
	if root, err := tlog.TreeHash(total, s.Hashes(t.Context())); err != nil || root != want {
		t.Errorf("root %v, want %v (%v)", root, want, err)
	}
}

// A sequencer that believes in an older head, as after a lost lock.
func testStale(t *testing.T, s sequencer.Store, in Inserter) {
	e := Entries(t, 1, 4)
	insert(t, in, e[:2]...)
	sequence(t, s, 10)
	insert(t, in, e[2:]...)
	_, err := s.Sequence(t.Context(), 0, 10, func(_ int64, _ tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
		return ledger.Integrate(0, entries, nil)
	})
	if !errors.Is(err, sequencer.ErrConflict) {
		t.Errorf("stale batch: %v", err)
	}
	wantHead(t, s, 2, nil)
	wantPlace(t, s, e[0], 0)
	wantPlace(t, s, e[2], -1)
}

// A sequencer that read what waits before another placed it.
func testTwice(t *testing.T, s sequencer.Store, in Inserter) {
	e := Entries(t, 1, 3)
	insert(t, in, e[:2]...)
	_, err := s.Sequence(t.Context(), 0, 10, func(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
		return ledger.Integrate(size, append(entries, entries[0]), hashes)
	})
	if !errors.Is(err, sequencer.ErrConflict) {
		t.Errorf("an entry twice: %v", err)
	}
	_, err = s.Sequence(t.Context(), 0, 10, func(size int64, hashes tlog.HashReader, entries []ledger.Entry) (ledger.Batch, error) {
		return ledger.Integrate(size, append(entries, e[2]), hashes)
	})
	if !errors.Is(err, sequencer.ErrConflict) {
		t.Errorf("an entry that is not there: %v", err)
	}
	wantHead(t, s, 0, nil)
	if n := sequence(t, s, 10); n != 2 {
		t.Errorf("placed %d", n)
	}
}

func testMany(t *testing.T, s sequencer.Store, in Inserter) {
	const total = 1000
	e := Entries(t, 1, total)
	insert(t, in, e...)
	if n := sequence(t, s, total); n != total {
		t.Errorf("placed %d", n)
	}
	for _, i := range []int{0, 399, 400, total - 1} {
		wantPlace(t, s, e[i], int64(i))
	}
	head, err := s.Head(t.Context())
	if err != nil || len(head.Unsigned) != total {
		t.Errorf("%d are not signed, %v", len(head.Unsigned), err)
	}
}

func testCheckpoints(t *testing.T, s sequencer.Store, in Inserter) {
	insert(t, in, Entries(t, 1, 9)...)
	sequence(t, s, 10)
	add := func(size, prev int64, note string, want error) {
		t.Helper()
		err := s.AddCheckpoint(t.Context(), ledger.StoredCheckpoint{Size: size, Prev: prev, Note: []byte(note)})
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("size %d after %d: %v, want %v", size, prev, err, want)
		}
	}
	add(3, 0, "three\n", nil)
	add(3, 2, "same size", sequencer.ErrConflict)
	add(5, 0, "same prev", sequencer.ErrConflict)
	wantHead(t, s, 9, []byte("three\n"))
	add(9, 3, "nine\n", nil)
	add(9, 3, "nine\n", sequencer.ErrConflict)
	wantHead(t, s, 9, []byte("nine\n"))
}

func testContext(t *testing.T, s sequencer.Store, in Inserter) {
	insert(t, in, Entries(t, 1, 1)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Sequence(ctx, 0, 10, integrate); err == nil {
		t.Error("Sequence under an ended context")
	}
	if _, err := s.Head(ctx); err == nil {
		t.Error("Head under an ended context")
	}
	if err := s.AddCheckpoint(ctx, ledger.StoredCheckpoint{Size: 1, Note: []byte("n")}); err == nil {
		t.Error("AddCheckpoint under an ended context")
	}
	if _, err := s.Placed(ctx, "entry-00000001"); err == nil {
		t.Error("Placed under an ended context")
	}
	wantHead(t, s, 0, nil)
}
