package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// partial is a file that is not complete: it has a hidden name, mode 0600, and
// is removed unless it is kept.
type partial struct {
	f    *os.File
	kept bool
}

func newPartial(dir string) (*partial, error) {
	f, err := os.CreateTemp(dir, ".safeconduct-*.part") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("making a file in the folder of --out: %w", err)
	}
	return &partial{f: f}, nil
}

// Begin implements client.Sink.
func (p *partial) Begin() error {
	if _, err := p.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return p.f.Truncate(0)
}

// Write implements io.Writer.
func (p *partial) Write(b []byte) (int, error) { return p.f.Write(b) }

// keep syncs the file and gives it its name, whole or not at all. Without
// replace it takes no name that is taken.
func (p *partial) keep(path string, replace bool) error {
	if err := errors.Join(p.f.Sync(), p.f.Close()); err != nil {
		return fmt.Errorf("writing what was pulled to the disk: %w", err)
	}
	if err := p.name(path, replace); err != nil {
		return err
	}
	p.kept = true
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("syncing the folder: %w", err)
	}
	// Some file systems cannot sync a folder; the file itself is on the disk.
	_ = dir.Sync()
	return dir.Close()
}

func (p *partial) name(path string, replace bool) error {
	if replace {
		if err := os.Rename(p.f.Name(), path); err != nil {
			return fmt.Errorf("naming what was pulled: %w", err)
		}
		return nil
	}
	// A link never replaces what is there.
	err := os.Link(p.f.Name(), path)
	switch {
	case err == nil:
		if err := os.Remove(p.f.Name()); err != nil {
			return fmt.Errorf("naming what was pulled: %w", err)
		}
		return nil
	case errors.Is(err, os.ErrExist):
		return usagef("a file of that name is there already: give --force to replace it")
	}
	// No hard links here, as on many USB sticks: look, then rename.
	if _, there := os.Lstat(path); there == nil {
		return usagef("a file of that name is there already: give --force to replace it")
	}
	if err := os.Rename(p.f.Name(), path); err != nil {
		return fmt.Errorf("naming what was pulled: %w", err)
	}
	return nil
}

// discard removes what was not kept.
func (p *partial) discard() {
	if !p.kept {
		_ = errors.Join(p.f.Close(), os.Remove(p.f.Name())) // closed or gone already, or nothing more can be done
	}
}
