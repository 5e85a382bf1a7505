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
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
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
	logger *slog.Logger
}

var _ blob.Store = (*Store)(nil)

// Open connects to the bucket and checks that the server knows the bucket and the keys, as far as it tells without a
// right. It makes the bucket only where cfg.CreateBucket says so.
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
	s := &Store{bucket: cfg.Bucket, wait: cfg.Timeout, logger: logger}
	if cfg.Prefix != "" {
		s.prefix = cfg.Prefix + "/"
	}
	if err := s.connect(cfg); err != nil {
		return nil, fmt.Errorf("object store configuration: %w", err)
	}
	if err := s.checkBucket(ctx, cfg); err != nil {
		s.base.CloseIdleConnections()
		return nil, fmt.Errorf("check bucket %s: %w", cfg.Bucket, err)
	}
	logger.InfoContext(ctx, "object store ready", "endpoint", cfg.Endpoint, "bucket", cfg.Bucket, "tls", !cfg.Insecure)
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

// probe is the name of an object that no caller makes: names of objects are in folders.
const probe = "safeconduct-probe"

// checkBucket asks for an object that is not there. That needs no right: who may not read is refused, and a server that
// does not know the keys or the bucket says so.
func (s *Store) checkBucket(ctx context.Context, cfg Config) error {
	if cfg.CreateBucket {
		return s.makeBucket(ctx, cfg)
	}
	body, _, _, err := s.reads.GetObject(ctx, s.bucket, s.key(probe), minio.GetObjectOptions{})
	if err == nil {
		return body.Close()
	}
	answer, _ := errors.AsType[minio.ErrorResponse](err)
	switch answer.Code {
	case minio.NoSuchKey, minio.AccessDenied:
		return nil
	case minio.NoSuchBucket:
		return errors.New("it does not exist: create it, or set create_bucket")
	}
	return failure(ctx, "look for", "bucket", err)
}

func (s *Store) makeBucket(ctx context.Context, cfg Config) error {
	found, err := s.reads.BucketExists(ctx, cfg.Bucket)
	if err != nil || found {
		return failure(ctx, "look for", "bucket", err)
	}
	err = s.writes.MakeBucket(ctx, cfg.Bucket, minio.MakeBucketOptions{Region: cfg.Region})
	// Another replica may have been faster.
	if answer, ok := errors.AsType[minio.ErrorResponse](err); ok && answer.Code == minio.BucketAlreadyOwnedByYou {
		return nil
	}
	return failure(ctx, "make", "bucket", err)
}

// Open implements blob.Store. The reader may wait for the store as long as Config.Timeout in all; the caller may take
// any time between two reads.
func (s *Store) Open(ctx context.Context, name blob.Name) (io.ReadCloser, error) {
	if err := name.Validate(); err != nil {
		return nil, fmt.Errorf("blob: open: %w", err)
	}
	body, info, _, err := s.reads.GetObject(ctx, s.bucket, s.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, failure(ctx, "open", name, err)
	}
	// Without an announced length (Size is -1 then) a cut could not be told from the end.
	return blob.NewReader(ctx, name, body, info.Size, explain)
}

func (s *Store) key(name blob.Name) string { return s.prefix + string(name) }
