package signing

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// PublicKey is the Ed25519 key with which a signatory's signatures verify. The
// zero PublicKey verifies nothing. It is immutable and comparable.
type PublicKey struct {
	bytes [ed25519.PublicKeySize]byte
}

// NewPublicKey takes the 32 bytes of an Ed25519 key. It refuses, with ErrKey,
// other lengths and the points of small order, under which one signature
// verifies for many documents, so that its owner could deny any of them.
func NewPublicKey(key ed25519.PublicKey) (PublicKey, error) {
	if len(key) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("%w: %d bytes instead of %d", ErrKey, len(key), ed25519.PublicKeySize)
	}
	if smallOrder(key) {
		return PublicKey{}, fmt.Errorf("%w: point of small order", ErrKey)
	}
	return PublicKey{bytes: [ed25519.PublicKeySize]byte(key)}, nil
}

// smallOrderPoints are the encodings of y of the eight points of small order,
// canonical or not, without the sign bit (RFC 8032 section 5.1.2).
func smallOrderPoints() [7]string {
	return [7]string{
		"0000000000000000000000000000000000000000000000000000000000000000", // y = 0, order 4
		"0100000000000000000000000000000000000000000000000000000000000000", // y = 1, order 1
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p-1, order 2
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p, that is 0
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p+1, that is 1
	}
}

func smallOrder(key ed25519.PublicKey) bool {
	y := bytes.Clone(key)
	y[len(y)-1] &= 0x7f
	points := smallOrderPoints()
	return slices.Contains(points[:], hex.EncodeToString(y))
}

// Bytes is a copy of the raw key, for crypto/ed25519.
func (k PublicKey) Bytes() ed25519.PublicKey { return bytes.Clone(k.bytes[:]) }

// IsZero reports that there is no key.
func (k PublicKey) IsZero() bool { return k == PublicKey{} }

// Thumbprint is the key's id: the RFC 7638 SHA-256 thumbprint of its JWK (RFC
// 8037 section 2), in base64url without padding.
func (k PublicKey) Thumbprint() string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + k.x() + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// String is the thumbprint.
func (k PublicKey) String() string { return k.Thumbprint() }

func (k PublicKey) x() string { return base64.RawURLEncoding.EncodeToString(k.bytes[:]) }

// MarshalJSON writes the JWK (RFC 8037 section 2) with its thumbprint as kid.
func (k PublicKey) MarshalJSON() ([]byte, error) {
	if k.IsZero() {
		return []byte("null"), nil
	}
	jwk := struct {
		Crv string `json:"crv"`
		Kid string `json:"kid"`
		Kty string `json:"kty"`
		X   string `json:"x"`
	}{"Ed25519", k.Thumbprint(), "OKP", k.x()}
	out, err := json.Marshal(jwk)
	if err != nil {
		return nil, fmt.Errorf("marshal key: %w", err)
	}
	return out, nil
}

// UnmarshalJSON reads a JWK, with the errors of ParseJWK.
func (k *PublicKey) UnmarshalJSON(raw []byte) error {
	parsed, err := ParseJWK(raw)
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// ParseJWK reads a public JWK of kty OKP and crv Ed25519. It answers ErrKey to
// every other key, to a private one (which must never be sent here), to a
// duplicate member, and where kid, use or alg are present and contradict it.
// Other members are ignored (RFC 7517 section 4).
func ParseJWK(raw []byte) (PublicKey, error) {
	if _, err := canonicalJSON(raw); err != nil {
		return PublicKey{}, fmt.Errorf("%w: not a JSON Web Key", ErrKey)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return PublicKey{}, fmt.Errorf("%w: not a JSON Web Key", ErrKey)
	}
	if _, private := members["d"]; private {
		return PublicKey{}, fmt.Errorf("%w: private key where a public one belongs", ErrKey)
	}
	text := func(name string) string {
		var s string
		if err := json.Unmarshal(members[name], &s); err != nil {
			return ""
		}
		return s
	}
	if text("kty") != "OKP" || text("crv") != "Ed25519" {
		return PublicKey{}, fmt.Errorf("%w: not kty OKP, crv Ed25519", ErrKey)
	}
	point, err := decodeSegment(text("x"))
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w: member x", ErrKey)
	}
	key, err := NewPublicKey(point)
	if err != nil {
		return PublicKey{}, err
	}
	for name, allowed := range map[string][]string{
		"kid": {key.Thumbprint()}, "use": {"sig"}, "alg": {"EdDSA", "Ed25519"},
	} {
		if _, present := members[name]; present && !slices.Contains(allowed, text(name)) {
			return PublicKey{}, fmt.Errorf("%w: member %s contradicts the key", ErrKey, name)
		}
	}
	return key, nil
}
