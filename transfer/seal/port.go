package seal

import (
	"context"
	"errors"
)

// Errors that callers branch on. Adapters wrap them with what was being done;
// none carries key material, a token, or personal data.
var (
	// ErrUnavailable: the key service is sealed, unreachable, too slow, or no
	// longer knows this process. Nothing was decided; trying later may succeed.
	ErrUnavailable = errors.New("the key service is unavailable")
	// ErrDenied: the key service knows this process and its policy refuses the
	// operation. Trying again does not help.
	ErrDenied = errors.New("the key service's policy refuses")
	// ErrKeyUnknown: no key of that name exists.
	ErrKeyUnknown = errors.New("no such key")
	// ErrNotDerived: the key exists but is not derived, so that a binding would
	// be ignored. It must not be used.
	ErrNotDerived = errors.New("the key is not derived: it would ignore the binding")
	// ErrUnwrap: the wrapped key does not open: another binding, another key,
	// altered, or of a version that was trimmed.
	ErrUnwrap = errors.New("the wrapped key does not open")
	// ErrCorrupt: the sealed payload is truncated, reordered, swapped or
	// altered, or its manifest contradicts itself.
	ErrCorrupt = errors.New("the sealed payload is corrupt")
	// ErrOffset: the offset lies outside the payload.
	ErrOffset = errors.New("the offset lies outside the payload")
	// ErrInvalid: a name, binding, address, key or wrapped key is not of the
	// required form. A mistake of the caller, or a damaged row.
	ErrInvalid = errors.New("invalid")
)

// KeyWrapper makes data keys and unwraps them. Implementations are safe for
// concurrent use. A binding must not be empty.
type KeyWrapper interface {
	// NewDataKey returns a fresh data key and its wrapped form, under the
	// newest version of the named key. Errors: ErrInvalid, ErrKeyUnknown,
	// ErrNotDerived, ErrDenied, ErrUnavailable.
	NewDataKey(ctx context.Context, name KeyName, binding Binding) (DataKey, Wrapped, error)
	// Unwrap opens what NewDataKey or Rewrap returned for the same name and
	// binding, of any version that was not trimmed. Errors: as NewDataKey, and
	// ErrUnwrap.
	Unwrap(ctx context.Context, name KeyName, binding Binding, wrapped Wrapped) (DataKey, error)
}

// KeyKeeper looks after the keys that wrap. Implementations are safe for
// concurrent use.
type KeyKeeper interface {
	// Ensure creates the named key, derived, if it does not exist; a key that
	// exists is left as it is and verified (ErrNotDerived). Idempotent.
	Ensure(ctx context.Context, name KeyName) error
	// Rotate adds a version, which NewDataKey and Rewrap use from then on, and
	// returns its number. Older versions still unwrap.
	Rotate(ctx context.Context, name KeyName) (int, error)
	// Rewrap returns the same data key wrapped under the newest version. The
	// old wrapped key stays valid until Trim.
	Rewrap(ctx context.Context, name KeyName, binding Binding, wrapped Wrapped) (Wrapped, error)
	// Trim destroys all versions below min, for ever: what is wrapped under
	// them is lost. The caller has proved before that nothing is. A min that is
	// not above what was trimmed already does nothing; one above the newest
	// version is refused (ErrInvalid). A Trim that fails half way may be
	// repeated.
	Trim(ctx context.Context, name KeyName, minVersion int) error
}
