// Package schema holds the migrations, one set of files for both engines and,
// in a folder per engine, the few statements that have a text of their own.
// They are append-only: a migration that has landed never changes.
package schema

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed *.sql sqlite/*.sql postgres/*.sql
var files embed.FS

// For answers with the migrations of an engine, sqlite or postgres, as one flat
// file system.
func For(engine string) (fs.FS, error) {
	if engine != "sqlite" && engine != "postgres" {
		return nil, fmt.Errorf("unknown database engine %q", engine)
	}
	own, err := fs.Sub(files, engine)
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return flatten(files, own)
}

// Newest is the number of the newest migration, the same for every engine.
func Newest() uint32 {
	var newest uint32
	for _, pattern := range []string{"*.sql", "*/*.sql"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			panic(err) // the pattern is a constant
		}
		for _, name := range names {
			number, _, _ := strings.Cut(path.Base(name), "_")
			n, err := strconv.ParseUint(number, 10, 31)
			if err != nil {
				panic("a migration without a number: " + name) // every test would show it
			}
			newest = max(newest, uint32(n))
		}
	}
	return newest
}

// flat shows the plain files of several file systems as one folder.
type flat struct {
	layers map[string]fs.FS
	list   []fs.DirEntry // sorted by name
}

var _ fs.ReadDirFS = flat{}

func flatten(layers ...fs.FS) (flat, error) {
	f := flat{layers: map[string]fs.FS{}}
	for _, layer := range layers {
		list, err := fs.ReadDir(layer, ".")
		if err != nil {
			return flat{}, fmt.Errorf("reading the migrations: %w", err)
		}
		for _, e := range list {
			if e.IsDir() {
				continue
			}
			if f.layers[e.Name()] != nil {
				return flat{}, errors.New("two migrations are called " + e.Name())
			}
			f.layers[e.Name()] = layer
			f.list = append(f.list, e)
		}
	}
	slices.SortFunc(f.list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return f, nil
}

// Open implements fs.FS.
func (f flat) Open(name string) (fs.File, error) {
	layer, ok := f.layers[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return layer.Open(name)
}

// ReadDir implements fs.ReadDirFS.
func (f flat) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return slices.Clone(f.list), nil
}
