package e2e

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/tags"

	"safeconduct/e2e/servers"
	"safeconduct/e2e/servers/servertest"
	"safeconduct/gateway/duty"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/blob/blobtest"
	"safeconduct/transfer/blob/s3blob"
)

// s3right is one thing that can be asked of the object store, and the duty that may.
type s3right struct {
	name string
	ask  func(ctx context.Context, c *minio.Core, bucket, version string) error
	of   duty.Duty // empty for what nobody may
}

func s3rights() []s3right {
	put := func(ctx context.Context, c *minio.Core, bucket, key string) error {
		_, err := c.PutObject(ctx, bucket, key, strings.NewReader("x"), 1, "", "", minio.PutObjectOptions{})
		return err
	}
	get := func(ctx context.Context, c *minio.Core, bucket string, o minio.GetObjectOptions) error {
		r, _, _, err := c.GetObject(ctx, bucket, "t/1", o)
		if err == nil {
			err = r.Close()
		}
		return err
	}
	list := func(ctx context.Context, c *minio.Core, bucket string, versions bool) error {
		for o := range c.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: versions}) {
			return o.Err
		}
		return errors.New("nothing was listed")
	}
	return []s3right{
		{"puts", func(ctx context.Context, c *minio.Core, b, _ string) error { return put(ctx, c, b, "t/2") }, duty.Intake},
		{"gets", func(ctx context.Context, c *minio.Core, b, _ string) error {
			return get(ctx, c, b, minio.GetObjectOptions{})
		}, duty.Release},
		{"lists", func(ctx context.Context, c *minio.Core, b, _ string) error { return list(ctx, c, b, false) }, duty.Keeper},
		{"lists versions", func(ctx context.Context, c *minio.Core, b, _ string) error { return list(ctx, c, b, true) }, duty.Keeper},
		{"asks for versioning", func(ctx context.Context, c *minio.Core, b, _ string) error {
			_, err := c.GetBucketVersioning(ctx, b)
			return err
		}, duty.Keeper},
		{"deletes", func(ctx context.Context, c *minio.Core, b, _ string) error {
			return c.RemoveObject(ctx, b, "t/gone", minio.RemoveObjectOptions{})
		}, duty.Keeper},
		{"deletes a version", func(ctx context.Context, c *minio.Core, b, v string) error {
			return c.RemoveObject(ctx, b, "t/1", minio.RemoveObjectOptions{VersionID: v})
		}, duty.Keeper},
		{"gets a version", func(ctx context.Context, c *minio.Core, b, v string) error {
			return get(ctx, c, b, minio.GetObjectOptions{VersionID: v})
		}, duty.Release}, // MinIO asks for no right of its own
		{"copies", func(ctx context.Context, c *minio.Core, b, _ string) error {
			_, err := c.Client.CopyObject(ctx, minio.CopyDestOptions{Bucket: b, Object: "t/3"}, minio.CopySrcOptions{Bucket: b, Object: "t/1"})
			return err
		}, ""},
		{"tags", func(ctx context.Context, c *minio.Core, b, _ string) error {
			set, err := tags.NewTags(map[string]string{"a": "b"}, true)
			return errors.Join(err, c.PutObjectTagging(ctx, b, "t/1", set, minio.PutObjectTaggingOptions{}))
		}, ""},
		{"turns versioning off", func(ctx context.Context, c *minio.Core, b, _ string) error { return c.SuspendVersioning(ctx, b) }, ""},
		{"writes the bucket's policy", func(ctx context.Context, c *minio.Core, b, _ string) error {
			return c.SetBucketPolicy(ctx, b, `{"Version":"2012-10-17","Statement":[]}`)
		}, ""},
		{"makes a bucket", func(ctx context.Context, c *minio.Core, b, _ string) error {
			return c.MakeBucket(ctx, b+"-2", minio.MakeBucketOptions{})
		}, ""},
		{"removes the bucket", func(ctx context.Context, c *minio.Core, b, _ string) error { return c.RemoveBucket(ctx, b) }, ""},
		{"puts into another bucket", func(ctx context.Context, c *minio.Core, b, _ string) error {
			return put(ctx, c, "other-"+b, "t/2")
		}, ""},
	}
}

// TestS3Rights: each duty's own keys against every right of every other (R49, R50). The sequencer has none.
func TestS3Rights(t *testing.T) {
	server := servertest.MinIO(t)
	bucket := servertest.Bucket(t, server, true)
	root := rootClient(t, server)
	if err := root.MakeBucket(t.Context(), "other-"+bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, d := range []duty.Duty{duty.Intake, duty.Release, duty.Keeper} {
		key, err := server.DutyUser(t.Context(), string(d), bucket)
		if err != nil {
			t.Fatal(err)
		}
		client, err := minio.NewCore(strings.TrimPrefix(server.Endpoint, "http://"), &minio.Options{
			Creds: credentials.NewStaticV4(key.AccessKey, key.SecretKey.Reveal(), ""), Region: servers.Region, MaxRetries: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range s3rights() {
			putObject(t, root, bucket, "t/1", "sealed")
			stat, err := root.StatObject(t.Context(), bucket, "t/1", minio.StatObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			word := map[bool]string{true: "may", false: "may not"}[r.of == d]
			t.Run("R49 "+string(d)+" "+word+": "+r.name, func(t *testing.T) {
				err := r.ask(t.Context(), client, bucket, stat.VersionID)
				answer, _ := errors.AsType[minio.ErrorResponse](err)
				if r.of == d && err != nil {
					t.Errorf("it is refused: %v", err)
				}
				if r.of != d && answer.StatusCode != http.StatusForbidden {
					t.Errorf("it is not refused: %v", err)
				}
			})
		}
	}
}

// TestObjectsByDuty: the program's own client does its work with no more than each duty's keys, and refuses keys that the
// server does not know.
func TestObjectsByDuty(t *testing.T) {
	server := servertest.MinIO(t)
	for _, versioned := range []bool{false, true} {
		bucket := servertest.Bucket(t, server, versioned)
		stores := map[duty.Duty]*s3blob.Store{}
		for _, d := range []duty.Duty{duty.Intake, duty.Release, duty.Keeper} {
			key, err := server.DutyUser(t.Context(), string(d), bucket)
			if err != nil {
				t.Fatal(err)
			}
			stores[d] = openStore(t, withKey(t, server, bucket, key))
		}
		content := blobtest.Content(1, 5<<20)
		in, out, keeper := stores[duty.Intake], stores[duty.Release], stores[duty.Keeper]
		if err := errors.Join(in.Create(t.Context(), "t/1/a", content, blob.DigestOf(content)), in.Repeat(t.Context(), "t/1/a", content, blob.DigestOf(content))); err != nil {
			t.Fatalf("intake: %v", err)
		}
		if err := in.Create(t.Context(), "t/1/a", content, blob.DigestOf(content)); !errors.Is(err, blob.ErrExists) {
			t.Errorf("intake creates twice: %v", err)
		}
		r, err := out.Open(t.Context(), "t/1/a")
		if err != nil {
			t.Fatalf("release: %v", err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || !slices.Equal(got, content) {
			t.Errorf("release reads %d bytes, %v", len(got), err)
		}
		var found []blob.Name
		for info, err := range keeper.List(t.Context(), "t/") {
			if err != nil {
				t.Fatalf("keeper: %v", err)
			}
			found = append(found, info.Name)
		}
		if len(found) != 1 || found[0] != "t/1/a" {
			t.Errorf("keeper lists %q", found)
		}
		if err := keeper.Delete(t.Context(), "t/1/"); err != nil {
			t.Fatalf("keeper: %v", err)
		}
		for o := range rootClient(t, server).ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
			t.Errorf("left %v", o.Key)
		}
	}
	bucket := servertest.Bucket(t, server, false)
	_, err := s3blob.Open(t.Context(), withKey(t, server, bucket, servers.S3Key{AccessKey: "nobody", SecretKey: "of that name"}), slog.New(slog.DiscardHandler))
	if err == nil || errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("keys that the server does not know: %v", err)
	}
}

func withKey(t *testing.T, server *servers.S3, bucket string, key servers.S3Key) s3blob.Config {
	t.Helper()
	cfg := configOf(t, server, bucket)
	dir := t.TempDir()
	cfg.AccessKeyFile, cfg.SecretKeyFile, cfg.Timeout = filepath.Join(dir, "access"), filepath.Join(dir, "secret"), 10*time.Second
	if err := errors.Join(
		os.WriteFile(cfg.AccessKeyFile, []byte(key.AccessKey), 0o600), os.WriteFile(cfg.SecretKeyFile, []byte(key.SecretKey.Reveal()), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return cfg
}
