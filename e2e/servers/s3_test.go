package servers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"safeconduct/e2e/servers"
)

func TestS3(t *testing.T) {
	private(t)
	for _, server := range []struct {
		name  string
		start func(context.Context, string) (*servers.S3, error)
	}{
		{"minio", servers.StartMinIO},
		{"versitygw", servers.StartVersityGW},
	} {
		t.Run(server.name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := server.start(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stopped(t, dir, s.Stop) })
			testS3(t, s)
		})
	}
}

func testS3(t *testing.T, s *servers.S3) {
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := s.NewBucket(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	put(t, client, bucket, "a/b", "sealed")

	t.Run("an object is not put twice under If-None-Match", func(t *testing.T) {
		once := minio.PutObjectOptions{}
		once.SetMatchETagExcept("*")
		_, err := client.PutObject(t.Context(), bucket, "a/b", bytes.NewReader([]byte("other")), 5, once)
		if minio.ToErrorResponse(err).Code != minio.PreconditionFailed {
			t.Errorf("the second put answers %v", err)
		}
		holds(t, client, bucket, "a/b", "sealed")
	})

	t.Run("a versioned bucket keeps every version", func(t *testing.T) {
		versioned, err := s.NewBucket(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		put(t, client, versioned, "k", "one")
		put(t, client, versioned, "k", "two")
		if err := client.RemoveObject(t.Context(), versioned, "k", minio.RemoveObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		versions, markers := 0, 0
		for o := range client.ListObjects(t.Context(), versioned, minio.ListObjectsOptions{WithVersions: true}) {
			switch {
			case o.Err != nil:
				t.Fatal(o.Err)
			case o.IsDeleteMarker:
				markers++
			default:
				versions++
			}
		}
		if versions != 2 || markers != 1 {
			t.Errorf("%d versions and %d delete markers, want 2 and 1", versions, markers)
		}
	})

	for _, fault := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"restart", s.Restart},
		{"crash and resume", func(ctx context.Context) error { return errors.Join(s.Crash(), s.Resume(ctx)) }},
	} {
		t.Run(fault.name+" keeps objects and address", func(t *testing.T) {
			if err := fault.do(t.Context()); err != nil {
				t.Fatal(err)
			}
			holds(t, client, bucket, "a/b", "sealed")
		})
	}

	t.Run("frozen it does not answer, thawed it does", func(t *testing.T) {
		if err := s.Freeze(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := client.StatObject(ctx, bucket, "a/b", minio.StatObjectOptions{}); err == nil {
			t.Error("frozen it answers")
		}
		if err := s.Thaw(); err != nil {
			t.Fatal(err)
		}
		holds(t, client, bucket, "a/b", "sealed")
	})

	t.Run("given by its address it is used and not stopped", func(t *testing.T) {
		t.Setenv(servers.EnvS3Endpoint, s.Endpoint)
		t.Setenv(servers.EnvS3AccessKey, s.AccessKey)
		t.Setenv(servers.EnvS3SecretKey, s.SecretKey.Reveal())
		given, err := servers.StartMinIO(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := given.NewBucket(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		put(t, client, theirs, "k", "one")
		put(t, client, theirs, "k", "two")
		if err := given.Restart(t.Context()); !errors.Is(err, servers.ErrExternal) {
			t.Errorf("restart: %v, want ErrExternal", err)
		}
		if err := given.Stop(); err != nil {
			t.Fatal(err)
		}
		if there, err := client.BucketExists(t.Context(), theirs); there || err != nil {
			t.Errorf("the bucket it made is there: %t %v", there, err)
		}
		holds(t, client, bucket, "a/b", "sealed")
	})
}

func put(t *testing.T, client *minio.Client, bucket, key, content string) {
	t.Helper()
	_, err := client.PutObject(t.Context(), bucket, key, bytes.NewReader([]byte(content)), int64(len(content)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func holds(t *testing.T, client *minio.Client, bucket, key, want string) {
	t.Helper()
	object, err := client.GetObject(t.Context(), bucket, key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close() //nolint:errcheck // read only
	got, err := io.ReadAll(object)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", key, got, err, want)
	}
}
