package localkeys

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"

	"safeconduct/transfer/seal"
)

// LogSigner signs for the evidence log with the ring's Ed25519 key.
type LogSigner struct{ ring *Ring }

var _ seal.Signer = (*LogSigner)(nil)

// LogSigner returns the signer of r.
func (r *Ring) LogSigner() *LogSigner { return &LogSigner{r} }

// Sign implements seal.Signer, with the newest version.
func (s *LogSigner) Sign(ctx context.Context, message []byte) ([]byte, int, error) {
	if ctx.Err() != nil {
		return nil, 0, fmt.Errorf("signing: %w", context.Cause(ctx))
	}
	c, err := s.ring.current()
	if err != nil {
		return nil, 0, err
	}
	version := len(c.Log) // contiguous from 1
	key := ed25519.NewKeyFromSeed(c.Log[version])
	defer clear(key)
	return ed25519.Sign(key, message), version, nil
}

// PublicKeys implements seal.Signer.
func (s *LogSigner) PublicKeys(ctx context.Context) ([]seal.PublicKey, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("reading the log's keys: %w", context.Cause(ctx))
	}
	c, err := s.ring.current()
	if err != nil {
		return nil, err
	}
	return c.publicKeys(), nil
}

// Rotate adds a version, which Sign uses from then on, and returns its number.
// Older versions are kept: their signatures must verify for ever.
func (s *LogSigner) Rotate(ctx context.Context) (version int, err error) {
	if ctx.Err() != nil {
		return 0, fmt.Errorf("rotating the log's key: %w", context.Cause(ctx))
	}
	err = s.ring.update(func(c *content) error {
		version = len(c.Log) + 1
		c.Log[version] = newSecret()
		return nil
	})
	return version, err
}

// PublicKeysOf returns the log's public keys of the ring at path, for verifying
// a log wherever it was copied to. It only reads: the directory may be
// read-only and the file of any mode.
func PublicKeysOf(path string) ([]seal.PublicKey, error) {
	c, _, err := readFile(path, copied)
	if err != nil {
		return nil, err
	}
	return c.publicKeys(), nil
}

func (c *content) publicKeys() []seal.PublicKey {
	var keys []seal.PublicKey
	for _, v := range slices.Sorted(maps.Keys(c.Log)) {
		private := ed25519.NewKeyFromSeed(c.Log[v])
		keys = append(keys, seal.PublicKey{Version: v, Key: private.Public().(ed25519.PublicKey)}) // a documented type
		clear(private)
	}
	return keys
}
