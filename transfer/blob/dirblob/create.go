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
func (s *Store) Create(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	return s.put(ctx, "create", name, content, sum, s.root.Link)
}

// Repeat implements blob.Store, as Create does; what stands under the name is replaced in one step.
func (s *Store) Repeat(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	return s.put(ctx, "repeat", name, content, sum, s.root.Rename)
}

// put stages the content and has place give it its name.
func (s *Store) put(ctx context.Context, doing string, name blob.Name, content []byte, sum blob.Digest, place func(staged, file string) error) error {
	if err := name.Validate(); err != nil {
		return fmt.Errorf("blob: %s: %w", doing, err)
	}
	if len(content) > blob.MaxSize {
		return fmt.Errorf("blob: %s %s: %w: %d bytes", doing, name, blob.ErrTooLarge, len(content))
	}
	if blob.DigestOf(content) != sum {
		return fmt.Errorf("blob: %s %s: %w", doing, name, blob.ErrDigest)
	}
	if s.readOnly {
		return fmt.Errorf("blob: %s %s: %w", doing, name, ErrReadOnly)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("blob: %s %s: %w", doing, name, err)
	}
	staged := temporary()
	err := s.stage(staged, content)
	if err == nil {
		err = s.publish(ctx, staged, fileOf(name), place)
	}
	// What cannot be removed here is invisible, and goes when the store is opened next. A rename has left nothing.
	_ = s.root.Remove(staged)
	return failure(doing, name, err)
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

// publish gives the staged file its name. When it fails no object stands under the name that this call made.
func (s *Store) publish(ctx context.Context, staged, file string, place func(staged, file string) error) error {
	dir := path.Dir(file)
	if err := s.makeFolder(dir); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // Create says what was being done
	}
	err := place(staged, file)
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
