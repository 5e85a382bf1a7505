// Package lifecycle is how the state machines of agreements and transfers refuse an event: as all do (authz/lifecycle).
package lifecycle

import "safeconduct/authz/lifecycle"

// ErrIllegal is what every TransitionError is, for errors.Is.
var ErrIllegal = lifecycle.ErrIllegal

// Code stands in the log for an act that the state did not allow (R43).
const Code = lifecycle.Code

// TransitionError says that an event may not happen to an entity as it stands.
type TransitionError = lifecycle.TransitionError
