package ledgertest

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"sync"

	"safeconduct/transfer/seal"
)

// Keys is a seal.Signer whose keys come from a name: the same name has the
// same keys. It rotates, and fails when told to. Safe for concurrent use.
type Keys struct {
	name string

	mu      sync.Mutex
	version int
	down    error
	signed  int
}

// NewKeys starts at key version 1.
func NewKeys(name string) *Keys { return &Keys{name: name, version: 1} }

// Rotate makes the next version the one that signs.
func (k *Keys) Rotate() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.version++
}

// Use goes back or forth to a version, as a key service never does.
func (k *Keys) Use(version int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.version = version
}

// Fail lets every call fail with err, until Fail(nil).
func (k *Keys) Fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = err
}

// Signed counts signatures made.
func (k *Keys) Signed() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.signed
}

// Sign implements seal.Signer.
func (k *Keys) Sign(ctx context.Context, message []byte) ([]byte, int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.unable(ctx); err != nil {
		return nil, 0, err
	}
	k.signed++
	return ed25519.Sign(k.private(k.version), message), k.version, nil
}

// PublicKeys implements seal.Signer.
func (k *Keys) PublicKeys(ctx context.Context) ([]seal.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.unable(ctx); err != nil {
		return nil, err
	}
	return k.public(), nil
}

// Public is PublicKeys for a test, which cannot fail.
func (k *Keys) Public() []seal.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.public()
}

func (k *Keys) public() []seal.PublicKey {
	var list []seal.PublicKey
	for version := 1; version <= k.version; version++ {
		list = append(list, seal.PublicKey{Version: version, Key: k.private(version).Public().(ed25519.PublicKey)}) // documented by crypto/ed25519
	}
	return list
}

func (k *Keys) private(version int) ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Appendf(nil, "%s/%d", k.name, version))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (k *Keys) unable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return k.down
}
