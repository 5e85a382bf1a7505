package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

// Parameters of the format, version 1 (package comment).
const (
	// ChunkSize is the plaintext of one full chunk, in bytes.
	ChunkSize = 4 << 20

	formatLabel  = "safeconduct/seal/v1"
	segmentSize  = 64 << 10
	headerSize   = 1 + DataKeySize + subtle.AESGCMHKDFNoncePrefixSizeInBytes
	tagSize      = subtle.AESGCMHKDFTagSizeInBytes
	plainSegment = segmentSize - tagSize
	firstSegment = plainSegment - headerSize
)

// Address says what a sealed payload is: every chunk is bound to it.
type Address struct {
	Transfer string // transfer id
	File     int    // number of the file in the transfer, from 1
}

// Validate returns ErrInvalid if a part is missing.
func (a Address) Validate() error {
	if a.Transfer == "" || a.File < 1 {
		return fmt.Errorf("address of file %d needs a transfer id and a file number from 1: %w", a.File, ErrInvalid)
	}
	return nil
}

// associated returns the associated data of one chunk.
func (a Address) associated(seq int, last bool) []byte {
	var flag byte
	if last {
		flag = 1
	}
	b := appendField(make([]byte, 0, 128), []byte(formatLabel))
	b = appendField(b, []byte(a.Transfer))
	b = appendField(b, binary.BigEndian.AppendUint64(nil, uint64(a.File))) // validated: at least 1
	b = appendField(b, binary.BigEndian.AppendUint64(nil, uint64(seq)))    // counted from 0
	return appendField(b, []byte{flag})
}

// SealedSize returns the size in bytes of the object that a chunk of plain
// bytes (not negative) seals to.
func SealedSize(plain int64) int64 {
	segments := int64(1)
	if plain > firstSegment {
		segments += (plain - firstSegment + plainSegment - 1) / plainSegment
	}
	return headerSize + plain + segments*tagSize
}

// newAEAD returns the primitive of the format for one data key.
func newAEAD(key DataKey) (*subtle.AESGCMHKDF, error) {
	if err := key.usable(); err != nil {
		return nil, err
	}
	aead, err := subtle.NewAESGCMHKDF(key.Bytes(), "SHA256", DataKeySize, segmentSize, 0)
	if err != nil {
		return nil, fmt.Errorf("preparing the cipher: %w", err)
	}
	return aead, nil
}

// Chunk seals plain as chunk seq, under a salt of its own, and appends the
// object to dst. Sealing the same chunk twice gives two objects, each valid.
// An empty chunk is allowed only as the one chunk of an empty payload.
func (s *Sealer) Chunk(dst []byte, seq int, last bool, plain []byte) ([]byte, Chunk, error) {
	out, err := s.seal(dst, seq, last, plain)
	if err != nil {
		return dst, Chunk{}, err
	}
	return out, chunkOf(len(plain), out[len(dst):]), nil
}

// chunkOf describes an object that holds plain bytes of plaintext.
func chunkOf(plain int, object []byte) Chunk {
	return Chunk{int64(plain), int64(len(object)), sha256.Sum256(object)}
}

// seal is Chunk without the digest of the object.
func (s *Sealer) seal(dst []byte, seq int, last bool, plain []byte) ([]byte, error) {
	if seq < 0 || len(plain) > MaxChunkSize || len(plain) == 0 && (seq > 0 || !last) {
		return nil, fmt.Errorf("chunk %d of %d bytes: %w", seq, len(plain), ErrInvalid)
	}
	out := appender{b: dst}
	w, err := s.aead.NewEncryptingWriter(&out, s.address.associated(seq, last))
	if err != nil {
		return nil, fmt.Errorf("sealing chunk %d: %w", seq, err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("sealing chunk %d: %w", seq, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("sealing chunk %d: %w", seq, err)
	}
	return out.b, nil
}

// appender is an io.Writer onto the end of a slice.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
