package app

import (
	"errors"
	"os"
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
		"postgres://u:hunter2@db.example.org/x?sslmode=verify-ca":                     true,
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
	t.Setenv("PGSSLMODE", "verify-full")
	if err := checkDatabaseTransport("postgres://u:hunter2@db.example.org/x"); err != nil {
		t.Errorf("by the environment: %v", err)
	}
}
