package s3blob

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/minio/minio-go/v7"

	"safeconduct/transfer/blob"
)

var errDisorder = errors.New("the store listed what was not asked for, or out of order")

// List implements blob.Store, a page of the store's at a time. A listing that leaves the prefix or is not in order is an
// error: this also ends one that turns in a circle.
func (s *Store) List(ctx context.Context, prefix blob.Name) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		if prefix != "" {
			if err := prefix.ValidatePrefix(); err != nil {
				yield(blob.Info{}, fmt.Errorf("blob: list: %w", err))
				return
			}
		}
		last := ""
		for object, err := range s.objects(ctx, prefix, false) {
			if err == nil && object.Key <= last {
				err = errDisorder
			}
			if err != nil {
				yield(blob.Info{}, failure(ctx, "list", prefix, err))
				return
			}
			last = object.Key
			name := blob.Name(strings.TrimPrefix(object.Key, s.prefix))
			if name.Validate() != nil || !name.Under(prefix) {
				continue
			}
			if !yield(blob.Info{Name: name, Size: object.Size, Modified: object.LastModified.UTC()}, nil) {
				return
			}
		}
	}
}

// objects yields what the bucket holds under keys that begin like prefix, as the store reports it. The store may keep us
// waiting for each as long as Config.Timeout, however many attempts and empty pages that takes.
func (s *Store) objects(ctx context.Context, prefix blob.Name, versions bool) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(minio.ObjectInfo{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		options := minio.ListObjectsOptions{
			Prefix: s.key(prefix), Recursive: true, WithVersions: versions, FetchOwner: new(bool),
		}
		watch := &watch{left: s.wait, cancel: cancel}
		stop := watch.start()
		for object := range s.reads.ListObjectsIter(ctx, s.bucket, options) {
			err := object.Err
			if stop() {
				err = errStalled
			}
			if err == nil && !strings.HasPrefix(object.Key, options.Prefix) {
				err = errDisorder
			}
			if !yield(object, err) || err != nil {
				return
			}
			watch.left = s.wait
			stop = watch.start()
		}
		// minio-go ends without a word when its context does.
		if stalled := stop(); stalled {
			yield(minio.ObjectInfo{}, errStalled)
		} else if err := ctx.Err(); err != nil {
			yield(minio.ObjectInfo{}, err)
		}
	}
}
