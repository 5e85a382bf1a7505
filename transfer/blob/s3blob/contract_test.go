package s3blob_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"safeconduct/transfer/blob"
	"safeconduct/transfer/blob/blobtest"
	"safeconduct/transfer/blob/s3blob"
)

func TestContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, config(t, newFake(t).start())) })
}

func TestContractUnderAPrefix(t *testing.T) {
	t.Parallel()
	endpoint := newFake(t).start()
	blobtest.Run(t, func(t *testing.T) blob.Store {
		cfg := config(t, endpoint)
		sum := sha256.Sum256([]byte(t.Name()))
		cfg.Prefix = "shared/" + strings.ToLower(string(base32(sum[:8])))
		return open(t, cfg)
	})
}

// base32 writes bytes as lower-case letters.
func base32(in []byte) []byte {
	out := make([]byte, 0, 2*len(in))
	for _, b := range in {
		out = append(out, 'a'+b>>4, 'a'+b&15)
	}
	return out
}

func TestOpenOverTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(newFake(t))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	cfg := config(t, server.Listener.Addr().String())
	cfg.Insecure = false
	_, err := s3blob.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if !errors.Is(err, blob.ErrUnavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("open without its authority: %v", err)
	}
	cfg.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(cfg.CAFile, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, cfg)
	content := blobtest.Content(1, 1<<20)
	if err := s.Create(t.Context(), "a/b", content, blob.DigestOf(content)); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
}

func TestOpenChecksTheBucket(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := config(t, f.start())
	cfg.Bucket = "absent"
	_, err := s3blob.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "create_bucket") {
		t.Errorf("open of no bucket: %v; want the mend", err)
	}
	if n := f.count("PUT"); n != 0 {
		t.Errorf("%d puts", n)
	}
	cfg.CreateBucket = true
	if err := open(t, cfg).Create(t.Context(), "a", nil, blob.DigestOf(nil)); err != nil {
		t.Error(err)
	}
}

func TestKeysAreNeverTold(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	cfg := config(t, newFake(t).start())
	if _, err := s3blob.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Fatal(err)
	}
	cfg.Endpoint = "127.0.0.1:1"
	_, err := s3blob.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(&log, nil)))
	if !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("open of no server: %v", err)
	}
	told := log.String() + err.Error()
	if strings.Contains(told, secretKey) || strings.Contains(told, accessKey) || strings.Contains(told, "Signature") {
		t.Errorf("told: %s", told)
	}
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": " \n", "huge": strings.Repeat("x", 5000)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	endpoint := newFake(t).start()
	for _, file := range []string{filepath.Join(dir, "absent"), filepath.Join(dir, "empty"), filepath.Join(dir, "huge"), dir, ""} {
		cfg := config(t, endpoint)
		cfg.SecretKeyFile = file
		_, err := s3blob.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "secret_key_file") || strings.Contains(err.Error(), "xxx") {
			t.Errorf("%s: %v; want the key named", file, err)
		}
	}
	cfg := config(t, endpoint)
	cfg.Insecure, cfg.CAFile = false, filepath.Join(dir, "huge")
	if _, err := s3blob.Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "ca_file") {
		t.Errorf("no certificate: %v", err)
	}
}

// TestKeysAreReplaced: keys can be replaced under a running process, and a moment without them passes.
func TestKeysAreReplaced(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	cfg := config(t, f.start())
	s := open(t, cfg)
	write := func(file, content string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(cfg.AccessKeyFile, "ANOTHERACCESSKEY")
	if err := s.Create(t.Context(), "a/1", nil, blob.DigestOf(nil)); err == nil || errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("with a key that the server does not know: %v", err)
	}
	write(cfg.AccessKeyFile, accessKey)
	if err := s.Create(t.Context(), "a/2", nil, blob.DigestOf(nil)); err != nil {
		t.Errorf("with the key back: %v", err)
	}
	if err := os.Remove(cfg.SecretKeyFile); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), "a/3", nil, blob.DigestOf(nil)); !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("without a key: %v", err)
	}
	write(cfg.SecretKeyFile, secretKey)
	if err := s.Create(t.Context(), "a/4", nil, blob.DigestOf(nil)); err != nil {
		t.Errorf("with both: %v", err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := s3blob.Config{Endpoint: "s3.example.org:9000", Bucket: "sealed"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for key, spoil := range map[string][]func(*s3blob.Config){
		"endpoint": {
			func(c *s3blob.Config) { c.Endpoint = "" },
			func(c *s3blob.Config) { c.Endpoint = "https://s3.example.org" },
			func(c *s3blob.Config) { c.Endpoint = "s3.example.org/bucket" },
			func(c *s3blob.Config) { c.Endpoint = "user:pass@s3.example.org:9000" },
			func(c *s3blob.Config) { c.Endpoint = ":9000" },
			func(c *s3blob.Config) { c.Endpoint = "s3.example.org:" },
		},
		"bucket": {
			func(c *s3blob.Config) { c.Bucket = "" },
			func(c *s3blob.Config) { c.Bucket = "UPPER" },
			func(c *s3blob.Config) { c.Bucket = "a..b" },
			func(c *s3blob.Config) { c.Bucket = "a/b" },
		},
		"region": {func(c *s3blob.Config) { c.Region = "Mars 1" }},
		"prefix": {
			func(c *s3blob.Config) { c.Prefix = "a/" },
			func(c *s3blob.Config) { c.Prefix = "../a" },
		},
		"ca_file": {func(c *s3blob.Config) { c.CAFile, c.Insecure = "ca.pem", true }},
		"timeout": {func(c *s3blob.Config) { c.Timeout = -time.Second }},
	} {
		for i, change := range spoil {
			bad := good
			change(&bad)
			err := bad.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), key+" ") || !strings.Contains(err.Error(), ": ") {
				t.Errorf("%s, case %d: %v; want the key and the mend", key, i, err)
			}
		}
	}
	all := s3blob.Config{Timeout: -1}.Validate()
	if lines := strings.Count(all.Error(), "\n") + 1; lines != 3 {
		t.Errorf("%d faults named in %q; want 3", lines, all)
	}
}
