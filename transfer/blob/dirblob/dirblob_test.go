package dirblob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/transfer/blob"
	"safeconduct/transfer/blob/blobtest"
	"safeconduct/transfer/blob/dirblob"
)

func open(t *testing.T, dir string) *dirblob.Store {
	t.Helper()
	s, err := dirblob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, filepath.Join(t.TempDir(), "new", "store")) })
}

func TestModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Create(t.Context(), "a/b/c", []byte("x"), blob.DigestOf([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(filepath.Join(dir, "objects"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v; want %v", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesFoldersOpenToOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	if err := os.Chmod(filepath.Join(dir, "objects"), 0o755); err != nil { // the fault under test
		t.Fatal(err)
	}
	if _, err := dirblob.Open(dir); err == nil || !strings.Contains(err.Error(), "0700") {
		t.Fatalf("open: %v; want a refusal that says the mend", err)
	}
}

func TestLeftoversOfACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	leftover := filepath.Join(dir, "incoming", "HALFWRITTEN")
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for info, err := range s.List(t.Context(), "") {
		t.Errorf("listed %v, %v", info, err)
	}
	if _, err := os.Stat(leftover); err != nil {
		t.Fatal(err)
	}
	reader, err := dirblob.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	if _, err := os.Stat(leftover); err != nil {
		t.Errorf("a read-only store removed it: %v", err)
	}
	open(t, dir)
	if _, err := os.Stat(leftover); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Open: %v; want it gone", err)
	}
}

func TestCreateLeavesNothingBeside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for range 2 {
		_ = s.Create(t.Context(), "a/b", []byte("x"), blob.DigestOf([]byte("x")))
	}
	entries, err := os.ReadDir(filepath.Join(dir, "incoming"))
	if err != nil || len(entries) != 0 {
		t.Fatalf("incoming holds %v, %v", entries, err)
	}
}

func TestOpenReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := dirblob.OpenReadOnly(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open of no directory: %v", err)
	}
	if _, err := dirblob.OpenReadOnly(dir); err == nil {
		t.Error("an empty directory was taken for a store")
	}
	if err := open(t, dir).Create(t.Context(), "a/b", []byte("x"), blob.DigestOf([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	s, err := dirblob.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Create(t.Context(), "a/c", nil, blob.DigestOf(nil)); !errors.Is(err, dirblob.ErrReadOnly) {
		t.Errorf("create: %v", err)
	}
	if err := s.Delete(t.Context(), "a/"); !errors.Is(err, dirblob.ErrReadOnly) {
		t.Errorf("delete: %v", err)
	}
	if got := read(t, s, "a/b"); string(got) != "x" {
		t.Errorf("read %q", got)
	}
}

func TestSymbolicLinksAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	s := open(t, dir)
	for _, name := range []blob.Name{"a/b", "victim/x"} {
		if err := s.Create(t.Context(), name, []byte("x"), blob.DigestOf([]byte("x"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		os.Mkdir(outside, 0o700),
		os.WriteFile(filepath.Join(outside, "secret="), []byte("s"), 0o600),
		os.Symlink(outside, filepath.Join(dir, "objects", "out")),
		os.Symlink("victim", filepath.Join(dir, "objects", "in")),
		os.Symlink("../victim/x=", filepath.Join(dir, "objects", "a", "link=")),
	); err != nil {
		t.Fatal(err)
	}
	for _, name := range []blob.Name{"out/secret", "in/x", "a/link"} {
		if r, err := s.Open(t.Context(), name); err == nil {
			t.Errorf("open %s followed a link (close: %v)", name, r.Close())
		}
	}
	for _, name := range []blob.Name{"out/new", "in/new"} {
		if err := s.Create(t.Context(), name, nil, blob.DigestOf(nil)); err == nil {
			t.Errorf("create %s followed a link", name)
		}
	}
	for _, prefix := range []blob.Name{"out/secret", "in/x"} {
		if err := s.Delete(t.Context(), prefix); err == nil {
			t.Errorf("delete %s followed a link", prefix)
		}
	}
	var found []string
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, string(info.Name))
	}
	if got := strings.Join(found, " "); got != "a/b victim/x" {
		t.Errorf("listed %q", got)
	}
	if err := s.Delete(t.Context(), "in/"); err != nil {
		t.Errorf("delete of a link's name: %v", err)
	}
	if got := read(t, s, "victim/x"); string(got) != "x" {
		t.Errorf("what a link named was destroyed")
	}
	if _, err := os.Stat(filepath.Join(outside, "secret=")); err != nil {
		t.Error(err)
	}
}

func TestTruncatedWhileReading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Create(t.Context(), "a", make([]byte, 1<<20), blob.DigestOf(make([]byte, 1<<20))); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int64]error{1000: io.ErrUnexpectedEOF, 2 << 20: blob.ErrWrongSize} {
		if err := os.Truncate(filepath.Join(dir, "objects", "a="), 1<<20); err != nil {
			t.Fatal(err)
		}
		r, err := s.Open(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, "objects", "a="), size); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); !errors.Is(err, want) {
			t.Errorf("cut or grown to %d: %v; want %v", size, err, want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestErrorsDoNotNameTheDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "objects", "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), "a/b", nil, blob.DigestOf(nil)); err == nil || strings.Contains(err.Error(), dir) {
		t.Errorf("create below a file: %v", err)
	}
	_, err := s.Open(t.Context(), "c")
	if !errors.Is(err, blob.ErrNotFound) || strings.Contains(err.Error(), dir) {
		t.Errorf("open: %v", err)
	}
}

func read(t *testing.T, s blob.Store, name blob.Name) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return content
}

func BenchmarkCreate4MiB(b *testing.B) {
	s, err := dirblob.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	content := blobtest.Content(1, 4<<20)
	b.SetBytes(int64(len(content)))
	for i := 0; b.Loop(); i++ {
		name := blob.Name("t/bench/" + strings.Repeat("1", i%8+1) + "/0")
		if err := s.Create(context.Background(), name, content, blob.DigestOf(content)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Delete(context.Background(), name); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkOpen4MiB(b *testing.B) {
	s, err := dirblob.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	content := blobtest.Content(1, 4<<20)
	if err := s.Create(context.Background(), "t/bench/1/0", content, blob.DigestOf(content)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	var got bytes.Buffer
	for b.Loop() {
		r, err := s.Open(context.Background(), "t/bench/1/0")
		if err != nil {
			b.Fatal(err)
		}
		got.Reset()
		if _, err := got.ReadFrom(r); err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestOpenWhileItIsReplaced: an object that another of its name replaces, as Repeat does, is there all the time.
func TestOpenWhileItIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.Create(t.Context(), "a", []byte("x"), blob.DigestOf([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	object, beside := filepath.Join(dir, "objects", "a="), filepath.Join(dir, "beside")
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := errors.Join(os.WriteFile(beside, []byte("x"), 0o600), os.Rename(beside, object)); err != nil {
				stopped <- err
				return
			}
		}
	}()
	for range 5000 {
		r, err := s.Open(t.Context(), "a")
		if err != nil {
			t.Error(err)
			break
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
