package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"safeconduct/transfer/seal"
)

// Errors of opening a signed checkpoint; each wraps nothing else.
var (
	// ErrForeign says that the signer is not a known key of the origin:
	// another log's, an attacker's, or a version that was trimmed since.
	ErrForeign = errors.New("checkpoint is signed by a key that is not known")
	// ErrSignature says that the named key is known and did not sign this.
	ErrSignature = errors.New("checkpoint signature does not verify")
	// ErrOrigin says that the note is a checkpoint of another log.
	ErrOrigin = errors.New("checkpoint belongs to another log")
)

// Verifier knows the key versions of one log. It is safe for concurrent use.
type Verifier struct {
	origin   string
	known    note.Verifiers
	versions map[uint32]int
}

// NewVerifier takes every version of the signing key that may have signed a
// checkpoint of origin. Errors wrap ErrCheckpoint.
func NewVerifier(origin string, keys []seal.PublicKey) (*Verifier, error) {
	if !validOrigin(origin) {
		return nil, fmt.Errorf("%w: origin %q", ErrCheckpoint, origin)
	}
	v := &Verifier{origin: origin, versions: make(map[uint32]int, len(keys))}
	list := make([]note.Verifier, 0, len(keys))
	for _, k := range keys {
		one, err := noteVerifier(origin, k)
		if err != nil {
			return nil, err
		}
		if have, twice := v.versions[one.KeyHash()]; twice && have != k.Version {
			return nil, fmt.Errorf("%w: key versions %d and %d have one key hash", ErrCheckpoint, have, k.Version)
		} else if twice {
			continue
		}
		v.versions[one.KeyHash()] = k.Version
		list = append(list, one)
	}
	v.known = note.VerifierList(list...)
	return v, nil
}

// Open parses and verifies a signed checkpoint and returns the version of the
// key that signed it. Errors wrap ErrCheckpoint (also for any encoding but
// the one in the package's documentation), ErrOrigin, ErrForeign or
// ErrSignature.
func (v *Verifier) Open(signed []byte) (Checkpoint, int, error) {
	parts, err := splitNote(signed)
	if err != nil {
		return Checkpoint{}, 0, err
	}
	c, err := ParseCheckpoint([]byte(parts.text))
	if err != nil {
		return Checkpoint{}, 0, err
	}
	if c.Origin != v.origin {
		return Checkpoint{}, 0, fmt.Errorf("%w: it names %s", ErrOrigin, c.Origin)
	}
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	_, err = note.Open(signed, v.known)
	switch {
	case errors.As(err, &unverified):
		return Checkpoint{}, 0, fmt.Errorf("%w: key %s, key hash %08x", ErrForeign, parts.name, parts.hash)
	case errors.As(err, &invalid):
		return Checkpoint{}, 0, fmt.Errorf("%w: key version %d", ErrSignature, v.versions[parts.hash])
	case err != nil:
		return Checkpoint{}, 0, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	return c, v.versions[parts.hash], nil
}

type noteParts struct {
	text string
	name string
	hash uint32
}

// splitNote takes a note apart and refuses every encoding but the canonical
// one: note.Open alone accepts base64 with stray trailing bits, repeated
// lines and further signatures, and the newest note has no successor whose
// prev hash would show that.
func splitNote(signed []byte) (noteParts, error) {
	if len(signed) > maxNote {
		return noteParts{}, fmt.Errorf("%w: it is longer than %d bytes", ErrCheckpoint, maxNote)
	}
	text, rest, ok := bytes.Cut(signed, []byte("\n\n"))
	line, oneLine := bytes.CutSuffix(rest, []byte("\n"))
	if !ok || !oneLine || bytes.IndexByte(line, '\n') >= 0 {
		return noteParts{}, fmt.Errorf("%w: it is not a note with one signature line", ErrCheckpoint)
	}
	line, dash := bytes.CutPrefix(line, []byte("\u2014 "))
	name, b64, named := strings.Cut(string(line), " ")
	sig, err := base64.StdEncoding.Strict().DecodeString(b64)
	if !dash || !named || err != nil || len(sig) < 5 {
		return noteParts{}, fmt.Errorf("%w: the signature line is malformed", ErrCheckpoint)
	}
	return noteParts{text: string(text) + "\n", name: name, hash: binary.BigEndian.Uint32(sig)}, nil
}

func noteVerifier(origin string, k seal.PublicKey) (note.Verifier, error) {
	encoded, err := note.NewEd25519VerifierKey(origin, k.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: public key version %d: %w", ErrCheckpoint, k.Version, err)
	}
	verifier, err := note.NewVerifier(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: public key version %d: %w", ErrCheckpoint, k.Version, err)
	}
	return verifier, nil
}
