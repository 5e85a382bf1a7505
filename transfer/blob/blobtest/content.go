package blobtest

import (
	"bytes"
	"context"
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
		if err := s.Create(t.Context(), "a/b", second, blob.DigestOf(second)); !errors.Is(err, blob.ErrExists) {
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
			outcomes[i] = s.Create(t.Context(), "race/one", Content(uint64(i), 100<<10), blob.DigestOf(Content(uint64(i), 100<<10)))
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

// repeats puts again what is there, what is not there, and what broke off half way, as who lost an answer does. Nothing of
// it is left after one delete.
func repeats(t *testing.T, s blob.Store) {
	content := Content(1, 100<<10)
	repeat := func(name blob.Name, content []byte) {
		t.Helper()
		if err := s.Repeat(t.Context(), name, content, blob.DigestOf(content)); err != nil {
			t.Fatalf("repeat %s: %v", name, err)
		}
	}
	create(t, s, "a/b/landed", content)
	for range 3 {
		repeat("a/b/landed", content)
	}
	repeat("a/b/never", content)
	repeat("a/b/empty", nil)
	wantContent(t, s, "a/b/landed", content)
	wantContent(t, s, "a/b/never", content)
	wantContent(t, s, "a/b/empty", nil)
	if found := names(t, s, ""); len(found) != 3 {
		t.Errorf("objects %q; want three", found)
	}
	if err := s.Create(t.Context(), "a/b/never", content, blob.DigestOf(content)); !errors.Is(err, blob.ErrExists) {
		t.Errorf("create of what was repeated: %v; want %v", err, blob.ErrExists)
	}
	if err := s.Repeat(t.Context(), "a/b/large", make([]byte, blob.MaxSize+1), blob.DigestOf(make([]byte, blob.MaxSize+1))); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("repeat: %v; want %v", err, blob.ErrTooLarge)
	}
	if err := s.Delete(t.Context(), "a/b/"); err != nil {
		t.Fatalf("delete: %v", err)
	}
	for _, name := range []blob.Name{"a/b/landed", "a/b/never", "a/b/empty"} {
		wantMissing(t, s, name) // nor does an older version of it come back
	}
	create(t, s, "a/b/landed", nil)
}

// repeatsAtOnce has readers see the whole content while it is put again and again.
func repeatsAtOnce(t *testing.T, s blob.Store) {
	content := Content(1, 100<<10)
	create(t, s, "a/b", content)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := s.Repeat(t.Context(), "a/b", content, blob.DigestOf(content)); err != nil {
				t.Errorf("repeat: %v", err)
			}
		})
	}
	for range 8 {
		group.Go(func() {
			r, err := s.Open(t.Context(), "a/b")
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			got, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, content) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		})
	}
	group.Wait()
}

func manyNamesAtOnce(t *testing.T, s blob.Store) {
	const writers = 24
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			name := blob.Name(fmt.Sprintf("many/%d/x", i%4)) + blob.Name(fmt.Sprint(i))
			if err := s.Create(t.Context(), name, Content(uint64(i), 1000), blob.DigestOf(Content(uint64(i), 1000))); err != nil {
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
	if err := s.Create(t.Context(), "large", make([]byte, blob.MaxSize+1), blob.DigestOf(make([]byte, blob.MaxSize+1))); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("create: %v; want %v", err, blob.ErrTooLarge)
	}
	wantMissing(t, s, "large")
}

// wrongDigest has nothing be kept that is not what its digest says, and what is there stay.
func wrongDigest(t *testing.T, s blob.Store) {
	content := Content(1, 100<<10)
	kept := Content(2, 100)
	create(t, s, "a/kept", kept)
	for what, sum := range map[string]blob.Digest{"another's": blob.DigestOf(kept), "none": {}, "of no byte": blob.DigestOf(nil)} {
		for name, put := range map[blob.Name]func(context.Context, blob.Name, []byte, blob.Digest) error{"a/created": s.Create, "a/repeated": s.Repeat, "a/kept": s.Repeat} {
			if err := put(t.Context(), name, content, sum); !errors.Is(err, blob.ErrDigest) {
				t.Errorf("%s under a digest that is %s: %v; want %v", name, what, err, blob.ErrDigest)
			}
		}
	}
	wantContent(t, s, "a/kept", kept)
	if found := names(t, s, ""); len(found) != 1 {
		t.Errorf("objects %q; want one", found)
	}
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
