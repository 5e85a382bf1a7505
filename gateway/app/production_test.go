package app

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"safeconduct/config"
)

// TestDatabaseTransport: what the driver would do decides, not how the URL is written.
func TestDatabaseTransport(t *testing.T) {
	for _, name := range os.Environ() {
		if key, _, _ := strings.Cut(name, "="); strings.HasPrefix(key, "PG") {
			t.Setenv(key, "")
		}
	}
	for url, fit := range map[string]bool{
		"postgres://u:hunter2@db.example.org/x?sslmode=verify-full":                   true,
		"postgres://u:hunter2@db.example.org/x?sslmode=verify-ca":                     false, // any certificate that the machine's roots signed
		"postgres://u:hunter2@db.example.org/x?sslmode=require":                       false,
		"postgres://u:hunter2@db.example.org/x?sslmode=prefer":                        false,
		"postgres://u:hunter2@db.example.org/x?sslmode=allow":                         false,
		"postgres://u:hunter2@db.example.org/x?sslmode=disable":                       false,
		"postgres://u:hunter2@db.example.org/x":                                       false,
		"postgres://u:hunter2@a.example.org,b.example.org/x?sslmode=verify-full":      true,
		"postgres://u:hunter2@127.0.0.1,db.example.org/x?sslmode=disable":             false,
		"postgres://u:hunter2@127.0.0.1/x":                                            true,
		"postgres://u:hunter2@[::1]:5433/x?sslmode=disable":                           true,
		"postgres://u:hunter2@localhost/x":                                            true,
		"postgres://u:hunter2@127.0.0.1.example.org/x":                                false,
		"postgres:///x?host=/run/postgresql":                                          true,
		"postgres://u:hunter2@127.0.0.1/x?host=db.example.org":                        false,
		"postgres://u:hunter2@db.example.org/x?sslmode=verify-full&sslrootcert=/none": false,
	} {
		err := checkDatabaseTransport(config.Secret(url))
		if fit && err != nil || !fit && !errors.Is(err, ErrUnfit) || err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
	// With roots of its own verify-ca checks enough: nobody else has a certificate of them.
	roots := "postgres://u:hunter2@db.example.org/x?sslmode=verify-ca&sslrootcert=" + rootFile(t)
	if err := checkDatabaseTransport(config.Secret(roots)); err != nil {
		t.Errorf("verify-ca with sslrootcert: %v", err)
	}
	t.Setenv("PGSSLMODE", "verify-full")
	if err := checkDatabaseTransport("postgres://u:hunter2@db.example.org/x"); err != nil {
		t.Errorf("by the environment: %v", err)
	}
}

// rootFile holds one certificate.
func rootFile(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	path := filepath.Join(t.TempDir(), "root.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
