package localkeys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"safeconduct/transfer/seal"
)

const (
	formatV1 = "safeconduct-keyring-v1"
	fileMode = fs.FileMode(0o600)
	maxFile  = 64 << 20
)

// content is the file.
type content struct {
	Format string                `json:"format"`
	Log    map[int]secret        `json:"log"`
	Keys   map[seal.KeyName]*kek `json:"keys"`
}

func newContent() *content {
	return &content{Format: formatV1, Log: map[int]secret{1: newSecret()}, Keys: map[seal.KeyName]*kek{}}
}

// access says what a reader of the file requires of its mode.
type access bool

const (
	private access = true  // exactly 0600: the ring is used
	copied  access = false // any: a copy is verified, wherever it lies
)

// readFile reads and checks the ring at path. Its errors name the file and the
// mend, never what the file holds.
func readFile(path string, need access) (*content, fs.FileInfo, error) {
	// O_NONBLOCK: a pipe in the place of the file must not hang us.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, nil, fmt.Errorf("key ring %s is a symbolic link: name the file itself", path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("opening the key ring: %w", err)
	}
	defer f.Close() //nolint:errcheck // opened for reading
	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("opening the key ring: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("key ring %s is not a regular file", path)
	}
	if need == private && info.Mode().Perm() != fileMode {
		return nil, nil, fmt.Errorf("key ring %s has mode %04o: others may have read it; if not, run chmod 600 on it",
			path, info.Mode().Perm())
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the key ring: %w", err)
	}
	defer clear(b)
	c, err := parse(b)
	if err != nil {
		return nil, nil, fmt.Errorf("key ring %s: %w; restore it from a backup, a new one cannot open what this one sealed", path, err)
	}
	return c, info, nil
}

var errBroken = errors.New("not a whole key ring")

// parse decodes a ring. Errors say where it is broken, without quoting it.
func parse(b []byte) (*content, error) {
	bad := func(format string, args ...any) (*content, error) {
		return nil, fmt.Errorf("%w: "+format, append([]any{errBroken}, args...)...)
	}
	if len(b) > maxFile {
		return bad("larger than %d bytes", maxFile)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var c content
	if err := dec.Decode(&c); err != nil {
		return bad("broken JSON near byte %d", dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return bad("text after its end")
	}
	if c.Format != formatV1 {
		return bad("its format is not %q", formatV1)
	}
	if !contiguous(c.Log, 1) {
		return bad("the log's key lacks a version")
	}
	for name, k := range c.Keys {
		if err := name.Validate(); err != nil {
			return bad("%w", err)
		}
		if k == nil || k.Min < 1 || !contiguous(k.Versions, k.Min) {
			return bad("key %s lacks a version", name)
		}
	}
	if c.Keys == nil {
		c.Keys = map[seal.KeyName]*kek{}
	}
	return &c, nil
}

// contiguous reports whether versions has at least one entry and holds whole
// secrets for all numbers from first on.
func contiguous(versions map[int]secret, first int) bool {
	for i := range len(versions) {
		if len(versions[first+i]) != ed25519.SeedSize {
			return false
		}
	}
	return len(versions) > 0
}

// writeFile replaces the file: on return the new one is durable, after a crash
// either is whole.
func writeFile(path string, c *content) (err error) {
	b, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the key ring: %w", err)
	}
	defer clear(b)
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("writing the key ring: %w", err)
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()           // closed already, or of no more use
			_ = os.Remove(tmp.Name()) // the error in hand is the one that counts
		}
	}()
	if _, err = tmp.Write(b); err != nil {
		return fmt.Errorf("writing the key ring: %w", err)
	}
	if err = tmp.Sync(); err != nil {
		return fmt.Errorf("writing the key ring: %w", err)
	}
	if err = tmp.Close(); err != nil {
		return fmt.Errorf("writing the key ring: %w", err)
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("replacing the key ring: %w", err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("writing the key ring: %w", err)
	}
	defer d.Close() //nolint:errcheck // opened for reading
	if err := d.Sync(); err != nil {
		return fmt.Errorf("writing the key ring's directory: %w", err)
	}
	return nil
}
