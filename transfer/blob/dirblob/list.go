package dirblob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"safeconduct/transfer/blob"
)

// List implements blob.Store. It holds the names of one folder per level in memory, and no open file between two
// objects.
func (s *Store) List(ctx context.Context, prefix blob.Name) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		if prefix != "" {
			if err := prefix.ValidatePrefix(); err != nil {
				yield(blob.Info{}, fmt.Errorf("blob: list: %w", err))
				return
			}
		}
		w := walk{store: s, ctx: ctx, yield: yield}
		err := w.begin(prefix)
		if err != nil && !errors.Is(err, errStopped) {
			yield(blob.Info{}, failure("list", prefix, err))
		}
	}
}

var errStopped = errors.New("the caller broke off the listing")

type walk struct {
	store *Store
	ctx   context.Context // a walk is one operation
	yield func(blob.Info, error) bool
}

func (w *walk) begin(prefix blob.Name) error {
	if err := w.ctx.Err(); err != nil {
		return err // List says what was being done
	}
	if prefix != "" && !strings.HasSuffix(string(prefix), "/") {
		if _, err := w.store.folder(path.Dir(fileOf(prefix))); err != nil {
			return ignoring(err, fs.ErrNotExist)
		}
		if err := w.object(prefix); err != nil {
			return err
		}
	}
	dir := folderOf(prefix)
	if _, err := w.store.folder(dir); err != nil {
		return ignoring(err, fs.ErrNotExist)
	}
	return w.folder(dir)
}

// folder yields what is below dir. A folder sorts as its name and a slash, a file without its mark, which is the byte
// order of the names they stand for.
func (w *walk) folder(dir string) error {
	entries, err := w.store.entries(dir)
	if err != nil {
		return ignoring(err, fs.ErrNotExist)
	}
	keys := make([]string, 0, len(entries))
	for _, entry := range entries {
		object, marked := strings.CutSuffix(entry.Name(), mark)
		switch {
		case entry.IsDir() && blob.Name(entry.Name()).Validate() == nil:
			keys = append(keys, entry.Name()+"/")
		case entry.Type().IsRegular() && marked:
			keys = append(keys, object)
		}
	}
	slices.SortFunc(keys, cmp.Compare[string])
	for _, key := range keys {
		if err := w.ctx.Err(); err != nil {
			return err // List says what was being done
		}
		below := path.Join(dir, key)
		if strings.HasSuffix(key, "/") {
			err = w.folder(below)
		} else {
			err = w.object(blob.Name(strings.TrimPrefix(below, objects+"/")))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) object(name blob.Name) error {
	if name.Validate() != nil {
		return nil //nolint:nilerr // Create makes no such name and Open reads none: a stranger's file is no object
	}
	info, err := w.store.root.Lstat(fileOf(name))
	if err != nil {
		return ignoring(err, fs.ErrNotExist)
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	if !w.yield(blob.Info{Name: name, Size: info.Size(), Modified: info.ModTime().UTC()}, nil) {
		return errStopped
	}
	return nil
}
