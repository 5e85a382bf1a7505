package signing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const digestPrefix = "sha256:"

// Digest is the SHA-256 of a canonical document. The zero Digest means none,
// and nothing verifies against it.
type Digest [sha256.Size]byte

// DigestOf is the digest of Canonical(v), with its errors.
func DigestOf(v any) (Digest, error) {
	doc, err := Canonical(v)
	if err != nil {
		return Digest{}, err
	}
	return sha256.Sum256(doc), nil
}

// ParseDigest reads the text form. It takes exactly what String writes, lower
// case only, and answers ErrDigestText to all else.
func ParseDigest(text string) (Digest, error) {
	var d Digest
	digits, ok := strings.CutPrefix(text, digestPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(d)) || strings.ToLower(digits) != digits {
		return Digest{}, ErrDigestText
	}
	if _, err := hex.Decode(d[:], []byte(digits)); err != nil {
		return Digest{}, fmt.Errorf("%w: %w", ErrDigestText, err)
	}
	return d, nil
}

// IsZero reports that there is no digest; encoding/json's omitzero asks it.
func (d Digest) IsZero() bool { return d == Digest{} }

// String is "sha256:" and 64 lower-case hexadecimal digits.
func (d Digest) String() string { return digestPrefix + hex.EncodeToString(d[:]) }

// MarshalText writes the form of String.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form of String, with the errors of ParseDigest.
func (d *Digest) UnmarshalText(text []byte) error {
	parsed, err := ParseDigest(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
