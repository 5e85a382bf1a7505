package s3blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"safeconduct/transfer/blob"
)

// Create implements blob.Store. The request is signed over the content's SHA-256, which the store must check and keep.
//
// A put whose answer was lost is tried again; if the name is then taken, the object is read back, and the put succeeded
// if it is the caller's own. For this reason minio-go, which cannot know, must not try again by itself.
func (s *Store) Create(ctx context.Context, name blob.Name, content []byte) error {
	if err := name.Validate(); err != nil {
		return fmt.Errorf("blob: create: %w", err)
	}
	if len(content) > blob.MaxSize {
		return fmt.Errorf("blob: create %s: %w: %d bytes", name, blob.ErrTooLarge, len(content))
	}
	inDoubt := false
	var err error
	for range attempts {
		err = s.put(ctx, name, content)
		if err == nil || !ambiguous(err) || ctx.Err() != nil {
			break
		}
		inDoubt = true
	}
	if inDoubt && errors.Is(kindOf(err), blob.ErrExists) {
		own, readErr := s.holds(ctx, name, content)
		if readErr != nil {
			return readErr
		}
		if own {
			return nil
		}
	}
	return failure(ctx, "create", name, err)
}

func (s *Store) put(ctx context.Context, name blob.Name, content []byte) error {
	if err := ctx.Err(); err != nil {
		return err // failure says what was being done
	}
	sum := sha256.Sum256(content)
	options := minio.PutObjectOptions{
		UserMetadata: map[string]string{"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(sum[:])},
		// Not off: the sum is known beforehand, so that it is signed as a whole instead of in a chunked stream.
		DisableContentSha256: true,
	}
	options.SetMatchETagExcept("*")
	_, err := s.writes.PutObject(ctx, s.bucket, s.key(name), bytes.NewReader(content), int64(len(content)), "",
		hex.EncodeToString(sum[:]), options)
	return err // failure says what was being done
}

func (s *Store) holds(ctx context.Context, name blob.Name, content []byte) (bool, error) {
	r, err := s.Open(ctx, name)
	if err != nil {
		return false, err
	}
	stored, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return false, err
	}
	return bytes.Equal(stored, content), nil
}
