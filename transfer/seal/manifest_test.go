package seal_test

import (
	"context"
	"errors"
	"io"
	"math"
	"testing"

	"safeconduct/transfer/seal"
)

func TestManifestValidate(t *testing.T) {
	chunk := func(plain int64) seal.Chunk { return seal.Chunk{Plain: plain, Sealed: seal.SealedSize(plain)} }
	for name, c := range map[string]struct {
		m  seal.Manifest
		ok bool
	}{
		"empty payload":          {seal.Manifest{Chunks: []seal.Chunk{chunk(0)}}, true},
		"short chunk among full": {seal.Manifest{Size: 111, Chunks: []seal.Chunk{chunk(100), chunk(1), chunk(10)}}, true},
		"no chunk":               {seal.Manifest{}, false},
		"empty first chunk":      {seal.Manifest{Size: 9, Chunks: []seal.Chunk{chunk(0), chunk(9)}}, false},
		"empty last chunk":       {seal.Manifest{Size: 9, Chunks: []seal.Chunk{chunk(9), chunk(0)}}, false},
		"size too large":         {seal.Manifest{Size: 10, Chunks: []seal.Chunk{chunk(9)}}, false},
		"size too small":         {seal.Manifest{Size: 8, Chunks: []seal.Chunk{chunk(9)}}, false},
		"negative chunk":         {seal.Manifest{Size: 8, Chunks: []seal.Chunk{chunk(9), chunk(-1)}}, false},
		"chunk beyond bounds":    {seal.Manifest{Size: seal.MaxChunkSize + 1, Chunks: []seal.Chunk{chunk(seal.MaxChunkSize + 1)}}, false},
		"sum that overflows":     {seal.Manifest{Size: -2, Chunks: []seal.Chunk{chunk(math.MaxInt64), chunk(math.MaxInt64)}}, false},
		"sealed size too small":  {seal.Manifest{Size: 9, Chunks: []seal.Chunk{{Plain: 9, Sealed: 64}}}, false},
		"sealed size too large":  {seal.Manifest{Size: 9, Chunks: []seal.Chunk{{Plain: 9, Sealed: 66}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.m.Validate()
			if (err == nil) != c.ok || err != nil && !errors.Is(err, seal.ErrCorrupt) {
				t.Fatalf("got %v", err)
			}
			if c.ok {
				return
			}
			get := func(context.Context, int) (io.ReadCloser, error) {
				t.Error("an object was read")
				return nil, errMissing
			}
			if err := seal.Open(t.Context(), keyOf(t, 1), here, c.m, 0, get, io.Discard); !errors.Is(err, seal.ErrCorrupt) {
				t.Fatalf("opening: %v", err)
			}
		})
	}
}

// The sizes that the format's text gives, computed by hand.
func TestSealedSize(t *testing.T) {
	for plain, want := range map[int64]int64{
		0: 56, 1: 57, 65_480: 65_536, 65_481: 65_481 + 40 + 32, 65_480 + 65_520: 2 * 65_536, 65_480 + 65_520 + 1: 2*65_536 + 17,
	} {
		if got := seal.SealedSize(plain); got != want {
			t.Errorf("%d bytes seal to %d, want %d", plain, got, want)
		}
	}
}
