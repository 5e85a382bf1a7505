package localkeys

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/lockedfile"

	"safeconduct/transfer/seal"
)

// Ring is a key ring in a file. It is safe for concurrent use, in one process
// and by several. It prints and logs as its path only.
type Ring struct {
	path string

	mu     sync.RWMutex
	loaded fs.FileInfo // the file that content came from
	keys   *content
}

var (
	_ seal.KeyWrapper = (*Ring)(nil)
	_ seal.KeyKeeper  = (*Ring)(nil)
)

// Open opens the ring at path, and creates one, with the first version of the
// log's key, if there is none. The directory must exist. A file that is not
// regular, not of mode 0600, or not a ring is refused.
func Open(path string) (*Ring, error) {
	r, err := OpenExisting(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	r = &Ring{path: filepath.Clean(path)}
	err = r.update(func(*content) error { return nil })
	return r, err
}

// OpenExisting is Open for a ring that must exist; else the error is
// fs.ErrNotExist. For data that was sealed before, a new ring is of no use.
func OpenExisting(path string) (*Ring, error) {
	r := &Ring{path: filepath.Clean(path)}
	if _, err := r.current(); err != nil {
		return nil, err
	}
	return r, nil
}

// String returns the ring's path.
func (r *Ring) String() string { return "key ring " + r.path }

// GoString returns the ring's path.
func (r *Ring) GoString() string { return r.String() }

// LogValue returns the ring's path.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalJSON returns the ring's path.
func (r *Ring) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", r.String()), nil }

// current returns the content of the file as it is now. The content is shared
// and never changed.
func (r *Ring) current() (*content, error) {
	info, err := os.Lstat(r.path)
	if err != nil {
		return nil, fmt.Errorf("opening the key ring: %w", err)
	}
	r.mu.RLock()
	keys, loaded := r.keys, r.loaded
	r.mu.RUnlock()
	if keys != nil && sameFile(loaded, info) {
		return keys, nil
	}
	return r.load()
}

// sameFile tells a file from its replacement: an inode may be used again, the
// time may be coarse, both with the same size is a copy.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}

func (r *Ring) load() (*content, error) {
	keys, info, err := readFile(r.path, private)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.keys, r.loaded = keys, info
	r.mu.Unlock()
	return keys, nil
}

// update changes the ring: under the lock of the file, on its newest content,
// written before update returns. If change fails nothing is written.
func (r *Ring) update(change func(*content) error) error {
	unlock, err := lockedfile.MutexAt(r.path + ".lock").Lock()
	if err != nil {
		return fmt.Errorf("locking the key ring: %w", err)
	}
	defer unlock()
	keys, _, err := readFile(r.path, private)
	if errors.Is(err, fs.ErrNotExist) {
		// A ring that was open and is gone was moved or lost: to begin anew
		// would hide that, and orphan whatever is wrapped under it.
		if r.opened() {
			return err
		}
		keys, err = newContent(), nil
	}
	if err != nil {
		return err
	}
	if err := change(keys); err != nil {
		return err
	}
	if err := writeFile(r.path, keys); err != nil {
		return err
	}
	_, err = r.load()
	return err
}

func (r *Ring) opened() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys != nil
}

// NewDataKey implements seal.KeyWrapper.
func (r *Ring) NewDataKey(ctx context.Context, name seal.KeyName, b seal.Binding) (seal.DataKey, seal.Wrapped, error) {
	k, err := r.find(ctx, name, b)
	if err != nil {
		return seal.DataKey{}, "", err
	}
	raw := make([]byte, seal.DataKeySize)
	defer clear(raw)
	_, _ = rand.Read(raw) // never fails; a key's randomness is not injected
	wrapped, err := k.wrap(name, b, raw)
	if err != nil {
		return seal.DataKey{}, "", err
	}
	key, err := seal.NewDataKey(raw)
	return key, wrapped, err
}

// Unwrap implements seal.KeyWrapper.
func (r *Ring) Unwrap(ctx context.Context, name seal.KeyName, b seal.Binding, w seal.Wrapped) (seal.DataKey, error) {
	k, err := r.find(ctx, name, b)
	if err != nil {
		return seal.DataKey{}, err
	}
	return k.unwrap(name, b, w)
}

// Ensure implements seal.KeyKeeper.
func (r *Ring) Ensure(ctx context.Context, name seal.KeyName) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	keys, err := r.current()
	if err != nil || keys.Keys[name] != nil {
		return err
	}
	return r.update(func(c *content) error {
		if c.Keys[name] == nil {
			c.Keys[name] = &kek{Min: 1, Versions: map[int]secret{1: newSecret()}}
		}
		return nil
	})
}

// Rotate implements seal.KeyKeeper.
func (r *Ring) Rotate(ctx context.Context, name seal.KeyName) (version int, err error) {
	err = r.change(ctx, name, func(k *kek) error {
		version = k.latest() + 1
		k.Versions[version] = newSecret()
		return nil
	})
	return version, err
}

// Rewrap implements seal.KeyKeeper.
func (r *Ring) Rewrap(ctx context.Context, name seal.KeyName, b seal.Binding, w seal.Wrapped) (seal.Wrapped, error) {
	k, err := r.find(ctx, name, b)
	if err != nil {
		return "", err
	}
	key, err := k.unwrap(name, b, w)
	if err != nil {
		return "", err
	}
	defer key.Destroy()
	return k.wrap(name, b, key.Bytes())
}

// Trim implements seal.KeyKeeper. The file no longer holds the trimmed
// versions; what the disk, its snapshots and backups keep is out of its reach.
func (r *Ring) Trim(ctx context.Context, name seal.KeyName, minVersion int) error {
	return r.change(ctx, name, func(k *kek) error {
		if minVersion < 1 || minVersion > k.latest() {
			return fmt.Errorf("trimming %s below version %d (the newest is %d): %w", name, minVersion, k.latest(), seal.ErrInvalid)
		}
		for v := range k.Versions {
			if v < minVersion {
				delete(k.Versions, v)
			}
		}
		k.Min = max(k.Min, minVersion)
		return nil
	})
}

func (r *Ring) change(ctx context.Context, name seal.KeyName, change func(*kek) error) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	return r.update(func(c *content) error {
		k := c.Keys[name]
		if k == nil {
			return fmt.Errorf("key %s: %w", name, seal.ErrKeyUnknown)
		}
		return change(k)
	})
}

func (r *Ring) find(ctx context.Context, name seal.KeyName, b seal.Binding) (*kek, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	if err := b.Validate(); err != nil {
		return nil, err
	}
	keys, err := r.current()
	if err != nil {
		return nil, err
	}
	k := keys.Keys[name]
	if k == nil {
		return nil, fmt.Errorf("key %s: %w", name, seal.ErrKeyUnknown)
	}
	return k, nil
}

func check(ctx context.Context, name seal.KeyName) error {
	if ctx.Err() != nil {
		return fmt.Errorf("using the key ring: %w", context.Cause(ctx))
	}
	return name.Validate()
}
