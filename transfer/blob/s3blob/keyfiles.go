package s3blob

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// maxSecret bounds the files that hold keys, in bytes.
const maxSecret = 4096

// secret redacts itself wherever it is printed.
type secret string

func (secret) String() string               { return "[redacted]" }
func (secret) GoString() string             { return "[redacted]" }
func (secret) LogValue() slog.Value         { return slog.StringValue("[redacted]") }
func (secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

func readSecret(key, file string) (secret, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return "", fmt.Errorf("%s is no key file: it must be a file of at most %d bytes", key, maxSecret)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return "", fmt.Errorf("%s is empty: write the key into the file that it names", key)
	}
	return secret(text), nil
}

// keyFiles are credentials that lie in two files. They are read again when a file is not what it was, so that keys can be
// replaced under a running process.
type keyFiles struct {
	access, secret string

	mu   sync.Mutex
	seen [2]fs.FileInfo // as they were when they were read
}

// Retrieve implements credentials.Provider.
func (k *keyFiles) Retrieve() (credentials.Value, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = [2]fs.FileInfo{}
	before, err := k.look() // before reading: what changes meanwhile is read again
	if err != nil {
		return credentials.Value{}, err
	}
	id, err := readSecret("access_key_file", k.access)
	if err != nil {
		return credentials.Value{}, err
	}
	key, err := readSecret("secret_key_file", k.secret)
	if err != nil {
		return credentials.Value{}, err
	}
	k.seen = before
	return credentials.Value{AccessKeyID: string(id), SecretAccessKey: string(key), SignerType: credentials.SignatureV4}, nil
}

// RetrieveWithCredContext implements credentials.Provider.
func (k *keyFiles) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	return k.Retrieve()
}

// IsExpired implements credentials.Provider. It is asked before every request.
func (k *keyFiles) IsExpired() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, err := k.look()
	if err != nil {
		return true
	}
	for i, info := range now {
		was := k.seen[i]
		if was == nil || !os.SameFile(was, info) || !was.ModTime().Equal(info.ModTime()) || was.Size() != info.Size() {
			return true
		}
	}
	return false
}

func (k *keyFiles) look() ([2]fs.FileInfo, error) {
	access, err := os.Stat(k.access)
	if err != nil {
		return [2]fs.FileInfo{}, fmt.Errorf("access_key_file: %w", err)
	}
	secret, err := os.Stat(k.secret)
	if err != nil {
		return [2]fs.FileInfo{}, fmt.Errorf("secret_key_file: %w", err)
	}
	return [2]fs.FileInfo{access, secret}, nil
}

// check reads the keys once, so that a file that cannot be is told at the start.
func (k *keyFiles) check() error {
	if k.access == "" || k.secret == "" {
		return errors.New("access_key_file or secret_key_file is missing: name the files that hold the two halves of the key")
	}
	_, err := k.Retrieve()
	return err
}
