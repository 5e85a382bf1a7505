package demo

import (
	"errors"

	"safeconduct/gateway/edge"
)

// Outcome is how a step ended.
type Outcome string

// The outcomes.
const (
	Done     Outcome = "done"
	Refused  Outcome = "refused"
	Released Outcome = "released" // data left, or may leave now
)

// Step is one step of the story, as --json writes it.
type Step struct {
	Step    string   `json:"step"`
	Actor   string   `json:"actor"`  // a role in lower case, or operator
	Method  string   `json:"method"` // empty where the step is no request
	Path    string   `json:"path"`
	Status  int      `json:"status"` // of HTTP; 0 where the step is no request
	Outcome Outcome  `json:"outcome"`
	Codes   []string `json:"codes"` // of the refusal, the primary one first
}

// Telling is a step for people.
type Telling struct {
	Step
	Chapter  string             // of the story
	What     string             // in a few words
	Refusals []edge.RefusalView // with mends
	Notes    []string
}

// Reporter shows a step as it ends.
type Reporter interface {
	Step(t Telling) error
}

// Operator is the actor of what is done on the machine itself.
const Operator = "operator"

// ErrUnexpected says that a step did not end as it must.
var ErrUnexpected = errors.New("the story did not go as it must")
