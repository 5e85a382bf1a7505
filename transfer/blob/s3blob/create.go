package s3blob

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/minio/minio-go/v7"

	"safeconduct/transfer/blob"
)

// Create implements blob.Store. The request is signed over sum, which the store must check and keep:
// the bytes are not hashed again on this side.
//
// A put whose answer was lost is repeated here as Repeat does it: the first try may have landed, and nothing may be read
// back by who may only put. For this reason minio-go, which would repeat the condition, must not try again by itself.
func (s *Store) Create(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	return s.put(ctx, "create", name, content, sum, true)
}

// Repeat implements blob.Store.
func (s *Store) Repeat(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	return s.put(ctx, "repeat", name, content, sum, false)
}

func (s *Store) put(ctx context.Context, doing string, name blob.Name, content []byte, sum blob.Digest, unlessTaken bool) error {
	if err := name.Validate(); err != nil {
		return fmt.Errorf("blob: %s: %w", doing, err)
	}
	if len(content) > blob.MaxSize {
		return fmt.Errorf("blob: %s %s: %w: %d bytes", doing, name, blob.ErrTooLarge, len(content))
	}
	within := s.bound(ctx)
	defer within.over()
	var err error
	for range attempts {
		err = within.cause(s.putOnce(within, name, content, sum, unlessTaken))
		if err == nil || !ambiguous(err) || timedOut(err) || within.Err() != nil {
			break
		}
		unlessTaken = unlessTaken && refused(err)
	}
	s.heard(err)
	return failure(ctx, doing, name, err)
}

func (s *Store) putOnce(ctx context.Context, name blob.Name, content []byte, sum blob.Digest, unlessTaken bool) error {
	if err := ctx.Err(); err != nil {
		return err // failure says what was being done
	}
	options := minio.PutObjectOptions{
		UserMetadata: map[string]string{"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(sum[:])},
		// Not off: the sum is known beforehand, so that it is signed as a whole instead of in a chunked stream.
		DisableContentSha256: true,
	}
	if unlessTaken {
		options.SetMatchETagExcept("*")
	}
	_, err := s.writes.PutObject(ctx, s.bucket, s.key(name), bytes.NewReader(content), int64(len(content)), "",
		hex.EncodeToString(sum[:]), options)
	return err // failure says what was being done
}
