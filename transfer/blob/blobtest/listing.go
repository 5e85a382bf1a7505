package blobtest

import (
	"fmt"
	"slices"
	"testing"

	"safeconduct/transfer/blob"
)

// ordered are names whose byte order differs from that of a walk over folders.
func ordered() []blob.Name {
	return []blob.Name{
		"a-b/x", "a.b/x", "a/1", "a/10", "a/2", "a/b-c", "a/b.c", "a/b/c", "a/b/d/e", "a/b0", "a/bc", "a/bc-d/e", "a0", "b",
	}
}

func fill(t *testing.T, s blob.Store) {
	t.Helper()
	for i, name := range slices.Backward(ordered()) {
		create(t, s, name, Content(uint64(i), i))
	}
}

func deleteKeepsToItsPrefix(t *testing.T, s blob.Store) {
	fill(t, s)
	if err := s.Delete(t.Context(), "a/b/"); err != nil {
		t.Fatalf("delete: %v", err)
	}
	want := slices.DeleteFunc(ordered(), func(n blob.Name) bool { return n == "a/b/c" || n == "a/b/d/e" })
	if got := names(t, s, ""); !slices.Equal(got, want) {
		t.Errorf("left %q; want %q", got, want)
	}
	wantMissing(t, s, "a/b/c")
	wantContent(t, s, "a/bc", Content(10, 10))
}

func deleteOne(t *testing.T, s blob.Store) {
	fill(t, s)
	for _, prefix := range []blob.Name{"a/bc/", "b/"} {
		if err := s.Delete(t.Context(), prefix); err != nil {
			t.Fatalf("delete %s: %v", prefix, err)
		}
	}
	if got := names(t, s, ""); !slices.Equal(got, ordered()) {
		t.Errorf("a folder prefix took an object: left %q", got)
	}
	for _, name := range []blob.Name{"a/bc", "b"} {
		if err := s.Delete(t.Context(), name); err != nil {
			t.Fatalf("delete %s: %v", name, err)
		}
		wantMissing(t, s, name)
	}
	want := slices.DeleteFunc(ordered(), func(n blob.Name) bool { return n == "a/bc" || n == "b" })
	if got := names(t, s, ""); !slices.Equal(got, want) {
		t.Errorf("left %q; want %q", got, want)
	}
}

func deleteIsIdempotent(t *testing.T, s blob.Store) {
	if err := s.Delete(t.Context(), "never/was/"); err != nil {
		t.Errorf("delete of nothing: %v", err)
	}
	create(t, s, "a/b/c", []byte("x"))
	for range 3 {
		if err := s.Delete(t.Context(), "a/"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if found := names(t, s, ""); len(found) != 0 {
		t.Errorf("left %q", found)
	}
}

func listInOrder(t *testing.T, s blob.Store) {
	fill(t, s)
	want := ordered()
	if got := names(t, s, ""); !slices.Equal(got, want) {
		t.Errorf("listed\n%q; want\n%q", got, want)
	}
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if size := int64(slices.Index(want, info.Name)); info.Size != size {
			t.Errorf("%s has size %d; want %d", info.Name, info.Size, size)
		}
		if info.Modified.IsZero() || info.Modified.Location().String() != "UTC" {
			t.Errorf("%s was modified at %v; want a time in UTC", info.Name, info.Modified)
		}
	}
}

func listUnderPrefix(t *testing.T, s blob.Store) {
	fill(t, s)
	for prefix, want := range map[blob.Name][]blob.Name{
		"a/b/":     {"a/b/c", "a/b/d/e"},
		"a/b":      {"a/b/c", "a/b/d/e"},
		"a/b/d/":   {"a/b/d/e"},
		"a/bc":     {"a/bc"},
		"a/bc/":    nil,
		"a-b/":     {"a-b/x"},
		"b":        {"b"},
		"nothing/": nil,
		"b/c/d/":   nil,
	} {
		if got := names(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("under %q: %q; want %q", prefix, got, want)
		}
	}
}

// listManyObjects stores more than the 1,000 keys which an S3 server lists per page.
func listManyObjects(t *testing.T, s blob.Store) {
	const objects = 1003
	var want []blob.Name
	for i := range objects {
		name := blob.Name(fmt.Sprintf("many/%06d", i))
		create(t, s, name, nil)
		want = append(want, name)
	}
	if got := names(t, s, "many/"); !slices.Equal(got, want) {
		t.Errorf("listed %d objects in some order; want %d in order", len(got), len(want))
	}
	if err := s.Delete(t.Context(), "many/"); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if left := names(t, s, ""); len(left) != 0 {
		t.Errorf("%d objects left", len(left))
	}
}

func listBrokenOff(t *testing.T, s blob.Store) {
	fill(t, s)
	for length := 1; length < len(ordered()); length++ {
		var found []blob.Name
		for info, err := range s.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			if found = append(found, info.Name); len(found) == length {
				break
			}
		}
		if !slices.Equal(found, ordered()[:length]) {
			t.Errorf("the first %d are %q", length, found)
		}
	}
}
