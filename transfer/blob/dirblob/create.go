package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"safeconduct/transfer/blob"
)

// Create implements blob.Store. It returns after the file, its entry and every folder above it were synced.
func (s *Store) Create(ctx context.Context, name blob.Name, content []byte) error {
	if err := name.Validate(); err != nil {
		return fmt.Errorf("blob: create: %w", err)
	}
	if len(content) > blob.MaxSize {
		return fmt.Errorf("blob: create %s: %w: %d bytes", name, blob.ErrTooLarge, len(content))
	}
	if s.readOnly {
		return fmt.Errorf("blob: create %s: %w", name, ErrReadOnly)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("blob: create %s: %w", name, err)
	}
	if _, err := s.root.Lstat(fileOf(name)); err == nil {
		return fmt.Errorf("blob: create %s: %w", name, blob.ErrExists)
	}
	staged := temporary()
	err := s.stage(staged, content)
	if err == nil {
		err = s.publish(ctx, staged, fileOf(name))
	}
	// What cannot be removed here is invisible, and goes when the store is opened next.
	_ = s.root.Remove(staged)
	return failure("create", name, err)
}

func (s *Store) stage(staged string, content []byte) error {
	f, err := s.root.OpenFile(staged, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err // Create says what was being done
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// publish links the staged file to its name. When it fails no object stands under the name that this call made.
func (s *Store) publish(ctx context.Context, staged, file string) error {
	dir := path.Dir(file)
	if err := s.makeFolder(dir); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // Create says what was being done
	}
	err := s.root.Link(staged, file)
	switch {
	case errors.Is(err, fs.ErrExist):
		return blob.ErrExists
	case errors.Is(err, fs.ErrNotExist):
		return errOvertaken
	case err != nil:
		return err // Create says what was being done
	}
	// A folder may have been made by a concurrent Create that has not synced it yet, so all are synced.
	for ; dir != "."; dir = path.Dir(dir) {
		if err := s.sync(dir); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = errOvertaken
			}
			return errors.Join(err, ignoring(s.root.Remove(file), fs.ErrNotExist))
		}
	}
	return nil
}

func (s *Store) makeFolder(dir string) error {
	if _, err := s.folder(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.makeFolder(path.Dir(dir)); err != nil {
		return err
	}
	err := s.root.Mkdir(dir, folderMode)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errOvertaken
	case errors.Is(err, fs.ErrExist):
		_, err = s.folder(dir)
	}
	return err
}
