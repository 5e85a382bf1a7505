// Package s3blob keeps objects in a bucket of an S3 server: MinIO, or another.
//
// It asks little of S3, so that many servers will do: PutObject in one part with If-None-Match, GetObject, ListObjectsV2,
// GetBucketVersioning, ListObjectVersions and DeleteObject (and HeadBucket and CreateBucket if told to make the bucket).
// The server must honour If-None-Match atomically, which package blobtest finds out; one that ignores it lets objects be
// replaced, and then only the seal notices.
//
// # Rights
//
// Each method of the port needs no more than these, so that the parts of the work can have keys of their own:
//
//	Create, Repeat  s3:PutObject
//	Open            s3:GetObject
//	List            s3:ListBucket
//	Delete          s3:ListBucket, s3:DeleteObject; where versions are kept s3:GetBucketVersioning,
//	                s3:ListBucketVersions, s3:DeleteObjectVersion
//
// The store is taken to be hostile. Redirects are not followed and no proxy is taken from the environment; waiting,
// headers and bodies are bounded; sizes, names and order of what it answers are checked; its prose is not repeated.
package s3blob

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"safeconduct/transfer/blob"
)

// attempts at a request that fails in passing, before the caller is told.
const attempts = 3

// Store is a blob.Store in a bucket.
type Store struct {
	reads  minio.Core // tries again by itself
	writes minio.Core // does not: see Create
	base   *http.Transport
	bucket string
	prefix string
	wait   time.Duration
	lists  bool
	gone   atomic.Bool // the last put found no bucket
	logger *slog.Logger
}

var _ blob.Store = (*Store)(nil)

// Open connects to the bucket and checks that the server knows the bucket and the keys, as far as their rights
// tell: see Check. It makes the bucket only where cfg.CreateBucket says so.
func Open(ctx context.Context, cfg Config, logger *slog.Logger) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("object store configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = DefaultRegion
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	s := &Store{bucket: cfg.Bucket, wait: cfg.Timeout, lists: cfg.Lists, logger: logger}
	if cfg.Prefix != "" {
		s.prefix = cfg.Prefix + "/"
	}
	if err := s.connect(cfg); err != nil {
		return nil, fmt.Errorf("object store configuration: %w", err)
	}
	known, err := s.checkBucket(ctx, cfg)
	if err != nil {
		s.base.CloseIdleConnections()
		return nil, fmt.Errorf("check bucket %s: %w", cfg.Bucket, err)
	}
	message := "object store answers" // and does not say to these keys whether the bucket is there
	if known {
		message = "object store ready"
	}
	logger.InfoContext(ctx, message, "endpoint", cfg.Endpoint, "bucket", cfg.Bucket, "tls", !cfg.Insecure)
	return s, nil
}

// Close lets idle connections go. Calls and readers that are under way go on.
func (s *Store) Close() error {
	s.base.CloseIdleConnections()
	return nil
}

func (s *Store) connect(cfg Config) error {
	keys := &keyFiles{access: cfg.AccessKeyFile, secret: cfg.SecretKeyFile}
	if err := keys.check(); err != nil {
		return err
	}
	pool, err := readCAs(cfg.CAFile)
	if err != nil {
		return err
	}
	s.base = newTransport(pool, cfg.Timeout)
	options := minio.Options{
		Creds:      credentials.New(keys),
		Secure:     !cfg.Insecure,
		Region:     cfg.Region,
		Transport:  &patience{base: s.base, limit: cfg.Timeout},
		MaxRetries: attempts,
	}
	reads, err := minio.NewCore(cfg.Endpoint, &options)
	if err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	options.MaxRetries = 1
	writes, err := minio.NewCore(cfg.Endpoint, &options)
	if err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	s.reads, s.writes = *reads, *writes
	return nil
}

// Open implements blob.Store. Until the reader is there, attempts included, it waits as long as Config.Timeout in all,
// and so does the reader; the caller may take any time between two reads.
func (s *Store) Open(ctx context.Context, name blob.Name) (io.ReadCloser, error) {
	if err := name.Validate(); err != nil {
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	within := s.bound(ctx)
	body, info, _, err := s.reads.GetObject(within, s.bucket, s.key(name), minio.GetObjectOptions{})
	if err != nil {
		err = within.cause(err)
		within.over()
		return nil, failure(ctx, "open", name, err)
	}
	within.timer.Stop()
	// Without an announced length (Size is -1 then) a cut could not be told from the end.
	return blob.NewReader(ctx, name, headed{body, within}, info.Size, explain)
}

func (s *Store) key(name blob.Name) string { return s.prefix + string(name) }
