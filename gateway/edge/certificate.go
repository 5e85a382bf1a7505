package edge

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
)

// modernSuites are those of TLS 1.2; 1.3 has its own.
func modernSuites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// certificate is the pair of files that the API proves itself with. It is read again when a file is not what it was, so
// that a renewed certificate needs no restart (R50).
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu   sync.Mutex
	pair *tls.Certificate
	seen [2]fs.FileInfo // as they were when they were last tried
}

// newCertificate reads the pair, which must be whole at the start.
func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	c.seen, _ = c.look() // a file that is missing is told by reading it
	if err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

// current is for tls.Config.GetCertificate. A pair that cannot be read, as half way through a renewal, leaves the one
// before in use until a file changes again.
func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, err := c.look()
	if err != nil || same(now, c.seen) {
		return c.pair, nil // files that are gone for a moment do not stop the service
	}
	c.seen = now
	if err := c.read(); err != nil {
		c.log.Error("the renewed certificate cannot be used; the one before stays in use", "error", err)
	} else {
		c.log.Info("the certificate was renewed", "not_after", c.pair.Leaf.NotAfter)
	}
	return c.pair, nil
}

func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("reading tls_cert_file and tls_key_file: %w", err)
	}
	c.pair = &pair
	return nil
}

func (c *certificate) look() (seen [2]fs.FileInfo, err error) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if seen[i], err = os.Stat(file); err != nil {
			return seen, fmt.Errorf("looking at the certificate: %w", err)
		}
	}
	return seen, nil
}

func same(a, b [2]fs.FileInfo) bool {
	for i := range a {
		if b[i] == nil || !os.SameFile(a[i], b[i]) || !a[i].ModTime().Equal(b[i].ModTime()) || a[i].Size() != b[i].Size() {
			return false
		}
	}
	return true
}
