package seal

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

// GetFunc returns the sealed object of chunk seq, which Open closes. Its reads
// end when ctx does. Open calls it, and reads, in one other goroutine, ahead of
// what it has written.
type GetFunc func(ctx context.Context, seq int) (io.ReadCloser, error)

// Open gets the sealed objects of m, opens them under key and writes the
// plaintext from offset (in bytes, 0 to m.Size) to its end to w. It gets only
// the chunks that it needs; at the end of the payload, the last one. What comes
// next is got, and digests are taken, while w is written to.
//
// It writes authenticated bytes only, and the last of them (one at least, 64
// KiB at most) only when the size and digest of each object it got, and from
// offset 0 the SHA-256 of the whole plaintext, are right. Until it returns nil, what w received must not count as
// complete. Errors: ErrCorrupt, ErrInvalid, ErrOffset, those of get, of its
// reader and of w, and the context's.
func Open(ctx context.Context, key DataKey, a Address, m Manifest, offset int64, get GetFunc, w io.Writer) error {
	if err := a.Validate(); err != nil {
		return err
	}
	if err := m.Validate(); err != nil {
		return err
	}
	first, skip, err := m.locate(offset)
	if err != nil {
		return err
	}
	aead, err := newAEAD(key)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	o := &opener{aead: aead, address: a, manifest: m, in: newFetcher(get, m.Chunks)}
	if offset == 0 {
		o.whole = newDigester(hashing)
	}
	o.out = newHoldback(w, skip, o.whole)
	fetched := make(chan struct{})
	go func() {
		defer close(fetched)
		o.in.run(ctx, first)
	}()
	defer func() {
		cancel() // whatever happened, nothing is read when the call has returned
		<-fetched
		o.out.release()
	}()
	for seq := first; seq < len(m.Chunks); seq++ {
		if err := o.chunk(ctx, seq); err != nil {
			return err
		}
	}
	if o.whole != nil && o.whole.sum() != m.SHA256 {
		return fmt.Errorf("digest of the plaintext differs: %w", ErrCorrupt)
	}
	return o.out.flush()
}

type opener struct {
	aead     *subtle.AESGCMHKDF
	address  Address
	manifest Manifest
	in       *fetcher
	whole    *digester // of the plaintext, when all of it is opened
	out      *holdback
}

// chunk opens one object to o.out. What it wrote is authentic; that the object
// is the one in the manifest is certain when it returns nil.
func (o *opener) chunk(ctx context.Context, seq int) error {
	if ctx.Err() != nil {
		return fmt.Errorf("opening chunk %d: %w", seq, context.Cause(ctx))
	}
	src := &source{ctx: ctx, in: o.in}
	r, err := o.aead.NewDecryptingReader(src, o.address.associated(seq, seq == len(o.manifest.Chunks)-1))
	if err != nil {
		return src.explain(seq, err)
	}
	var n int64
	for {
		piece := o.out.next()
		k, err := io.ReadFull(r, piece)
		n += int64(k)
		if werr := o.out.commit(k); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break // of the plaintext: the last segment was authenticated as such
		}
		if err != nil {
			return src.explain(seq, err)
		}
	}
	return src.finish(seq, o.manifest.Chunks[seq], n)
}
