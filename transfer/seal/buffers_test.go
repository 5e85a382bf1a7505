package seal

import (
	"bytes"
	"testing"
)

func TestPlaintextIsZeroedWhenReleased(t *testing.T) {
	for _, size := range []int{100, ChunkSize} {
		b := takePlain(size)
		if len(b) != size+1 {
			t.Fatalf("buffer of %d bytes", len(b))
		}
		held := b // what a later user, or a memory dump, would see
		for i := range b {
			b[i] = 'p'
		}
		releasePlain(b)
		if bytes.IndexByte(held, 'p') >= 0 {
			t.Fatalf("plaintext left in a released buffer of %d", size)
		}
	}
	out := newHoldback(&bytes.Buffer{}, 0, nil)
	piece := out.next()
	piece[0] = 'p'
	if err := out.commit(1); err != nil {
		t.Fatal(err)
	}
	if out.release(); piece[0] != 0 {
		t.Fatal("plaintext left by Open")
	}
}
