package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"safeconduct/transfer/blob"
)

// Landing one chunk is tried again when the object store fails at once: the
// sealed bytes stay the same, so that nothing is encrypted twice. After a
// time-out, or longer attempts, it is not: who asked has waited long enough.
const (
	landAttempts = 4
	landPause    = 200 * time.Millisecond // doubled at each attempt
	landFast     = 2 * time.Second        // after which no attempt begins
)

// putChunk lands one sealed chunk of the given digest, all or nothing. An attempt whose answer was
// lost may have landed: the very same bytes are then put under the same name
// again, whatever is there. Nothing is read back, which intake may not do, and
// nobody else knows the id of the upload, which is in the name.
func (o *Office) putChunk(ctx context.Context, prefix string, seq int, sealed []byte, sum blob.Digest) error {
	name, err := chunkName(prefix, seq)
	if err != nil {
		return err
	}
	put, pause, begun := o.Blobs.Create, landPause, o.Office.Time()
	for attempt := 1; ; attempt++ {
		err := put(ctx, name, sealed, sum)
		if err == nil || attempt == landAttempts || !errors.Is(err, blob.ErrUnavailable) || errors.Is(err, blob.ErrTimeout) ||
			o.Office.Time().Sub(begun) >= landFast {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
			pause *= 2
		}
		put = o.Blobs.Repeat
	}
}

// chunkName is where chunk seq of an upload lies.
func chunkName(prefix string, seq int) (blob.Name, error) {
	n := blob.Name(fmt.Sprintf("%s%08d", prefix, seq))
	return n, n.Validate()
}
