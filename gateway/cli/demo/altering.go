package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"safeconduct/gateway/store"
	"safeconduct/transfer/seal"
)

// copied is a copy of the database, in one file in a folder of its own.
type copied struct {
	dir    string
	file   string
	origin string
	keys   []seal.PublicKey
}

// remove removes the copy.
func (c *copied) remove() error { return os.RemoveAll(c.dir) }

// verify verifies the copy as log verify does.
func (c *copied) verify(ctx context.Context) (v store.Verification, err error) {
	st, err := store.OpenSQLiteReadOnly(ctx, c.file)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return st.Verify(ctx, c.keys, c.origin, nil)
}

// alter makes a refusal in the log read as if it had been allowed. It writes the
// bytes of the file, so that no rule of the database can object.
func (c *copied) alter() (what string, err error) {
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

// copyOf copies the database to a temporary folder, which is outside its data.
func (s System) copyOf(ctx context.Context) (_ *copied, err error) {
	keys, err := s.Parts.Signer.PublicKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the public keys of the log: %w", err)
	}
	dir, err := os.MkdirTemp("", "safeconduct-copy-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the copy: %w", err)
	}
	c := &copied{dir: dir, file: filepath.Join(dir, "copy.db"), origin: s.Origin, keys: keys}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.remove())
		}
	}()
	if err := s.Parts.Store.Export(ctx, c.file); err != nil {
		return nil, err
	}
	v, err := c.verify(ctx)
	if err != nil {
		return nil, err
	}
	if !v.OK() {
		return nil, fmt.Errorf("the copy does not verify: %s", v.Findings[0])
	}
	return c, nil
}

// readFull reads until b is full or the source ends.
func readFull(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}
