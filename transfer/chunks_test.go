package transfer

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"safeconduct/authz/evidence"
	"safeconduct/transfer/blob"
)

// failing is a store whose every put takes a while, and then fails.
type failing struct {
	blob.Store
	takes time.Duration
	err   error
	puts  int
}

func (f *failing) Create(context.Context, blob.Name, []byte, blob.Digest) error {
	f.puts++
	time.Sleep(f.takes) //nolint:forbidigo // inside a synctest bubble
	return f.err
}

func (f *failing) Repeat(ctx context.Context, name blob.Name, content []byte, sum blob.Digest) error {
	return f.Create(ctx, name, content, sum)
}

// TestOnlyFastFailuresAreRepeated: the bound on landing one object is the store's, and is not multiplied here.
func TestOnlyFastFailuresAreRepeated(t *testing.T) {
	for _, test := range []struct {
		name string
		f    failing
		puts int
	}{
		{"at once", failing{err: blob.ErrUnavailable}, landAttempts},
		{"timed out", failing{err: fmt.Errorf("%w: %w", blob.ErrUnavailable, blob.ErrTimeout)}, 1},
		{"after long attempts", failing{takes: landFast, err: blob.ErrUnavailable}, 1},
		{"for good", failing{err: blob.ErrDenied}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &Office{Deps: Deps{Office: &evidence.Office{Now: time.Now}, Blobs: &test.f}}
				err := o.putChunk(t.Context(), "a/b/", 0, nil, blob.DigestOf(nil))
				if !errors.Is(err, test.f.err) || test.f.puts != test.puts {
					t.Errorf("%v after %d puts; want %d", err, test.f.puts, test.puts)
				}
			})
		})
	}
}
