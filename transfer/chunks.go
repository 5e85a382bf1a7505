package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"safeconduct/transfer/blob"
)

// Landing one chunk is tried again when the object store cannot be reached:
// the sealed bytes stay the same, so that nothing is encrypted twice.
const (
	landAttempts = 4
	landPause    = 200 * time.Millisecond // doubled at each attempt
)

// putChunk lands one sealed chunk, all or nothing.
func (o *Office) putChunk(ctx context.Context, prefix string, seq int, sealed []byte) error {
	name, err := chunkName(prefix, seq)
	if err != nil {
		return err
	}
	pause := landPause
	for attempt := 1; ; attempt++ {
		err := o.Blobs.Create(ctx, name, sealed)
		if errors.Is(err, blob.ErrExists) {
			// An attempt whose answer was lost may have landed. Nobody else
			// knows the name; only the very same bytes count.
			return o.sameChunk(ctx, name, sealed)
		}
		if err == nil || attempt == landAttempts || !errors.Is(err, blob.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
			pause *= 2
		}
	}
}

func (o *Office) sameChunk(ctx context.Context, name blob.Name, sealed []byte) (err error) {
	r, err := o.Blobs.Open(ctx, name)
	if err != nil {
		return fmt.Errorf("reading back a chunk: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	landed, err := io.ReadAll(io.LimitReader(r, int64(len(sealed))+1))
	if err != nil {
		return fmt.Errorf("reading back a chunk: %w", err)
	}
	if !bytes.Equal(landed, sealed) {
		return fmt.Errorf("reading back a chunk: %w, with other content", blob.ErrExists)
	}
	return nil
}

// chunkName is where chunk seq of an upload lies.
func chunkName(prefix string, seq int) (blob.Name, error) {
	n := blob.Name(fmt.Sprintf("%s%08d", prefix, seq))
	return n, n.Validate()
}
