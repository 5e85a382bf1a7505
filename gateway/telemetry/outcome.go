package telemetry

import (
	"context"
	"errors"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/sequencer"
	"safeconduct/transfer"
	"safeconduct/transfer/blob"
	"safeconduct/transfer/seal"
)

// Outcome names how a step ended, from a fixed set: "ok", the kind of the sentinel that err is, or "error". The text of
// an error is never told: it may hold what somebody typed (R55).
func Outcome(err error) string {
	if err == nil {
		return "ok"
	}
	var refused *transfer.RefusedError
	if errors.As(err, &refused) {
		return "refused"
	}
	for _, k := range kinds() {
		if errors.Is(err, k.is) {
			return k.name
		}
	}
	return "error"
}

type kind struct {
	is   error
	name string
}

// kinds is in order: the first that matches names the error.
func kinds() []kind {
	return []kind{
		{transfer.ErrBusy, "unavailable"},
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "timeout"},
		{sequencer.ErrTampered, "tampered"},
		{evidence.ErrTampered, "tampered"},
		{sequencer.ErrConflict, "conflict"},
		{sequencer.ErrNotSigned, "unsigned"},
		{transfer.ErrLogUnavailable, "unsigned"},
		{evidence.ErrUnavailable, "unavailable"},
		{seal.ErrUnavailable, "unavailable"},
		{blob.ErrUnavailable, "unavailable"},
		{seal.ErrCorrupt, "corrupt"},
		{blob.ErrWrongSize, "corrupt"},
		{seal.ErrUnwrap, "unwrap"},
		{seal.ErrDenied, "denied"},
		{authz.ErrDenied, "denied"},
		{transfer.ErrNotAvailable, "refused"},
		{transfer.ErrRecipientGone, "gone"},
		{evidence.ErrNotFound, "not_found"},
		{blob.ErrNotFound, "not_found"},
		{seal.ErrKeyUnknown, "not_found"},
		{evidence.ErrConflict, "conflict"},
		{lifecycle.ErrIllegal, "conflict"},
		{evidence.ErrExists, "exists"},
		{blob.ErrExists, "exists"},
		{blob.ErrLocked, "locked"},
		{transfer.ErrTooLarge, "too_large"},
		{blob.ErrTooLarge, "too_large"},
		{people.ErrInvalid, "invalid"},
		{seal.ErrInvalid, "invalid"},
		{seal.ErrOffset, "invalid"},
		{seal.ErrNotDerived, "invalid"},
		{blob.ErrInvalidName, "invalid"},
	}
}
