package edge_test

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"os"
	"testing"
	"time"

	"safeconduct/gateway/edge"
	"safeconduct/gateway/edge/edgetest"
)

// shown is the digest of the certificate that a new connection is shown.
func shown(t *testing.T, address string, change func(*tls.Config)) ([32]byte, error) {
	t.Helper()
	c := &tls.Config{InsecureSkipVerify: true} // the certificate itself is compared
	change(c)
	conn, err := (&tls.Dialer{Config: c}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return [32]byte{}, err
	}
	defer func() { _ = conn.Close() }()
	return sha256.Sum256(conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw), nil
}

// replace puts a file in the place of another at once, as those that renew certificates do.
func replace(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err := errors.Join(err, os.WriteFile(to+".new", b, 0o600), os.Rename(to+".new", to)); err != nil {
		t.Fatal(err)
	}
}

func TestCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	cert, key := edgetest.Certificate(t)
	newCert, newKey := edgetest.Certificate(t)
	b := newBench(t, func(c *edge.Config, _ *edge.Deps) { c.TLSCertFile, c.TLSKeyFile = cert, key })
	stop, ended := start(t, b)
	look := func() [32]byte {
		t.Helper()
		digest, err := shown(t, b.Addr().String(), func(*tls.Config) {})
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	first := look()
	t.Run("R50 half a renewal leaves the certificate before", func(t *testing.T) {
		replace(t, newCert, cert)
		if look() != first {
			t.Error("another certificate is shown")
		}
	})
	var second [32]byte
	t.Run("R50 the renewed one is shown without a restart", func(t *testing.T) {
		replace(t, newKey, key)
		if second = look(); second == first {
			t.Error("the old certificate is shown")
		}
	})
	t.Run("R50 rubbish and a missing file leave it", func(t *testing.T) {
		if err := os.WriteFile(cert, []byte("rubbish"), 0o600); err != nil {
			t.Fatal(err)
		}
		if look() != second {
			t.Error("another certificate is shown")
		}
		if err := os.Remove(cert); err != nil {
			t.Fatal(err)
		}
		if look() != second {
			t.Error("another certificate is shown")
		}
	})
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.1": func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
		"a suite without authenticated encryption": func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
		},
	} {
		t.Run("R50 "+name+" is refused", func(t *testing.T) {
			if _, err := shown(t, b.Addr().String(), change); err == nil {
				t.Error("a connection is made")
			}
		})
	}
	t.Run("R50 TLS 1.2 is enough", func(t *testing.T) {
		if _, err := shown(t, b.Addr().String(), func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }); err != nil {
			t.Error(err)
		}
	})
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not stop")
	}
}
