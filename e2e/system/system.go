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
	"safeconduct/gateway/duty"
)

// System is one configuration on its own database and bucket.
type System struct {
	Config  string // path of the configuration file
	Bucket  string
	DSN     servers.Secret
	Servers *servers.All
	// Logins are the files with the login of each duty.
	Logins map[string]Login

	dir string
}

// Login names the files that hold the login of one duty, as the configuration
// does. The sequencer has no keys of the object store.
type Login struct {
	RoleIDFile      string `yaml:"role_id_file"`
	SecretIDFile    string `yaml:"secret_id_file"`
	S3AccessKeyFile string `yaml:"s3_access_key_file,omitempty"`
	S3SecretKeyFile string `yaml:"s3_secret_key_file,omitempty"`
}

// New lays out a fresh database and bucket on the servers, with a login for each
// duty, and writes the configuration below dir, every secret in a file of its own
// (mode 0600).
func New(ctx context.Context, all *servers.All, dir string) (*System, error) {
	dsn, err := all.Postgres.NewDatabase(ctx)
	if err != nil {
		return nil, fmt.Errorf("making a database: %w", err)
	}
	bucket, err := all.MinIO.NewBucket(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("making a bucket: %w", err)
	}
	s := &System{
		Bucket: bucket, DSN: dsn, Servers: all, Logins: map[string]Login{}, dir: dir,
	}
	for _, d := range servers.Duties() {
		if err := s.enrol(ctx, d); err != nil {
			return nil, err
		}
	}
	if _, err := s.secret("database-url", s.DSN.Reveal()); err != nil {
		return nil, err
	}
	settings, err := s.Settings()
	if err != nil {
		return nil, err
	}
	s.Config, err = s.Write("safeconduct.yaml", settings)
	return s, err
}

// enrol makes the login of a duty.
func (s *System) enrol(ctx context.Context, d string) error {
	role, err := s.Servers.Vault.DutyRole(ctx, d)
	if err != nil {
		return fmt.Errorf("making the role of duty %s: %w", d, err)
	}
	login := Login{RoleIDFile: role.RoleIDFile, SecretIDFile: role.SecretIDFile}
	if d != string(duty.Sequencer) {
		key, err := s.Servers.MinIO.DutyUser(ctx, d, s.Bucket)
		if err != nil {
			return err
		}
		if login.S3AccessKeyFile, err = s.secret(d+"-s3-access-key", key.AccessKey); err != nil {
			return err
		}
		if login.S3SecretKeyFile, err = s.secret(d+"-s3-secret-key", key.SecretKey.Reveal()); err != nil {
			return err
		}
	}
	s.Logins[d] = login
	return nil
}

func (s *System) secret(name, content string) (string, error) {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("writing a secret: %w", err)
	}
	return path, nil
}

// Settings are the configuration as a tree, for tests that change it.
func (s *System) Settings() (map[string]any, error) {
	endpoint, err := url.Parse(s.Servers.MinIO.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the object store: %w", err)
	}
	return map[string]any{
		"profile": "production",
		"server": map[string]any{
			"listen": "127.0.0.1:0", "trusted_proxies": []string{"127.0.0.1"}, "allowed_hosts": []string{"localhost", "127.0.0.1"},
		},
		"database": map[string]any{"url_file": filepath.Join(s.dir, "database-url")},
		"vault":    map[string]any{"address": s.Servers.Vault.Address},
		"s3": map[string]any{
			"endpoint": endpoint.Host, "bucket": s.Bucket, "region": servers.Region, "insecure": endpoint.Scheme == "http",
		},
		"duties": s.Logins,
		"log":    map[string]any{"origin": "safeconduct.test/log"},
	}, nil
}

// Write writes a configuration beside the others, and answers with its path.
func (s *System) Write(name string, settings map[string]any) (string, error) {
	return WriteTo(s.dir, name, settings)
}

// WriteTo writes a configuration into a folder (mode 0600), and answers with its path.
func WriteTo(dir, name string, settings map[string]any) (string, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(settings); err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("writing the configuration: %w", err)
	}
	return path, nil
}
