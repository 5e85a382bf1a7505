package app

import (
	"errors"
	"fmt"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// ErrOccupied says that another process has the folder of the embedded parts.
var ErrOccupied = errors.New("the folder is in use by another process: stop that one, or name another folder")

// occupyWait is how long another process may take to leave a folder.
const occupyWait = 2 * time.Second

// Occupy keeps the file at path locked for this process until leave is called.
// The lock ends with the process, however that ends.
func Occupy(path string) (leave func() error, err error) {
	type result struct {
		unlock func()
		err    error
	}
	locked := make(chan result, 1)
	go func() { // where the lock is never free it ends with the process
		unlock, err := lockedfile.MutexAt(path).Lock()
		locked <- result{unlock, err}
	}()
	late := time.NewTimer(occupyWait)
	defer late.Stop()
	select {
	case r := <-locked:
		if r.err != nil {
			return nil, fmt.Errorf("locking the folder: %w", r.err)
		}
		return func() error { r.unlock(); return nil }, nil
	case <-late.C:
		return nil, ErrOccupied
	}
}
