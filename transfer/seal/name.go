package seal

import (
	"encoding/binary"
	"fmt"
)

const maxKeyName = 80

// KeyName names one key of the key service: "agr-<instrument id>" for a
// safeguard instrument, "mis-<mission id>" for a mission. One to 80 characters
// of a-z, 0-9 and "-": it becomes a path segment of the key service.
type KeyName string

// ParseKeyName returns s as a KeyName, or ErrInvalid.
func ParseKeyName(s string) (KeyName, error) {
	n := KeyName(s)
	return n, n.Validate()
}

// Validate returns ErrInvalid if n is not of the required form. Adapters call
// it before n reaches a path or a file.
func (n KeyName) Validate() error {
	if n == "" || len(n) > maxKeyName {
		return fmt.Errorf("key name of %d characters (1 to %d are allowed): %w", len(n), maxKeyName, ErrInvalid)
	}
	for i := range len(n) {
		if c := n[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("key name with a character other than a-z, 0-9 and \"-\": %w", ErrInvalid)
		}
	}
	return nil
}

// Binding is the context under which a data key is wrapped. It must be given
// again, identical, to unwrap it. It is not secret.
type Binding []byte

// NewBinding encodes parts (an instrument id and a transfer id, say) so that no
// two lists of parts have the same encoding: each part is preceded by its
// length in bytes, as four bytes, big endian.
func NewBinding(parts ...string) Binding {
	var b []byte
	for _, p := range parts {
		b = appendField(b, []byte(p))
	}
	return b
}

// Validate returns ErrInvalid for an empty binding, which binds to nothing.
func (b Binding) Validate() error {
	if len(b) == 0 {
		return fmt.Errorf("empty binding: %w", ErrInvalid)
	}
	return nil
}

// appendField appends field(x) of the format: the length of x, then x.
func appendField(dst, x []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(x))) // ids and constants, far below 4 GiB
	return append(dst, x...)
}
