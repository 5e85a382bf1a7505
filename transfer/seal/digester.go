package seal

import (
	"crypto/sha256"
	"hash"
	"sync"
)

// digester takes the digest of the plaintext beside the work on it: SHA-256 is
// several times slower than AES-GCM, and neither changes the bytes.
type digester struct {
	hash    hash.Hash
	pieces  chan []byte
	pending sync.WaitGroup // pieces that are not hashed yet
	worker  sync.WaitGroup
}

// newDigester starts the digest, in a goroutine that lives until end. When add
// returns, at most the last most pieces (2 or more) are not hashed yet.
func newDigester(most int) *digester {
	d := &digester{hash: sha256.New(), pieces: make(chan []byte, most-1)}
	d.worker.Go(func() {
		for b := range d.pieces {
			_, _ = d.hash.Write(b) // never fails
			d.pending.Done()
		}
	})
	return d
}

// add has b hashed after what was added before. Its bytes may not change until
// wait returns, or that many others were added.
func (d *digester) add(b []byte) {
	if len(b) > 0 {
		d.pending.Add(1)
		d.pieces <- b
	}
}

// wait returns when all that was added is hashed.
func (d *digester) wait() { d.pending.Wait() }

// sum waits and returns the digest.
func (d *digester) sum() (sum [sha256.Size]byte) {
	d.wait()
	d.hash.Sum(sum[:0])
	return sum
}

// end waits and ends the goroutine.
func (d *digester) end() {
	close(d.pieces)
	d.worker.Wait()
}
