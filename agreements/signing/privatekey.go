package signing

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	pemPrivate = "PRIVATE KEY" // PKCS#8, RFC 5958
	pemPublic  = "PUBLIC KEY"  // PKIX, RFC 5280
	redacted   = "[redacted]"
)

// PrivateKey signs. It shows itself to nothing: every way of printing, logging
// or marshalling it gives "[redacted]".
type PrivateKey struct {
	// A function, because fmt does not ask an unexported field of somebody
	// else's struct to format itself, and under a wrong verb it follows even
	// pointers. Of a function it can show no more than the address.
	seed func() [ed25519.SeedSize]byte
}

func fromSeed(seed [ed25519.SeedSize]byte) PrivateKey {
	return PrivateKey{seed: func() [ed25519.SeedSize]byte { return seed }}
}

// GenerateKey makes a key from 32 bytes of random, which must be a
// cryptographic source (crypto/rand.Reader outside tests).
func GenerateKey(random io.Reader) (PrivateKey, error) {
	var seed [ed25519.SeedSize]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return PrivateKey{}, fmt.Errorf("read randomness for a key: %w", err)
	}
	return fromSeed(seed), nil
}

// expand is the key as crypto/ed25519 wants it; ErrKey for the zero key.
func (k PrivateKey) expand() (ed25519.PrivateKey, error) {
	if k.seed == nil {
		return nil, fmt.Errorf("%w: no private key", ErrKey)
	}
	seed := k.seed()
	return ed25519.NewKeyFromSeed(seed[:]), nil
}

// Public is the key with which this one's signatures verify; the zero
// PublicKey for the zero PrivateKey.
func (k PrivateKey) Public() PublicKey {
	key, err := k.expand()
	if err != nil {
		return PublicKey{}
	}
	return PublicKey{bytes: [ed25519.PublicKeySize]byte(key[ed25519.SeedSize:])}
}

// Format redacts under every verb.
func (PrivateKey) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, redacted) // fmt.State records its own failures
}

// String redacts.
func (PrivateKey) String() string { return redacted }

// GoString redacts.
func (PrivateKey) GoString() string { return redacted }

// MarshalText redacts.
func (PrivateKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON redacts.
func (PrivateKey) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// LogValue redacts.
func (PrivateKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// EncodePEM writes the key in clear as PKCS#8 PEM. The caller keeps it secret.
func (k PrivateKey) EncodePEM() ([]byte, error) {
	key, err := k.expand()
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der}), nil
}

// ParsePrivateKeyPEM reads one PKCS#8 PEM block and nothing after it. It
// answers ErrKey to every other content, which it never repeats.
func ParsePrivateKeyPEM(text []byte) (PrivateKey, error) {
	der, err := onePEM(text, pemPrivate)
	if err != nil {
		return PrivateKey{}, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("%w: not PKCS#8", ErrKey)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return PrivateKey{}, fmt.Errorf("%w: another kind of key", ErrKey)
	}
	return fromSeed([ed25519.SeedSize]byte(key.Seed())), nil
}

// EncodePEM writes the key as PKIX PEM.
func (k PublicKey) EncodePEM() ([]byte, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("encode public key: %w", ErrKey)
	}
	der, err := x509.MarshalPKIXPublicKey(k.Bytes())
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: der}), nil
}

// ParsePublicKeyPEM reads one PKIX PEM block and nothing after it, and answers
// ErrKey to every other content.
func ParsePublicKeyPEM(text []byte) (PublicKey, error) {
	der, err := onePEM(text, pemPublic)
	if err != nil {
		return PublicKey{}, err
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w: not PKIX", ErrKey)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return PublicKey{}, fmt.Errorf("%w: another kind of key", ErrKey)
	}
	return NewPublicKey(key)
}

func onePEM(text []byte, kind string) ([]byte, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != kind || len(block.Headers) != 0 ||
		!strings.HasPrefix(strings.TrimSpace(string(text)), "-----BEGIN ") || strings.TrimSpace(string(rest)) != "" {
		return nil, fmt.Errorf("%w: expected one PEM block %q and nothing else", ErrKey, kind)
	}
	return block.Bytes, nil
}
