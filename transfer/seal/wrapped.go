package seal

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

const maxWrapped = 4096

// Wrapped is a data key as the key service wrapped it: "vault:v3:..." or
// "local:v1:...". It is opaque but for its version, and safe to store.
type Wrapped string

// Version returns the version of the wrapping key, from 1, or ErrInvalid. It
// says nothing of whether w opens.
func (w Wrapped) Version() (int, error) {
	_, version, _, err := w.parts()
	return version, err
}

// Payload returns the version and the decoded bytes of a wrapped key that was
// made by scheme ("local", "vault"), or ErrInvalid. It is for adapters.
func (w Wrapped) Payload(scheme string) (version int, payload []byte, err error) {
	s, version, payload, err := w.parts()
	if err != nil {
		return 0, nil, err
	}
	if s != scheme {
		return 0, nil, fmt.Errorf("wrapped key is not of this key service (want %q): %w", scheme+":", ErrInvalid)
	}
	return version, payload, nil
}

// NewWrapped encodes what an adapter wrapped.
func NewWrapped(scheme string, version int, payload []byte) Wrapped {
	return Wrapped(scheme + ":v" + strconv.Itoa(version) + ":" + base64.StdEncoding.EncodeToString(payload))
}

func (w Wrapped) parts() (scheme string, version int, payload []byte, err error) {
	bad := func(what string) (string, int, []byte, error) {
		return "", 0, nil, fmt.Errorf("wrapped key: %s: %w", what, ErrInvalid)
	}
	if len(w) > maxWrapped {
		return bad("too long")
	}
	fields := strings.Split(string(w), ":")
	if len(fields) != 3 {
		return bad("not of the form service:vN:text")
	}
	if fields[0] != "vault" && fields[0] != "local" {
		return bad("unknown key service")
	}
	digits, ok := strings.CutPrefix(fields[1], "v")
	version, err = strconv.Atoi(digits)
	// Only the canonical spelling: Atoi also takes "+1" and "01".
	if !ok || err != nil || version < 1 || strconv.Itoa(version) != digits {
		return bad("no version")
	}
	payload, err = base64.StdEncoding.Strict().DecodeString(fields[2])
	// The decoder skips line breaks; a wrapped key has none.
	if err != nil || len(payload) == 0 || strings.ContainsAny(fields[2], "\r\n") {
		return bad("not base64")
	}
	return fields[0], version, payload, nil
}
