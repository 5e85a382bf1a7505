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
	"testing/fstest"
)

//go:embed *.sql sqlite/*.sql postgres/*.sql
var files embed.FS

// For answers with the migrations of an engine, sqlite or postgres, as one flat
// file system.
func For(engine string) (fs.FS, error) {
	if engine != "sqlite" && engine != "postgres" {
		return nil, fmt.Errorf("unknown database engine %q", engine)
	}
	flat := fstest.MapFS{}
	for _, dir := range []string{".", engine} {
		list, err := fs.ReadDir(files, dir)
		if err != nil {
			return nil, fmt.Errorf("reading the migrations: %w", err)
		}
		for _, f := range list {
			if f.IsDir() {
				continue
			}
			b, err := fs.ReadFile(files, path.Join(dir, f.Name()))
			if err != nil {
				return nil, fmt.Errorf("reading a migration: %w", err)
			}
			if flat[f.Name()] != nil {
				return nil, errors.New("two migrations are called " + f.Name())
			}
			flat[f.Name()] = &fstest.MapFile{Data: b, Mode: 0o444}
		}
	}
	return flat, nil
}
