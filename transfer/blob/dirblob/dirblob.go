// Package dirblob keeps objects as files below one directory of the local machine.
//
// An object "a/b" is the file objects/a/b= (mode 0600, folders 0700). The equals sign, which no name can hold, keeps
// files apart from folders. Content is first written to, and synced in, incoming/, then linked to its name: a link
// never replaces what is there, so that an object appears whole or not at all, and once. All access goes through
// [os.Root], and symbolic links are refused even where they stay inside.
//
// The directory must be on one file system that has hard links, and belong to one running gateway: Open clears
// incoming/, so that a Create which another process has under way then fails (ErrUnavailable) and stores nothing.
package dirblob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"safeconduct/transfer/blob"
)

const (
	objects  = "objects"
	incoming = "incoming"
	mark     = "=" // ends the file name of an object

	folderMode fs.FileMode = 0o700
	fileMode   fs.FileMode = 0o600
)

// ErrReadOnly: the store was opened with OpenReadOnly.
var ErrReadOnly = errors.New("object directory is open for reading only")

// Store is a blob.Store in a directory.
type Store struct {
	root     *os.Root
	readOnly bool
}

var _ blob.Store = (*Store)(nil)

// Open opens the store in dir, making what is missing, and removes what an interrupted Create left. It refuses
// directories of objects that others than their owner may enter, and symbolic links in their place.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return nil, fmt.Errorf("make object directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open object directory: %w", err)
	}
	s := &Store{root: root}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

// OpenReadOnly opens an existing store without changing anything in it. Create and Delete answer ErrReadOnly.
func OpenReadOnly(dir string) (*Store, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open object directory: %w", err)
	}
	s := &Store{root: root, readOnly: true}
	if _, err := s.folder(objects); err != nil {
		return nil, errors.Join(fmt.Errorf("open object directory: %w", err), root.Close())
	}
	return s, nil
}

// Close releases the directory. Readers that are open stay usable.
func (s *Store) Close() error {
	if err := s.root.Close(); err != nil {
		return fmt.Errorf("close object directory: %w", err)
	}
	return nil
}

func (s *Store) prepare() error {
	for _, name := range []string{objects, incoming} {
		if err := s.root.Mkdir(name, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make object directory: %w", err)
		}
		info, err := s.folder(name)
		if err != nil {
			return fmt.Errorf("open object directory: %w", err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			return fmt.Errorf("object directory %q has mode %04o, open to others: chmod it to 0700", name, info.Mode().Perm())
		}
	}
	leftovers, err := s.entries(incoming)
	if err != nil {
		return fmt.Errorf("list leftovers: %w", err)
	}
	for _, leftover := range leftovers {
		if err := s.root.RemoveAll(path.Join(incoming, leftover.Name())); err != nil {
			return fmt.Errorf("remove leftover: %w", err)
		}
	}
	return s.sync(".")
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, name blob.Name) (io.ReadCloser, error) {
	if err := name.Validate(); err != nil {
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("blob: open %s: %w", name, err)
	}
	file, size, err := s.open(fileOf(name))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = blob.ErrNotFound
		}
		return nil, failure("open", name, err)
	}
	return blob.NewReader(ctx, name, file, size, explain)
}

// reopened bounds how often a file is opened anew because another took its
// place meanwhile.
const reopened = 100

func (s *Store) open(file string) (*os.File, int64, error) {
	if _, err := s.folder(path.Dir(file)); err != nil {
		return nil, 0, err
	}
	for range reopened {
		found, err := s.root.Lstat(file)
		if err != nil {
			return nil, 0, err // the caller says what was being done
		}
		if !found.Mode().IsRegular() {
			return nil, 0, errNotPlain
		}
		f, err := s.root.Open(file)
		if err != nil {
			return nil, 0, err // the caller says what was being done
		}
		opened, err := f.Stat()
		if err != nil {
			return nil, 0, errors.Join(err, f.Close())
		}
		if os.SameFile(found, opened) {
			return f, opened.Size(), nil
		}
		// Between the look and the opening another took its place: a link, or
		// what Repeat put there. The next look tells.
		if err := f.Close(); err != nil {
			return nil, 0, err // the caller says what was being done
		}
	}
	return nil, 0, errNotPlain
}

// folder looks at a directory and refuses it, or any above it, where it is a symbolic link or no directory.
func (s *Store) folder(dir string) (fs.FileInfo, error) {
	var info fs.FileInfo
	for i := range len(dir) + 1 {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		found, err := s.root.Lstat(dir[:i])
		if err != nil {
			return nil, err // the caller says what was being done
		}
		if !found.IsDir() {
			return nil, errNotPlain
		}
		info = found
	}
	return info, nil
}

// sync makes the entries of a directory durable.
func (s *Store) sync(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err // the caller says what was being done
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Store) entries(dir string) ([]fs.DirEntry, error) {
	d, err := s.root.Open(dir)
	if err != nil {
		return nil, err // the caller says what was being done
	}
	entries, err := d.ReadDir(-1)
	return entries, errors.Join(err, d.Close())
}

func fileOf(name blob.Name) string { return folderOf(name) + mark }

func folderOf(prefix blob.Name) string {
	return path.Join(objects, strings.TrimSuffix(string(prefix), "/"))
}

func temporary() string { return path.Join(incoming, rand.Text()) }
