package seal

import (
	"fmt"
	"io"
	"log/slog"
)

// DataKeySize is the size of a data key in bytes.
const DataKeySize = 32

const redacted = "[redacted]"

// DataKey is the secret under which the payload of one transfer is sealed.
// Copies share the same bytes, so that Destroy reaches them all. It prints,
// marshals and logs as "[redacted]". The zero value holds no key.
type DataKey struct {
	// A closure, because fmt prints what a pointer in another struct's
	// unexported field points to, whatever methods it has.
	reveal func() *[DataKeySize]byte
}

// NewDataKey copies raw, which must be 32 bytes (ErrInvalid). The caller zeroes
// its own copy.
func NewDataKey(raw []byte) (DataKey, error) {
	if len(raw) != DataKeySize {
		return DataKey{}, fmt.Errorf("data key of %d bytes (want %d): %w", len(raw), DataKeySize, ErrInvalid)
	}
	key := [DataKeySize]byte(raw)
	return DataKey{reveal: func() *[DataKeySize]byte { return &key }}, nil
}

// Bytes returns the key itself, not a copy: do not keep it beyond Destroy. It
// is nil for the zero value.
func (k DataKey) Bytes() []byte {
	if k.reveal == nil {
		return nil
	}
	return k.reveal()[:]
}

// Destroy zeroes the key in all its copies. Sealing or opening under it then
// fails with ErrInvalid. Not to be called while the key is in use.
func (k DataKey) Destroy() {
	clear(k.Bytes())
}

// usable reports whether k holds a key. An all-zero key is a destroyed one.
func (k DataKey) usable() error {
	if k.reveal == nil || *k.reveal() == [DataKeySize]byte{} {
		return fmt.Errorf("data key is empty or destroyed: %w", ErrInvalid)
	}
	return nil
}

// String returns "[redacted]".
func (k DataKey) String() string { return redacted }

// GoString returns "[redacted]".
func (k DataKey) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (k DataKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redacted) // fmt offers no way to report it
}

// MarshalJSON returns "[redacted]" as a JSON string.
func (k DataKey) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns "[redacted]".
func (k DataKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (k DataKey) LogValue() slog.Value { return slog.StringValue(redacted) }
