package ledger

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"safeconduct/transfer/seal"
)

// VerifierKeys are the keys as text for who verifies elsewhere: a line for each,
// in the form that notes give verifier keys (c2sp.org/signed-note), each naming
// the origin. Errors wrap ErrCheckpoint.
func VerifierKeys(origin string, keys []seal.PublicKey) ([]byte, error) {
	if !validOrigin(origin) {
		return nil, fmt.Errorf("%w: origin %q", ErrCheckpoint, origin)
	}
	var text []byte
	for _, k := range keys {
		line, err := note.NewEd25519VerifierKey(origin, k.Key)
		if err != nil {
			return nil, fmt.Errorf("%w: public key version %d: %w", ErrCheckpoint, k.Version, err)
		}
		text = append(append(text, line...), '\n')
	}
	return text, nil
}

// ParseVerifier takes the text that VerifierKeys gives: all lines name one
// origin, whose log it verifies. The version of a key is the place of its line,
// from 1. Errors wrap ErrCheckpoint.
func ParseVerifier(text []byte) (*Verifier, error) {
	v := &Verifier{versions: map[uint32]int{}}
	var list []note.Verifier
	for i, line := range strings.Split(strings.TrimRight(string(text), "\r\n"), "\n") {
		one, err := note.NewVerifier(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("%w: line %d of the verifier keys: %w", ErrCheckpoint, i+1, err)
		}
		if i == 0 {
			v.origin = one.Name()
		}
		if one.Name() != v.origin || !validOrigin(v.origin) {
			return nil, fmt.Errorf("%w: line %d of the verifier keys: origin %q", ErrCheckpoint, i+1, one.Name())
		}
		if _, twice := v.versions[one.KeyHash()]; twice {
			return nil, fmt.Errorf("%w: line %d of the verifier keys is there twice", ErrCheckpoint, i+1)
		}
		v.versions[one.KeyHash()] = i + 1
		list = append(list, one)
	}
	v.known = note.VerifierList(list...)
	return v, nil
}

// Origin is the name of the log that it verifies.
func (v *Verifier) Origin() string { return v.origin }
