package blobtest

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"safeconduct/transfer/blob"
)

func contentIsIdentical(t *testing.T, s blob.Store) {
	for i, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 5 << 20, blob.MaxSize} {
		name := blob.Name(fmt.Sprintf("t/%d/000001", size))
		content := Content(uint64(i), size)
		create(t, s, name, content)
		wantContent(t, s, name, content)
	}
	create(t, s, "nil", nil)
	wantContent(t, s, "nil", nil)
}

func createDoesNotOverwrite(t *testing.T, s blob.Store) {
	first := Content(1, 1000)
	create(t, s, "a/b", first)
	for _, second := range [][]byte{Content(2, 1000), Content(2, 2000), first, nil} {
		if err := s.Create(t.Context(), "a/b", second); !errors.Is(err, blob.ErrExists) {
			t.Errorf("second create: %v; want %v", err, blob.ErrExists)
		}
		wantContent(t, s, "a/b", first)
	}
	if found := names(t, s, ""); len(found) != 1 {
		t.Errorf("objects %q; want one", found)
	}
}

func oneCreateWins(t *testing.T, s blob.Store) {
	const writers = 12
	outcomes := make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			outcomes[i] = s.Create(t.Context(), "race/one", Content(uint64(i), 100<<10))
		})
	}
	group.Wait()
	winner := -1
	for i, err := range outcomes {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("writers %d and %d both won", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, blob.ErrExists):
			t.Errorf("writer %d: %v; want %v", i, err, blob.ErrExists)
		}
	}
	if winner < 0 {
		t.Fatal("no writer won")
	}
	wantContent(t, s, "race/one", Content(uint64(winner), 100<<10))
}

func manyNamesAtOnce(t *testing.T, s blob.Store) {
	const writers = 24
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			name := blob.Name(fmt.Sprintf("many/%d/x", i%4)) + blob.Name(fmt.Sprint(i))
			if err := s.Create(t.Context(), name, Content(uint64(i), 1000)); err != nil {
				t.Errorf("create %s: %v", name, err)
			}
		})
	}
	group.Wait()
	if found := names(t, s, "many/"); len(found) != writers {
		t.Errorf("%d objects; want %d", len(found), writers)
	}
}

func tooLarge(t *testing.T, s blob.Store) {
	if err := s.Create(t.Context(), "large", make([]byte, blob.MaxSize+1)); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("create: %v; want %v", err, blob.ErrTooLarge)
	}
	wantMissing(t, s, "large")
}

func missing(t *testing.T, s blob.Store) {
	create(t, s, "a/bc", []byte("x"))
	for _, name := range []blob.Name{"a/b", "a/bc/d", "b/c", "nothing"} {
		wantMissing(t, s, name)
	}
}

func closedEarly(t *testing.T, s blob.Store) {
	content := Content(1, 5<<20)
	create(t, s, "a/b", content)
	for _, length := range []int{0, 1, 1000, 5 << 20} {
		r, err := s.Open(t.Context(), "a/b")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, length)); err != nil {
			t.Errorf("read %d bytes: %v", length, err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("close after %d bytes: %v", length, err)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, io.EOF) {
			t.Errorf("read after close: %d bytes, %v; want an error that is no end of file", n, err)
		}
	}
	wantContent(t, s, "a/b", content)
}

func nameIsFreeAgain(t *testing.T, s blob.Store) {
	for round := range 3 {
		content := Content(uint64(round), 100)
		create(t, s, "a/b/c", content)
		wantContent(t, s, "a/b/c", content)
		if err := s.Delete(t.Context(), "a/b/"); err != nil {
			t.Fatalf("delete: %v", err)
		}
		wantMissing(t, s, "a/b/c")
	}
}
