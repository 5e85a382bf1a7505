package evidence

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
)

// ErrTampered says that a stored row is not one that this system wrote, or not
// the newest that it wrote. Whoever meets it denies (architecture.md, "What is
// promised").
var ErrTampered = errors.New("a stored record is not as this system wrote it")

// TamperedError is ErrTampered with the row that it is about.
type TamperedError struct {
	Ref  Ref
	What string // what does not fit; never a value
}

// Error names the row by its kind and id only; the id of a row that was
// written by hand may be any text (R55).
func (e *TamperedError) Error() string {
	return fmt.Sprintf("%v: %s %s, version %d: %s", ErrTampered, e.Ref.Kind, Opaque(e.Ref.ID), e.Ref.Version, e.What)
}

// Is makes every TamperedError an ErrTampered.
func (*TamperedError) Is(target error) bool { return target == ErrTampered }

// AuthorityKeySize is the length of the raw key of an authority, in bytes.
const AuthorityKeySize = 32

const versionSize = 4

// Authority authenticates what is stored: every version of every record, and
// every entry that waits for its place, carries a tag under a key that the key
// service unwraps into memory. Who can write to the database, and no more, can
// make no tag. It redacts itself and is safe for concurrent use.
type Authority struct {
	keys    map[uint32][]byte
	current uint32
}

// NewAuthority makes an authority of raw keys by version, of which the newest
// signs and all verify. The raw keys may be wiped afterwards.
func NewAuthority(raw map[uint32][]byte) (*Authority, error) {
	if len(raw) == 0 {
		return nil, errors.New("an authority needs a key")
	}
	a := &Authority{keys: make(map[uint32][]byte, len(raw)), current: slices.Max(slices.Collect(maps.Keys(raw)))}
	for version, key := range raw {
		if version == 0 || len(key) != AuthorityKeySize {
			return nil, fmt.Errorf("a key of an authority has a version from 1 and %d bytes", AuthorityKeySize)
		}
		derived, err := hkdf.Key(sha256.New, key, nil, "safeconduct/authority", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("deriving the key of an authority: %w", err)
		}
		a.keys[version] = derived
	}
	return a, nil
}

// Tag authenticates parts, in order, for one use; the version of the key stands
// before it.
func (a *Authority) Tag(use string, parts ...[]byte) []byte {
	return a.tag(a.current, use, parts)
}

// Check reports whether tag is one that Tag made, under any key that is known.
func (a *Authority) Check(tag []byte, use string, parts ...[]byte) bool {
	if len(tag) != versionSize+sha256.Size {
		return false
	}
	version := binary.BigEndian.Uint32(tag)
	if a.keys[version] == nil {
		return false
	}
	return hmac.Equal(tag, a.tag(version, use, parts))
}

func (a *Authority) tag(version uint32, use string, parts [][]byte) []byte {
	mac := hmac.New(sha256.New, a.keys[version])
	var length [8]byte
	for _, part := range append([][]byte{[]byte(use)}, parts...) { // each with its length, so that no two lists look alike
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write(part)
	}
	return mac.Sum(binary.BigEndian.AppendUint32(make([]byte, 0, versionSize+sha256.Size), version))
}

// Derive answers with a key of 32 bytes for one use, the same in every process
// of the system. It changes when the authority gets a new key.
func (a *Authority) Derive(use string) []byte {
	return a.tag(a.current, "derive "+use, nil)[versionSize:]
}

// String redacts.
func (*Authority) String() string { return "[redacted]" }

// GoString redacts.
func (*Authority) GoString() string { return "[redacted]" }

// LogValue redacts.
func (*Authority) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalJSON redacts.
func (*Authority) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }
