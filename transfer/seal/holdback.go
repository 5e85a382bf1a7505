package seal

import (
	"fmt"
	"io"
)

// Pieces of plaintext there are, in turn: one is being filled, and the others,
// with the newest that is held back, may still have to be hashed.
const (
	pieces  = 8
	hashing = pieces - 1
)

// holdback is a writer that always keeps the newest piece back, until flush.
type holdback struct {
	w     io.Writer
	skip  int64     // bytes still to drop
	whole *digester // of all that is committed; nil for none
	piece [pieces][]byte
	cur   int // the piece being filled
	held  []byte
}

func newHoldback(w io.Writer, skip int64, whole *digester) *holdback {
	return &holdback{w: w, skip: skip, whole: whole}
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
	if h.whole != nil {
		h.whole.add(fresh)
	}
	if err := h.flush(); err != nil {
		return err
	}
	h.held = fresh
	// The oldest piece comes next. It was hashed: no more of them than hashing
	// lie in the digester, the one it works on included.
	h.cur = (h.cur + 1) % pieces
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

// release zeroes what held plaintext.
func (h *holdback) release() {
	if h.whole != nil {
		h.whole.end()
	}
	for _, p := range h.piece {
		clear(p)
	}
}
