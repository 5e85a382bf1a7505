// Package system lays out a production configuration of Safeconduct on real
// servers, in files as an operator would write them.
package system

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"safeconduct/e2e/servers"
)

// System is one configuration on its own database and bucket.
type System struct {
	Config  string // path of the configuration file
	Bucket  string
	DSN     servers.Secret
	Servers *servers.All
}

// New lays out a fresh database and bucket on the servers, and writes the
// configuration below dir, every secret in a file of its own (mode 0600).
func New(ctx context.Context, all *servers.All, dir string) (*System, error) {
	dsn, err := all.Postgres.NewDatabase(ctx)
	if err != nil {
		return nil, fmt.Errorf("making a database: %w", err)
	}
	bucket, err := all.MinIO.NewBucket(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("making a bucket: %w", err)
	}
	s := &System{Config: filepath.Join(dir, "safeconduct.yaml"), Bucket: bucket, DSN: dsn, Servers: all}
	return s, s.write(dir)
}

func (s *System) write(dir string) error {
	secrets := map[string]string{
		"database-url": s.DSN.Reveal(), "s3-access-key": s.Servers.MinIO.AccessKey, "s3-secret-key": s.Servers.MinIO.SecretKey.Reveal(),
	}
	for name, secret := range secrets {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
			return fmt.Errorf("writing a secret: %w", err)
		}
	}
	endpoint, err := url.Parse(s.Servers.MinIO.Endpoint)
	if err != nil {
		return fmt.Errorf("reading the address of the object store: %w", err)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(map[string]any{
		"profile": "production",
		"server": map[string]any{
			"listen": "127.0.0.1:0", "trusted_proxies": []string{"127.0.0.1"}, "allowed_hosts": []string{"localhost", "127.0.0.1"},
		},
		"database": map[string]any{"url_file": filepath.Join(dir, "database-url")},
		"vault": map[string]any{
			"address": s.Servers.Vault.Address, "role_id_file": s.Servers.Vault.Role.RoleIDFile, "secret_id_file": s.Servers.Vault.Role.SecretIDFile,
		},
		"s3": map[string]any{
			"endpoint": endpoint.Host, "bucket": s.Bucket, "region": servers.Region, "insecure": endpoint.Scheme == "http",
			"access_key_file": filepath.Join(dir, "s3-access-key"), "secret_key_file": filepath.Join(dir, "s3-secret-key"),
		},
		"log": map[string]any{"origin": "safeconduct.test/log"},
	}); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return os.WriteFile(s.Config, out.Bytes(), 0o600)
}
