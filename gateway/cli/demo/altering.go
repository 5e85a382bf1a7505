package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"safeconduct/gateway/store"
	"safeconduct/transfer/seal"
)

// Copied is a copy of an embedded database in a folder of its own.
type Copied struct {
	dir    string
	file   string
	origin string
	keys   []seal.PublicKey
}

// Remove removes the copy.
func (c *Copied) Remove() error { return os.RemoveAll(c.dir) }

// Verify verifies the copy as log verify does.
func (c *Copied) Verify(ctx context.Context) (v store.Verification, err error) {
	st, err := store.OpenSQLiteReadOnly(ctx, c.file)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return st.Verify(ctx, c.keys, c.origin, nil)
}

// Alter makes a refusal in the log read as if it had been allowed. It writes the
// bytes of the file, so that no rule of the database can object.
func (c *Copied) Alter() (what string, err error) {
	was, now := []byte(`"verdict":"refused"`), []byte(`"verdict":"allowed"`)
	content, err := os.ReadFile(c.file)
	if err != nil {
		return "", fmt.Errorf("reading the copy: %w", err)
	}
	at := bytes.Index(content, was)
	if at < 0 {
		return "", errors.New("the copy holds no refusal")
	}
	f, err := os.OpenFile(c.file, os.O_WRONLY, 0)
	if err != nil {
		return "", fmt.Errorf("altering the copy: %w", err)
	}
	_, err = f.WriteAt(now, int64(at))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("altering the copy: %w", err)
	}
	return "a refusal in the log now says that it was allowed", nil
}

// Copies copies the database of a system, to a temporary folder, which is
// outside its data.
type Copies struct {
	System System
	File   string // of the living database, where it is embedded
}

// Copy implements Copier. The database is in use: a copy that was caught in a
// change does not verify, and is made again.
func (e Copies) Copy(ctx context.Context) (*Copied, error) {
	keys, err := e.System.Parts.Signer.PublicKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the public keys of the log: %w", err)
	}
	const tries = 10
	for n := 1; ; n++ {
		c, err := e.once(ctx, keys)
		if err == nil || n == tries || ctx.Err() != nil {
			return c, err
		}
		if err := shortPause(ctx); err != nil {
			return nil, err
		}
	}
}

func (e Copies) once(ctx context.Context, keys []seal.PublicKey) (_ *Copied, err error) {
	dir, err := os.MkdirTemp("", "safeconduct-copy-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the copy: %w", err)
	}
	c := &Copied{dir: dir, file: filepath.Join(dir, "safeconduct.db"), origin: e.System.Origin, keys: keys}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Remove())
		}
	}()
	if err := e.into(ctx, c.file); err != nil {
		return nil, err
	}
	v, err := c.Verify(ctx)
	if err != nil {
		return nil, err
	}
	if !v.OK() {
		return nil, fmt.Errorf("the copy does not verify: %s", v.Findings[0])
	}
	return c, nil
}

// whole is a store that can copy itself as one moment shows it.
type whole interface {
	CopyTo(ctx context.Context, path string) error
}

func (e Copies) into(ctx context.Context, path string) error {
	if s, ok := any(e.System.Parts.Store).(whole); ok {
		return s.CopyTo(ctx, path)
	}
	if e.System.Parts.Store.Engine() != store.SQLite {
		return errors.New("this database cannot be copied")
	}
	// The log that is written ahead goes first: what a checkpoint moves from it
	// to the file meanwhile is then in both.
	for _, suffix := range []string{"-wal", ""} {
		if err := copyFile(e.File+suffix, path+suffix); err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("copying the database: %w", err)
		}
	}
	// Opening and closing folds the two into one file.
	st, err := store.OpenSQLite(ctx, path, store.Options{Now: time.Now})
	if err != nil {
		return err
	}
	return st.Close()
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.Copy(dst, src)
		err = errors.Join(err, dst.Close())
	}
	return errors.Join(err, src.Close())
}

// readFull reads until b is full or the source ends.
func readFull(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}
