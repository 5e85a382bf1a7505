package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

// GetFunc returns the sealed object of chunk seq, which Open closes. Its reads
// end when ctx does.
type GetFunc func(ctx context.Context, seq int) (io.ReadCloser, error)

// Open gets the sealed objects of m, opens them under key and writes the
// plaintext from offset (in bytes, 0 to m.Size) to its end to w. It gets only
// the chunks that it needs; at the end of the payload, the last one.
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
	o := &opener{aead: aead, address: a, manifest: m, get: get, out: &holdback{w: w, skip: skip}}
	defer o.out.release()
	if offset == 0 {
		o.whole = sha256.New()
	}
	for seq := first; seq < len(m.Chunks); seq++ {
		if err := o.chunk(ctx, seq); err != nil {
			return err
		}
	}
	if o.whole != nil && !bytes.Equal(o.whole.Sum(nil), m.SHA256[:]) {
		return fmt.Errorf("digest of the plaintext differs: %w", ErrCorrupt)
	}
	return o.out.flush()
}

type opener struct {
	aead     *subtle.AESGCMHKDF
	address  Address
	manifest Manifest
	get      GetFunc
	whole    hash.Hash // of the plaintext, when all of it is opened
	out      *holdback
}

// chunk opens one object to o.out. What it wrote is authentic; that the object
// is the one in the manifest is certain when it returns nil.
func (o *opener) chunk(ctx context.Context, seq int) (err error) {
	if ctx.Err() != nil {
		return fmt.Errorf("opening chunk %d: %w", seq, context.Cause(ctx))
	}
	body, err := o.get(ctx, seq)
	if err != nil {
		return fmt.Errorf("getting chunk %d: %w", seq, err)
	}
	defer func() {
		if cerr := body.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("closing chunk %d: %w", seq, cerr)
		}
	}()
	c := o.manifest.Chunks[seq]
	src := &source{ctx: ctx, r: body, left: c.Sealed, hash: sha256.New()}
	r, err := o.aead.NewDecryptingReader(src, o.address.associated(seq, seq == len(o.manifest.Chunks)-1))
	if err != nil {
		return src.explain(seq, err)
	}
	var n int64
	for {
		piece := o.out.next()
		k, err := io.ReadFull(r, piece)
		n += int64(k)
		if o.whole != nil {
			_, _ = o.whole.Write(piece[:k]) // never fails
		}
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
	return src.finish(seq, c, n)
}

// holdback is a writer that always keeps the newest piece back, until flush.
type holdback struct {
	w     io.Writer
	skip  int64 // bytes still to drop
	piece [2][]byte
	cur   int // the piece being filled; the other is held
	held  []byte
}

// next returns the buffer for the next piece.
func (h *holdback) next() []byte {
	if h.piece[h.cur] == nil {
		h.piece[h.cur] = make([]byte, plainSegment)
	}
	return h.piece[h.cur]
}

// commit takes the first n bytes of the buffer from next, and writes the piece
// that was held before.
func (h *holdback) commit(n int) error {
	drop := min(h.skip, int64(n))
	h.skip -= drop
	fresh := h.piece[h.cur][drop:n]
	if len(fresh) == 0 {
		return nil
	}
	if err := h.flush(); err != nil {
		return err
	}
	h.held = fresh
	h.cur = 1 - h.cur
	return nil
}

// flush writes the piece that is held.
func (h *holdback) flush() error {
	held := h.held
	h.held = nil
	if len(held) == 0 {
		return nil
	}
	if _, err := h.w.Write(held); err != nil {
		return fmt.Errorf("writing the payload: %w", err)
	}
	return nil
}

func (h *holdback) release() {
	clear(h.piece[0])
	clear(h.piece[1])
}
