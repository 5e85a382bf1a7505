package s3blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"safeconduct/transfer/blob"
)

var errRemains = errors.New("objects remain")

// Delete implements blob.Store. Whether the bucket keeps versions is asked each time, for it can change. After deleting
// it lists again, and believes the destruction only when nothing is listed any more. Each object has Config.Timeout.
func (s *Store) Delete(ctx context.Context, prefix blob.Name) error {
	if err := prefix.ValidatePrefix(); err != nil {
		return fmt.Errorf("blob: delete: %w", err)
	}
	within := s.bound(ctx)
	defer within.over()
	versions, err := s.keepsVersions(within)
	if err != nil {
		return failure(ctx, "delete", prefix, within.cause(err))
	}
	for range attempts {
		found, locked, err := s.sweep(within, prefix, versions)
		switch {
		case err != nil:
			return failure(ctx, "delete", prefix, within.cause(err))
		case locked > 0:
			return fmt.Errorf("blob: delete %s: %w: %d objects or versions are under retention or legal hold",
				prefix, blob.ErrLocked, locked)
		case found == 0:
			return nil
		}
	}
	s.logger.WarnContext(ctx, "objects remain after deletion", "prefix", string(prefix))
	return fmt.Errorf("blob: delete %s: %w: %w", prefix, blob.ErrUnavailable, errRemains)
}

// keepsVersions tells whether there may be more than one version of an object: also where versioning is suspended. A
// store that does not know the question has none.
func (s *Store) keepsVersions(ctx context.Context) (bool, error) {
	status, err := s.reads.GetBucketVersioning(ctx, s.bucket)
	if answer, ok := errors.AsType[minio.ErrorResponse](err); ok &&
		(answer.StatusCode == http.StatusNotImplemented || answer.Code == minio.NotImplemented) {
		return false, nil
	}
	return status.Status != "", err // failure says what was being done
}

// sweep deletes once what is listed under prefix. It goes on over what is locked.
func (s *Store) sweep(within *bound, prefix blob.Name, versions bool) (found, locked int, err error) {
	for object, err := range s.objects(within, prefix, versions) {
		if err != nil {
			return found, locked, err
		}
		// Names that no Create made are destroyed as well, where they lie under the prefix.
		if !blob.Name(strings.TrimPrefix(object.Key, s.prefix)).Under(prefix) {
			continue
		}
		if found++; found > 1 {
			within.next()
		}
		options := minio.RemoveObjectOptions{}
		if versions {
			options.VersionID = object.VersionID
		}
		err := s.reads.RemoveObject(within, s.bucket, object.Key, options)
		switch {
		case err == nil, gone(err):
		case errors.Is(kindOf(err), blob.ErrLocked):
			locked++
		default:
			return found, locked, err // failure says what was being done
		}
	}
	return found, locked, nil
}

func gone(err error) bool {
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	return ok && (answer.Code == minio.NoSuchKey || answer.Code == minio.NoSuchVersion)
}
