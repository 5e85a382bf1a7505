package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"safeconduct/transfer/blob"
)

// attempts at removing a folder into which others may be writing.
const attempts = 3

// Delete implements blob.Store. The removal is durable when it returns. Blocks of the disk are not overwritten: what
// they held is sealed, and destroying its key destroys it.
func (s *Store) Delete(ctx context.Context, prefix blob.Name) error {
	if err := prefix.ValidatePrefix(); err != nil {
		return fmt.Errorf("blob: delete: %w", err)
	}
	if s.readOnly {
		return fmt.Errorf("blob: delete %s: %w", prefix, ErrReadOnly)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("blob: delete %s: %w", prefix, err)
	}
	parent := path.Dir(folderOf(prefix))
	if _, err := s.folder(parent); err != nil {
		return failure("delete", prefix, ignoring(err, fs.ErrNotExist))
	}
	if !strings.HasSuffix(string(prefix), "/") {
		if err := s.root.Remove(fileOf(prefix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failure("delete", prefix, err)
		}
	}
	if err := s.removeFolder(folderOf(prefix)); err != nil {
		return failure("delete", prefix, err)
	}
	return failure("delete", prefix, ignoring(s.sync(parent), fs.ErrNotExist))
}

func (s *Store) removeFolder(dir string) error {
	var err error
	for range attempts {
		if err = s.root.RemoveAll(dir); !errors.Is(err, syscall.ENOTEMPTY) {
			return err // Delete says what was being done
		}
	}
	return err // Delete says what was being done
}

func ignoring(err, ignored error) error {
	if errors.Is(err, ignored) {
		return nil
	}
	return err
}
