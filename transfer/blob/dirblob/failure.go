package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"safeconduct/transfer/blob"
)

var (
	errNotPlain  = errors.New("a symbolic link or special file stands in its place")
	errOvertaken = errors.New("removed meanwhile by another")
)

// failure turns err into what the port promises: nil stays nil, passing troubles become blob.ErrUnavailable, and paths of
// this machine are left out.
func failure(doing string, name blob.Name, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, blob.ErrExists), errors.Is(err, blob.ErrNotFound):
		return fmt.Errorf("blob: %s %s: %w", doing, name, err)
	case passing(err):
		return fmt.Errorf("blob: %s %s: %w: %s", doing, name, blob.ErrUnavailable, explain(err))
	default:
		return fmt.Errorf("blob: %s %s: %s", doing, name, explain(err))
	}
}

// passing tells whether the same call may succeed later: the disk is full or failing, or others were faster.
func passing(err error) bool {
	for _, kind := range []error{
		errOvertaken, syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ENOTEMPTY,
		syscall.EAGAIN, syscall.EINTR, syscall.ESTALE,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func explain(err error) string {
	if inPath, ok := errors.AsType[*fs.PathError](err); ok {
		return inPath.Err.Error()
	}
	if inLink, ok := errors.AsType[*os.LinkError](err); ok {
		return inLink.Err.Error()
	}
	return err.Error()
}
