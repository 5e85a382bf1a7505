package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/gateway/edge"
	"safeconduct/transfer"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal"
)

// translate puts errors of the transfer services in the words of the edge's problem table.
func translate(err error) error {
	var refused *transfer.RefusedError
	switch {
	case err == nil, errors.Is(err, evidence.ErrUnavailable), errors.As(err, &refused):
		return err
	case errors.Is(err, transfer.ErrLogUnavailable):
		return fmt.Errorf("%w: %w", evidence.ErrUnavailable, err)
	case errors.Is(err, transfer.ErrNotAvailable):
		// All that a partner is told, whatever the cause (gate.md, rules around the table).
		return &transfer.RefusedError{Decision: gate.Decision{Refusals: []gate.Refusal{{Code: "PULL_DENIED", Phase: gate.Pull}}}}
	case errors.Is(err, transfer.ErrTooLarge):
		return &http.MaxBytesError{}
	case errors.Is(err, transfer.ErrDigest):
		return fmt.Errorf("%w: %w", people.ErrInvalid, err)
	case errors.Is(err, seal.ErrOffset):
		return unsatisfiable()
	}
	return err
}

// unsatisfiable says that a range lies beyond the end (RFC 9110, 15.5.17).
func unsatisfiable() *edge.Problem {
	return &edge.Problem{
		Type: "urn:safeconduct:range-not-satisfiable", Title: http.StatusText(http.StatusRequestedRangeNotSatisfiable),
		Status: http.StatusRequestedRangeNotSatisfiable, Detail: "The file ends before that byte.",
	}
}

// cutOff says that a body ended before its end: the client has gone, or its connection broke.
func cutOff(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, evidence.ErrUnavailable) {
		return fmt.Errorf("%w: the body is cut off", edge.ErrMalformed)
	}
	return err
}
