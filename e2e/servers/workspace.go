package servers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	workspacePrefix = "safeconduct-e2e-"
	ownerFile       = ".owner"
)

// workspace is the private directory of one server. Its owner file is locked for
// as long as the owning process lives, so that a directory left behind by a
// process that was killed is recognised and removed by the next one.
type workspace struct {
	path string
	lock *os.File
}

// newWorkspace makes a directory (mode 0700) below parent, os.TempDir() if empty,
// after removing those whose owners are dead.
func newWorkspace(parent, name string) (*workspace, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	parent, err := filepath.Abs(parent)
	if err != nil {
		return nil, fmt.Errorf("resolve the directory for %s: %w", name, err)
	}
	if err := sweep(parent); err != nil {
		return nil, err
	}

	// Locked under another name first: a sweeper must never see it unlocked.
	fresh, err := os.MkdirTemp(parent, ".new-"+workspacePrefix+name+"-*")
	if err != nil {
		return nil, fmt.Errorf("make a directory for %s: %w", name, err)
	}
	w := &workspace{path: fresh}
	if err := w.claim(); err != nil {
		return nil, errors.Join(err, w.remove())
	}
	final := filepath.Join(parent, filepath.Base(fresh)[len(".new-"):])
	if err := os.Rename(fresh, final); err != nil {
		return nil, errors.Join(fmt.Errorf("name the directory of %s: %w", name, err), w.remove())
	}
	w.path = final
	return w, nil
}

func (w *workspace) claim() error {
	f, err := os.OpenFile(filepath.Join(w.path, ownerFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create the owner file: %w", err)
	}
	w.lock = f
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("lock the owner file: %w", err)
	}
	return nil
}

func (w *workspace) join(elem string) string { return filepath.Join(w.path, elem) }

// write creates a file that only its owner may read.
func (w *workspace) write(name, content string) (string, error) {
	path := w.join(name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return path, nil
}

func (w *workspace) mkdir(name string) (string, error) {
	path := w.join(name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", fmt.Errorf("make directory %s: %w", name, err)
	}
	return path, nil
}

// remove deletes the directory and gives up its lock. It may be called twice.
func (w *workspace) remove() error {
	err := os.RemoveAll(w.path)
	if w.lock != nil {
		err = errors.Join(err, w.lock.Close())
		w.lock = nil
	}
	if err != nil {
		return fmt.Errorf("remove the server's directory: %w", err)
	}
	return nil
}

// sweep removes the workspaces in parent whose owners are dead.
func sweep(parent string) error {
	found, err := filepath.Glob(filepath.Join(parent, workspacePrefix+"*", ownerFile))
	if err != nil {
		return fmt.Errorf("look for directories left behind: %w", err)
	}
	for _, owner := range found {
		if err := sweepOne(owner); err != nil {
			return fmt.Errorf("sweep %s: %w", filepath.Dir(owner), err)
		}
	}
	return nil
}

func sweepOne(owner string) error {
	f, err := os.OpenFile(owner, os.O_RDWR, 0)
	if err != nil {
		// Another sweeper was first, or it is another user's and not ours to judge.
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
			return nil
		}
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil // its owner lives
		}
		return err
	}
	return os.RemoveAll(filepath.Dir(owner))
}
