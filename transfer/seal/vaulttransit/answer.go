package vaulttransit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"

	"safeconduct/transfer/seal"
)

// refusal is an answer of Vault that is an error, without its text: that might
// quote what it was sent.
type refusal struct {
	doing  string
	status int
	kind   error // a sentinel, may be nil
}

func (r *refusal) Error() string {
	if r.kind == nil {
		return fmt.Sprintf("%s: Vault answered %d", r.doing, r.status)
	}
	return fmt.Sprintf("%s: Vault answered %d: %v", r.doing, r.status, r.kind)
}

func (r *refusal) Unwrap() error { return r.kind }

var (
	errToken   = fmt.Errorf("it does not know this token: %w", seal.ErrUnavailable)
	errContext = errors.New("a context is required")
	errNoMount = errors.New("nothing is mounted there")
	// The version is below the least that may still be decrypted.
	errTooOld = fmt.Errorf("of a version that may not be used any more: %w", seal.ErrUnwrap)
)

// explain turns an error of package api into one of this one.
func explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		return &refusal{doing, answer.StatusCode, kindOf(answer)}
	}
	// The network, TLS, a timeout. The text names the address and no more.
	return fmt.Errorf("%s: %w: %v", doing, seal.ErrUnavailable, err) //nolint:errorlint // its identity is of no use to callers
}

// kindOf reads what Vault 1.21 means. Its texts are no interface, so what they
// do not tell is refused, not taken for success.
func kindOf(a *api.ResponseError) error {
	says := func(text string) bool {
		for _, e := range a.Errors {
			if strings.Contains(e, text) {
				return true
			}
		}
		return false
	}
	switch code := a.StatusCode; {
	case code == http.StatusForbidden && (says("invalid token") || says("bad token")):
		return errToken
	case code == http.StatusForbidden:
		return seal.ErrDenied
	case code == http.StatusTooManyRequests, code == http.StatusPreconditionFailed, code >= http.StatusInternalServerError,
		code == 472, code == 473: // standbys of Vault Enterprise
		return seal.ErrUnavailable
	case says("no handler for route"):
		return errNoMount
	case code == http.StatusNotFound, says("key not found"), says("no existing key named"):
		return seal.ErrKeyUnknown
	case says("missing 'context' for key derivation"):
		return errContext
	case says("disallowed by policy (too old)"):
		return errTooOld
	}
	return nil
}

func invalidToken(err error) bool { return errors.Is(err, errToken) }

// status returns the HTTP status of a refusal that is not a failure of the
// server, else 0.
func status(err error) int {
	var r *refusal
	if errors.As(err, &r) && (!errors.Is(err, seal.ErrUnavailable) || invalidToken(err)) {
		return r.status
	}
	return 0
}

// answer is the data of a response. Missing and misshapen fields are errors
// where they are needed.
type answer map[string]any

func malformed(doing, field string) error {
	return fmt.Errorf("%s: the answer of Vault has no proper %s", doing, field)
}

func (a answer) text(doing, field string) (string, error) {
	s, ok := a[field].(string)
	if !ok || s == "" {
		return "", malformed(doing, field)
	}
	return s, nil
}

func (a answer) number(doing, field string) (int, error) {
	n, ok := a[field].(json.Number)
	if !ok {
		return 0, malformed(doing, field)
	}
	i, err := n.Int64()
	if err != nil || i < 0 || i > 1<<31-1 {
		return 0, malformed(doing, field)
	}
	return int(i), nil
}

// flag returns the field, false if it is absent or no boolean.
func (a answer) flag(field string) bool {
	b, ok := a[field].(bool)
	return ok && b
}

// dataKey returns the data key in field "plaintext".
func (a answer) dataKey(doing string) (seal.DataKey, error) {
	s, err := a.text(doing, "plaintext")
	if err != nil {
		return seal.DataKey{}, err
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	defer clear(raw)
	if err != nil {
		return seal.DataKey{}, malformed(doing, "plaintext")
	}
	key, err := seal.NewDataKey(raw)
	if err != nil {
		return seal.DataKey{}, malformed(doing, "plaintext")
	}
	return key, nil
}

// wrapped returns the wrapped key in field "ciphertext".
func (a answer) wrapped(doing string) (seal.Wrapped, error) {
	s, err := a.text(doing, "ciphertext")
	if err != nil {
		return "", err
	}
	w := seal.Wrapped(s)
	if _, _, err := w.Payload(scheme); err != nil {
		return "", malformed(doing, "ciphertext")
	}
	return w, nil
}
