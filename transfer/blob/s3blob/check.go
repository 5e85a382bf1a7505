package s3blob

import (
	"context"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"

	"safeconduct/transfer/blob"
)

// errNoBucket says what is missing and how to mend it.
var errNoBucket = errors.New("it does not exist: create it, or set create_bucket")

// probe is the name of an object that no caller makes: names of objects are in folders.
const probe = "safeconduct-probe"

// Check asks whether the bucket is there, by the least that the keys allow: with Config.Lists it lists one key; else it
// asks for an object that is not there. Who may not even that is refused, and then all that is known is that the store
// answers, and what the last put found. It fails with ErrUnavailable or ErrDenied, and where there is no such bucket.
func (s *Store) Check(ctx context.Context) error {
	_, err := s.check(ctx)
	return err
}

// check is Check, and tells whether the store has said that the bucket is there.
func (s *Store) check(ctx context.Context) (known bool, err error) {
	within := s.bound(ctx)
	defer within.over()
	ask := s.askForNothing
	if s.lists {
		ask = s.listOne
	}
	err = within.cause(ask(within))
	answer, _ := errors.AsType[minio.ErrorResponse](err)
	switch {
	case err == nil, answer.Code == minio.NoSuchKey:
		return true, nil
	case answer.Code == minio.NoSuchBucket:
		return false, fmt.Errorf("%w: %w", blob.ErrUnavailable, errNoBucket)
	case answer.Code == minio.AccessDenied && !s.lists:
		if s.gone.Load() {
			return false, fmt.Errorf("%w: the last put found no bucket: %w", blob.ErrUnavailable, errNoBucket)
		}
		return false, nil
	}
	return false, failure(ctx, "look for", "bucket", err)
}

func (s *Store) askForNothing(ctx context.Context) error {
	body, _, _, err := s.reads.GetObject(ctx, s.bucket, s.key(probe), minio.GetObjectOptions{})
	if err != nil {
		return err // check says what was being done
	}
	return body.Close()
}

func (s *Store) listOne(ctx context.Context) error {
	options := minio.ListObjectsOptions{Prefix: s.prefix, MaxKeys: 1, FetchOwner: new(bool)}
	for object := range s.reads.ListObjectsIter(ctx, s.bucket, options) {
		return object.Err
	}
	return ctx.Err()
}

// heard keeps whether the last put found the bucket; any other failure tells nothing of it.
func (s *Store) heard(err error) {
	answer, _ := errors.AsType[minio.ErrorResponse](err)
	switch {
	case err == nil:
		s.gone.Store(false)
	case answer.Code == minio.NoSuchBucket:
		s.gone.Store(true)
	}
}

// checkBucket is check, after making the bucket where cfg says so.
func (s *Store) checkBucket(ctx context.Context, cfg Config) (known bool, err error) {
	if !cfg.CreateBucket {
		return s.check(ctx)
	}
	within := s.bound(ctx)
	defer within.over()
	if err := within.cause(s.makeBucket(within, cfg)); err != nil {
		return false, failure(ctx, "make", "bucket", err)
	}
	return true, nil
}

func (s *Store) makeBucket(ctx context.Context, cfg Config) error {
	found, err := s.reads.BucketExists(ctx, cfg.Bucket)
	if err != nil || found {
		return err // checkBucket says what was being done
	}
	err = s.writes.MakeBucket(ctx, cfg.Bucket, minio.MakeBucketOptions{Region: cfg.Region})
	// Another replica may have been faster.
	if answer, ok := errors.AsType[minio.ErrorResponse](err); ok && answer.Code == minio.BucketAlreadyOwnedByYou {
		return nil
	}
	return err // checkBucket says what was being done
}
