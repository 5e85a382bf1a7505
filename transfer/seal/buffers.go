package seal

import "sync"

// Caches of buffers of the standard chunk size. They are two because a buffer
// that once held plaintext must never reach a Put: net/http may go on reading a
// request body after the request has failed, and would then send whatever the
// buffer holds by that time.
var (
	plainBuffers  sync.Pool // a cache without meaning; its buffers are zeroed
	sealedBuffers sync.Pool // a cache without meaning; holds ciphertext only
)

// takePlain returns a buffer for one chunk and the byte that follows it.
func takePlain(chunkSize int) []byte {
	if chunkSize == ChunkSize {
		if b, ok := plainBuffers.Get().(*[]byte); ok {
			return *b
		}
	}
	return make([]byte, chunkSize+1)
}

// releasePlain zeroes b. It must not be used afterwards.
func releasePlain(b []byte) {
	clear(b)
	if len(b) == ChunkSize+1 {
		plainBuffers.Put(&b)
	}
}

// takeSealed returns an empty buffer with room for one sealed chunk.
func takeSealed(chunkSize int) []byte {
	if chunkSize == ChunkSize {
		if b, ok := sealedBuffers.Get().(*[]byte); ok {
			return (*b)[:0]
		}
	}
	return make([]byte, 0, SealedSize(int64(chunkSize)))
}

func releaseSealed(b []byte) {
	if cap(b) == int(SealedSize(ChunkSize)) {
		sealedBuffers.Put(&b)
	}
}
