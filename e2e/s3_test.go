package e2e

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/blob/blobtest"
	"safeconduct/transfer/blob/s3blob"
)

// TestObjectStores runs the contract of the object port, and what goes beyond it, on two S3 servers by different makers.
func TestObjectStores(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *servers.S3{
		"minio":     servertest.MinIO,
		"versitygw": servertest.VersityGW,
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			t.Run("contract", func(t *testing.T) {
				blobtest.Run(t, func(t *testing.T) blob.Store {
					return openBucket(t, server, servertest.Bucket(t, server, false))
				})
			})
			t.Run("contract on a versioned bucket", func(t *testing.T) {
				blobtest.Run(t, func(t *testing.T) blob.Store {
					return openBucket(t, server, servertest.Bucket(t, server, true))
				})
			})
			t.Run("delete takes every version and marker", func(t *testing.T) { deletesVersions(t, server) })
			t.Run("an object under retention is reported as locked", func(t *testing.T) { reportsLock(t, server) })
			t.Run("the bucket is made when asked for", func(t *testing.T) { makesBucket(t, server) })
			t.Run("a wrong key is a refusal for good", func(t *testing.T) { refusesWrongKey(t, server) })
			t.Run("the server goes and comes back", func(t *testing.T) { survivesOutage(t, server) })
		})
	}
}

func configOf(t testing.TB, server *servers.S3, bucket string) s3blob.Config {
	t.Helper()
	endpoint, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg := s3blob.Config{
		Endpoint: endpoint.Host, Insecure: endpoint.Scheme == "http", Bucket: bucket, Region: servers.Region,
		AccessKeyFile: filepath.Join(dir, "access"), SecretKeyFile: filepath.Join(dir, "secret"),
	}
	if err := errors.Join(
		os.WriteFile(cfg.AccessKeyFile, []byte(server.AccessKey), 0o600),
		os.WriteFile(cfg.SecretKeyFile, []byte(server.SecretKey.Reveal()), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func openBucket(t testing.TB, server *servers.S3, bucket string) *s3blob.Store {
	t.Helper()
	return openStore(t, configOf(t, server, bucket))
}

func openStore(t testing.TB, cfg s3blob.Config) *s3blob.Store {
	t.Helper()
	s, err := s3blob.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// deletesVersions has the bucket hold what no Create makes: overwritten and deleted versions.
func deletesVersions(t *testing.T, server *servers.S3) {
	for _, status := range []string{minio.Enabled, minio.Suspended} {
		t.Run(status, func(t *testing.T) {
			bucket := servertest.Bucket(t, server, true)
			client := rootClient(t, server)
			for _, key := range []string{"t/1/a", "t/1/b", "t/2/a"} {
				for _, content := range []string{"one", "two"} {
					putObject(t, client, bucket, key, content)
				}
			}
			if err := client.RemoveObject(t.Context(), bucket, "t/1/b", minio.RemoveObjectOptions{}); err != nil {
				t.Fatal(err)
			}
			if status == minio.Suspended {
				if err := client.SuspendVersioning(t.Context(), bucket); err != nil {
					t.Fatal(err)
				}
			}
			if err := openBucket(t, server, bucket).Delete(t.Context(), "t/1/"); err != nil {
				t.Fatal(err)
			}
			var left []string
			for o := range client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
				if o.Err != nil {
					t.Fatal(o.Err)
				}
				left = append(left, o.Key)
			}
			if len(left) != 2 || left[0] != "t/2/a" || left[1] != "t/2/a" {
				t.Errorf("left versions %q; want the two of t/2/a", left)
			}
		})
	}
}

func reportsLock(t *testing.T, server *servers.S3) {
	client := rootClient(t, server)
	bucket := "locked-" + servertest.Bucket(t, server, false)
	if err := client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		t.Fatal(err)
	}
	s := openBucket(t, server, bucket)
	for _, name := range []blob.Name{"t/1/a", "t/1/b"} {
		if err := s.Create(t.Context(), name, []byte("sealed"), blob.DigestOf([]byte("sealed"))); err != nil {
			t.Fatal(err)
		}
	}
	governance, until := minio.Governance, time.Now().Add(time.Hour)
	retention := minio.PutObjectRetentionOptions{Mode: &governance, RetainUntilDate: &until}
	if err := client.PutObjectRetention(t.Context(), bucket, "t/1/a", retention); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "t/1/"); !errors.Is(err, blob.ErrLocked) {
		t.Errorf("delete: %v; want %v", err, blob.ErrLocked)
	}
	if _, err := s.Open(t.Context(), "t/1/b"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the object that is not locked: %v; want it destroyed", err)
	}
	if _, err := client.StatObject(t.Context(), bucket, "t/1/a", minio.StatObjectOptions{}); err != nil {
		t.Errorf("the locked object: %v", err)
	}
}

func makesBucket(t *testing.T, server *servers.S3) {
	cfg := configOf(t, server, "made-"+servertest.Bucket(t, server, false))
	if _, err := s3blob.Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("a missing bucket was taken for one")
	}
	cfg.CreateBucket = true
	s := openStore(t, cfg)
	if err := s.Create(t.Context(), "a", nil, blob.DigestOf(nil)); err != nil {
		t.Error(err)
	}
	openStore(t, cfg)
}

func refusesWrongKey(t *testing.T, server *servers.S3) {
	cfg := configOf(t, server, servertest.Bucket(t, server, false))
	if err := os.WriteFile(cfg.SecretKeyFile, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := s3blob.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err == nil || errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("open: %v; want a refusal that trying again does not mend", err)
	}
}

func survivesOutage(t *testing.T, server *servers.S3) {
	s := openBucket(t, server, servertest.Bucket(t, server, false))
	content := blobtest.Content(1, 4<<20)
	if err := s.Create(t.Context(), "t/1", content, blob.DigestOf(content)); err != nil {
		t.Fatal(err)
	}
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	_, openErr := s.Open(t.Context(), "t/1")
	var listErr error
	for _, err := range s.List(t.Context(), "") {
		listErr = err
	}
	for call, err := range map[string]error{
		"create": s.Create(t.Context(), "t/2", content, blob.DigestOf(content)),
		"open":   openErr,
		"delete": s.Delete(t.Context(), "t/"),
		"list":   listErr,
	} {
		if !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("%s without a server: %v; want %v", call, err, blob.ErrUnavailable)
		}
	}
	if err := server.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), "t/1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, content) {
		t.Errorf("after the outage: %d bytes, %v", len(got), err)
	}
	if err := s.Create(t.Context(), "t/2", content, blob.DigestOf(content)); err != nil {
		t.Errorf("create after the outage: %v", err)
	}
}

func rootClient(t testing.TB, server *servers.S3) *minio.Client {
	t.Helper()
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func putObject(t testing.TB, client *minio.Client, bucket, key, content string) {
	t.Helper()
	_, err := client.PutObject(t.Context(), bucket, key, bytes.NewReader([]byte(content)), int64(len(content)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
}
