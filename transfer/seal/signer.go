package seal

import (
	"context"
	"crypto/ed25519"
)

// Signer signs for the evidence log with Ed25519 (RFC 8032, pure: the message
// itself, not a hash of it). The private key never leaves the key service.
// Implementations are safe for concurrent use.
type Signer interface {
	// Sign returns the signature of 64 bytes and the version of the key that
	// made it. Errors: ErrKeyUnknown, ErrDenied, ErrUnavailable.
	Sign(ctx context.Context, message []byte) (signature []byte, version int, err error)
	// PublicKeys returns the key of every version, in order of version. Errors:
	// as Sign.
	PublicKeys(ctx context.Context) ([]PublicKey, error)
}

// PublicKey verifies what the same version signed.
type PublicKey struct {
	Version int
	Key     ed25519.PublicKey
}
