package vaulttransit

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"safeconduct/transfer/seal"
)

// LogSigner signs for the evidence log with one ed25519 transit key, which the
// operator creates (it is not derived, so Ensure refuses it).
type LogSigner struct {
	client *Client
	name   seal.KeyName
}

var _ seal.Signer = (*LogSigner)(nil)

// LogSigner returns the signer with the named key.
func (c *Client) LogSigner(name seal.KeyName) *LogSigner { return &LogSigner{c, name} }

// Sign implements seal.Signer.
func (s *LogSigner) Sign(ctx context.Context, message []byte) ([]byte, int, error) {
	doing := "signing with " + string(s.name)
	if err := s.name.Validate(); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", doing, err)
	}
	a, err := s.client.write(ctx, s.client.vault, doing, "sign/"+string(s.name),
		map[string]any{"input": base64.StdEncoding.EncodeToString(message)})
	if err != nil {
		return nil, 0, err
	}
	text, err := a.text(doing, "signature")
	if err != nil {
		return nil, 0, err
	}
	// A signature is written as a wrapped key is: vault:vN:base64.
	version, signature, err := seal.Wrapped(text).Payload(scheme)
	if err != nil || len(signature) != ed25519.SignatureSize {
		return nil, 0, malformed(doing, "signature (is the key of type ed25519?)")
	}
	return signature, version, nil
}

// PublicKeys implements seal.Signer. A key of another type, or a derived one, is
// an error.
func (s *LogSigner) PublicKeys(ctx context.Context) ([]seal.PublicKey, error) {
	doing := "reading the public keys of " + string(s.name)
	if err := s.name.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	a, err := s.client.read(ctx, doing, "keys/"+string(s.name))
	if err != nil {
		return nil, err
	}
	if a["type"] != "ed25519" || a.flag("derived") {
		return nil, fmt.Errorf("%s: it is not an ed25519 key, or derived: %w", doing, seal.ErrInvalid)
	}
	versions, ok := a["keys"].(map[string]any)
	if !ok || len(versions) == 0 {
		return nil, malformed(doing, "keys")
	}
	keys := map[int]ed25519.PublicKey{}
	for number, v := range versions {
		version, err := strconv.Atoi(number)
		entry, ok := v.(map[string]any)
		if err != nil || version < 1 || !ok {
			return nil, malformed(doing, "keys")
		}
		text, err := answer(entry).text(doing, "public_key")
		if err != nil {
			return nil, err
		}
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, malformed(doing, "public_key")
		}
		keys[version] = key
	}
	sorted := make([]seal.PublicKey, 0, len(keys))
	for _, version := range slices.Sorted(maps.Keys(keys)) {
		sorted = append(sorted, seal.PublicKey{Version: version, Key: keys[version]})
	}
	return sorted, nil
}
