package signing

import (
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	maxKeyFile      = 16 << 10
	privateFileMode = 0o600
	publicFileMode  = 0o644
	othersMayUse    = 0o077
)

// LoadPrivateKey reads a PKCS#8 PEM file. It answers ErrKeyFile, before a byte
// is read, to a file that group or others may use in any way and to anything
// but a plain file; ErrKey to a content that is no Ed25519 key.
func LoadPrivateKey(path string) (PrivateKey, error) {
	file, err := os.Open(path)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("open key file: %w", err)
	}
	key, err := readPrivateKey(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return PrivateKey{}, fmt.Errorf("load %s: %w", path, err)
	}
	return key, nil
}

func readPrivateKey(file *os.File) (PrivateKey, error) {
	info, err := file.Stat()
	if err != nil {
		return PrivateKey{}, fmt.Errorf("read mode: %w", err)
	}
	if !info.Mode().IsRegular() {
		return PrivateKey{}, fmt.Errorf("%w: not a plain file", ErrKeyFile)
	}
	if mode := info.Mode().Perm(); mode&othersMayUse != 0 {
		return PrivateKey{}, fmt.Errorf("%w: mode is %04o; run chmod 600", ErrKeyFile, mode)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return PrivateKey{}, fmt.Errorf("read: %w", err)
	}
	defer clear(text)
	return ParsePrivateKeyPEM(text)
}

// SavePrivateKey writes a PKCS#8 PEM file of mode 0600 and syncs it. It never
// overwrites: where path exists the error is fs.ErrExist.
func SavePrivateKey(path string, key PrivateKey) error {
	text, err := key.EncodePEM()
	if err != nil {
		return err
	}
	defer clear(text)
	return saveNew(path, text, privateFileMode)
}

// SavePublicKey writes a PKIX PEM file of mode 0644, and never overwrites.
func SavePublicKey(path string, key PublicKey) error {
	text, err := key.EncodePEM()
	if err != nil {
		return err
	}
	return saveNew(path, text, publicFileMode)
}

// LoadPublicKey reads a PKIX PEM file; ErrKey if it holds no Ed25519 key.
func LoadPublicKey(path string) (PublicKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return PublicKey{}, fmt.Errorf("read public key: %w", err)
	}
	key, err := ParsePublicKeyPEM(text)
	if err != nil {
		return PublicKey{}, fmt.Errorf("load %s: %w", path, err)
	}
	return key, nil
}

func saveNew(path string, text []byte, mode os.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("create key file: %w", err)
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write key file: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}
