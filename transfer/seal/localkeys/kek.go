package localkeys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"

	"safeconduct/transfer/seal"
)

const scheme = "local"

// secret is 32 bytes: a version of a wrapping key, or an Ed25519 seed. It
// marshals as itself, for the file alone; it prints and logs redacted.
type secret []byte

func newSecret() secret {
	s := make(secret, seal.DataKeySize)
	_, _ = rand.Read(s) // never fails; a key's randomness is not injected
	return s
}

// String returns "[redacted]".
func (secret) String() string { return "[redacted]" }

// GoString returns "[redacted]".
func (secret) GoString() string { return "[redacted]" }

// LogValue returns "[redacted]".
func (secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// kek is one named wrapping key. Versions are contiguous from Min.
type kek struct {
	Min      int            `json:"min"`
	Versions map[int]secret `json:"versions"`
}

func (k *kek) latest() int { return slices.Max(slices.Collect(maps.Keys(k.Versions))) }

func (k *kek) wrap(name seal.KeyName, b seal.Binding, raw []byte) (seal.Wrapped, error) {
	version := k.latest()
	aead, err := k.cipher(version, name, b)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(raw)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return seal.NewWrapped(scheme, version, aead.Seal(nonce, nonce, raw, header(version))), nil
}

func (k *kek) unwrap(name seal.KeyName, b seal.Binding, w seal.Wrapped) (seal.DataKey, error) {
	version, payload, err := w.Payload(scheme)
	if err != nil {
		return seal.DataKey{}, err
	}
	if k.Versions[version] == nil {
		return seal.DataKey{}, fmt.Errorf("key %s has no version %d: %w", name, version, seal.ErrUnwrap)
	}
	aead, err := k.cipher(version, name, b)
	if err != nil {
		return seal.DataKey{}, err
	}
	if len(payload) < aead.NonceSize() {
		return seal.DataKey{}, fmt.Errorf("key %s: too short: %w", name, seal.ErrUnwrap)
	}
	nonce, sealed := payload[:aead.NonceSize()], payload[aead.NonceSize():]
	raw, err := aead.Open(nil, nonce, sealed, header(version))
	if err != nil {
		return seal.DataKey{}, fmt.Errorf("key %s version %d: %w", name, version, seal.ErrUnwrap)
	}
	defer clear(raw)
	key, err := seal.NewDataKey(raw)
	if err != nil {
		return seal.DataKey{}, fmt.Errorf("key %s version %d: %w", name, version, err)
	}
	return key, nil
}

// cipher derives the key of one binding.
func (k *kek) cipher(version int, name seal.KeyName, b seal.Binding) (cipher.AEAD, error) {
	var info []byte
	for _, field := range [][]byte{[]byte("safeconduct/localkeys/v1"), []byte(name), b} {
		info = binary.BigEndian.AppendUint32(info, uint32(len(field))) // names and ids, far below 4 GiB
		info = append(info, field...)
	}
	derived, err := hkdf.Key(sha256.New, k.Versions[version], nil, string(info), seal.DataKeySize)
	if err != nil {
		return nil, fmt.Errorf("deriving from key %s: %w", name, err)
	}
	defer clear(derived)
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("preparing key %s: %w", name, err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("preparing key %s: %w", name, err)
	}
	return aead, nil
}

func header(version int) []byte { return []byte(scheme + ":v" + strconv.Itoa(version)) }
