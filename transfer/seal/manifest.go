package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// MaxChunkSize bounds the plaintext of one chunk, in bytes.
const MaxChunkSize = 1 << 30

// Chunk describes one sealed object.
type Chunk struct {
	Plain  int64    // bytes of plaintext
	Sealed int64    // bytes of the sealed object
	SHA256 [32]byte // of the sealed object
}

// Manifest describes a sealed payload: what [Open] needs beside the data key
// and the address. It marshals to JSON with digests in hexadecimal.
type Manifest struct {
	Chunks []Chunk
	Size   int64    // bytes of plaintext
	SHA256 [32]byte // of the plaintext
}

// Digest returns the canonical SHA-256 of m (package comment): what the
// evidence log commits to.
func (m Manifest) Digest() [32]byte {
	b := appendField(make([]byte, 0, 128+len(m.Chunks)*48), []byte("safeconduct/manifest/v1"))
	b = appendSize(b, m.Size)
	b = append(b, m.SHA256[:]...)
	b = appendSize(b, int64(len(m.Chunks)))
	for _, c := range m.Chunks {
		b = appendSize(b, c.Plain)
		b = appendSize(b, c.Sealed)
		b = append(b, c.SHA256[:]...)
	}
	return sha256.Sum256(b)
}

func appendSize(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n)) // a bijection: sizes are compared, not computed with
}

// Validate returns ErrCorrupt if m contradicts itself or the format: no chunk,
// an empty chunk among others, sizes that do not add up.
func (m Manifest) Validate() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("manifest: "+format+": %w", append(args, ErrCorrupt)...)
	}
	if len(m.Chunks) == 0 {
		return bad("no chunk")
	}
	var total int64
	for i, c := range m.Chunks {
		switch {
		case c.Plain < 0 || c.Plain > MaxChunkSize:
			return bad("chunk %d of %d bytes", i, c.Plain)
		case c.Plain == 0 && len(m.Chunks) > 1:
			// Were the last chunk empty, the whole payload would have been
			// written before the last chunk is authenticated.
			return bad("chunk %d is empty", i)
		case c.Sealed != SealedSize(c.Plain):
			return bad("chunk %d of %d bytes cannot seal to %d", i, c.Plain, c.Sealed)
		}
		total += c.Plain
	}
	if total != m.Size {
		return bad("chunks hold %d bytes, not %d", total, m.Size)
	}
	return nil
}

// locate returns the chunk that holds the byte at offset and the number of its
// bytes before it. The end of the payload lies in the last chunk, which is thus
// authenticated also when nothing is left to read.
func (m Manifest) locate(offset int64) (seq int, skip int64, err error) {
	if offset < 0 || offset > m.Size {
		return 0, 0, fmt.Errorf("offset %d in %d bytes: %w", offset, m.Size, ErrOffset)
	}
	for seq < len(m.Chunks)-1 && offset >= m.Chunks[seq].Plain {
		offset -= m.Chunks[seq].Plain
		seq++
	}
	return seq, offset, nil
}

type hexDigest [32]byte

func (d hexDigest) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, d[:]), nil
}

func (d *hexDigest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return fmt.Errorf("digest of %d characters (want %d): %w", len(text), 2*len(d), ErrInvalid)
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return fmt.Errorf("digest is not hexadecimal: %w", ErrInvalid)
	}
	return nil
}

type chunkJSON struct {
	Plain  int64     `json:"plain"`
	Sealed int64     `json:"sealed"`
	SHA256 hexDigest `json:"sha256"`
}

type manifestJSON struct {
	Size   int64     `json:"size"`
	SHA256 hexDigest `json:"sha256"`
	Chunks []Chunk   `json:"chunks"`
}

// MarshalJSON writes {"plain":n,"sealed":n,"sha256":"hex"}.
func (c Chunk) MarshalJSON() ([]byte, error) {
	return json.Marshal(chunkJSON{c.Plain, c.Sealed, c.SHA256})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Chunk) UnmarshalJSON(b []byte) error {
	var j chunkJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("reading chunk: %w", err)
	}
	*c = Chunk{j.Plain, j.Sealed, j.SHA256}
	return nil
}

// MarshalJSON writes {"size":n,"sha256":"hex","chunks":[...]}.
func (m Manifest) MarshalJSON() ([]byte, error) {
	return json.Marshal(manifestJSON{m.Size, m.SHA256, m.Chunks})
}

// UnmarshalJSON reads what MarshalJSON wrote. It does not Validate.
func (m *Manifest) UnmarshalJSON(b []byte) error {
	var j manifestJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("reading manifest: %w", err)
	}
	*m = Manifest{Chunks: j.Chunks, Size: j.Size, SHA256: j.SHA256}
	return nil
}
