// Package lifecycle is what the state machines of domain.md section 4 have in
// common: the way in which they refuse an event.
package lifecycle

import "errors"

// ErrIllegal is what every TransitionError is, for errors.Is.
var ErrIllegal = errors.New("transition not allowed")

// Code stands in the log for an act that the state did not allow (R43).
const Code = "ILLEGAL_TRANSITION"

// TransitionError says that an event may not happen to an entity as it stands.
// Its texts hold states, roles and rules, never personal data, and may be shown
// to the caller as they are.
type TransitionError struct {
	Entity string // "assessment"
	State  string // the state it is in
	Event  string // what was tried: "approve"
	Guard  string // the rule that stood in the way
	Mend   string // what to do instead
	Cause  error  // the finding behind the guard, or nil
}

// Error names entity, state, event, guard and mend.
func (e *TransitionError) Error() string {
	text := e.Event + " of " + e.Entity + " in state " + e.State + ": " + e.Guard
	if e.Mend != "" {
		text += "; " + e.Mend
	}
	return text
}

// Is makes every TransitionError an ErrIllegal.
func (e *TransitionError) Is(target error) bool { return target == ErrIllegal }

// Unwrap answers Cause.
func (e *TransitionError) Unwrap() error { return e.Cause }
