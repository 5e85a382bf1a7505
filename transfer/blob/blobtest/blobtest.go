// Package blobtest is the contract of the object port, as tests that every adapter runs.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"safeconduct/transfer/blob"
)

// Run checks a store against the contract of blob.Store. open returns an empty store each time, and has t clean up what
// it opened. The subtests may run in parallel.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	for _, part := range []struct {
		name string
		test func(*testing.T, blob.Store)
	}{
		{"content comes back identical", contentIsIdentical},
		{"content is not overwritten", createDoesNotOverwrite},
		{"one of many concurrent creates wins", oneCreateWins},
		{"a put may be repeated", repeats},
		{"many repeats at once", repeatsAtOnce},
		{"many names at once", manyNamesAtOnce},
		{"content over the bound is refused", tooLarge},
		{"content that is not what its digest says is refused", wrongDigest},
		{"missing objects", missing},
		{"a reader may be closed early", closedEarly},
		{"a deleted name is free again", nameIsFreeAgain},
		{"delete takes all under its prefix and nothing else", deleteKeepsToItsPrefix},
		{"delete of one object", deleteOne},
		{"delete may be repeated", deleteIsIdempotent},
		{"list in order", listInOrder},
		{"list under a prefix", listUnderPrefix},
		{"list more than a page", listManyObjects},
		{"list broken off", listBrokenOff},
		{"a cancelled context stops every call", cancelled},
		{"hostile names are refused", hostileNames},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(t, open(t))
		})
	}
}

// HostileNames are names that no object may have.
func HostileNames() []blob.Name {
	return []blob.Name{
		"", "/", "/a", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/./b", "a..b", ".hidden", "a/.hidden", "-rf", "_a",
		"A", "a b", "a\\b", "a\x00b", "a\nb", "a=", "a%2fb", "a?b", "a*",
		blob.Name(strings.Repeat("a/", blob.MaxName)) + "a",
	}
}

// Content returns size bytes that look like ciphertext and are the same for the same seed.
func Content(seed uint64, size int) []byte {
	content := make([]byte, size)
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	if _, err := rand.NewChaCha8(key).Read(content); err != nil {
		panic(err)
	}
	return content
}

func create(t *testing.T, s blob.Store, name blob.Name, content []byte) {
	t.Helper()
	if err := s.Create(t.Context(), name, content, blob.DigestOf(content)); err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
}

func read(t *testing.T, s blob.Store, name blob.Name) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return content
}

func wantContent(t *testing.T, s blob.Store, name blob.Name, want []byte) {
	t.Helper()
	if got := read(t, s, name); !bytes.Equal(got, want) {
		t.Fatalf("%s holds %d bytes that are not the %d stored", name, len(got), len(want))
	}
}

func wantMissing(t *testing.T, s blob.Store, name blob.Name) {
	t.Helper()
	r, err := s.Open(t.Context(), name)
	if err == nil {
		t.Fatalf("%s is there; want it missing (close: %v)", name, r.Close())
	}
	if !errors.Is(err, blob.ErrNotFound) {
		t.Fatalf("open %s: %v; want %v", name, err, blob.ErrNotFound)
	}
}

func names(t *testing.T, s blob.Store, prefix blob.Name) []blob.Name {
	t.Helper()
	var found []blob.Name
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("list %q: %v", prefix, err)
		}
		found = append(found, info.Name)
	}
	return found
}

func cancelled(t *testing.T, s blob.Store) {
	create(t, s, "a/b", []byte("x"))
	open, err := s.Open(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := open.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, openErr := s.Open(ctx, "a/b")
	var listErr error
	for _, err := range s.List(ctx, "") {
		listErr = err
	}
	for call, err := range map[string]error{
		"create": s.Create(ctx, "a/c", []byte("x"), blob.DigestOf([]byte("x"))),
		"repeat": s.Repeat(ctx, "a/c", []byte("x"), blob.DigestOf([]byte("x"))),
		"open":   openErr,
		"delete": s.Delete(ctx, "a/"),
		"list":   listErr,
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v; want %v", call, err, context.Canceled)
		}
	}
	wantMissing(t, s, "a/c")
	wantContent(t, s, "a/b", []byte("x"))
}

func hostileNames(t *testing.T, s blob.Store) {
	for _, name := range HostileNames() {
		_, openErr := s.Open(t.Context(), name)
		var listErr error
		for _, err := range s.List(t.Context(), name+"/") {
			listErr = err
		}
		for call, err := range map[string]error{
			"create": s.Create(t.Context(), name, []byte("x"), blob.DigestOf([]byte("x"))),
			"repeat": s.Repeat(t.Context(), name, []byte("x"), blob.DigestOf([]byte("x"))),
			"open":   openErr,
			"delete": s.Delete(t.Context(), name+"/"),
			"list":   listErr,
		} {
			if !errors.Is(err, blob.ErrInvalidName) {
				t.Errorf("%s %q: %v; want %v", call, name, err, blob.ErrInvalidName)
			}
		}
	}
	if err := s.Delete(t.Context(), ""); !errors.Is(err, blob.ErrInvalidName) {
		t.Errorf("delete of everything: %v; want %v", err, blob.ErrInvalidName)
	}
	if found := names(t, s, ""); len(found) != 0 {
		t.Errorf("stored under hostile names: %q", found)
	}
}
