package gate

import "safeconduct/authz/evidence"

// Code is a refusal code of gate.md.
type Code string

// Override says whether a live emergency exception can set a code aside.
type Override string

// The overrides of gate.md.
const (
	Never     Override = "N"
	Emergency Override = "E"
)

// Finding is what a condition found wrong.
type Finding struct {
	Code   Code
	Object evidence.Ref // the record at fault, where there is one
	Rows   []int        // subjects at fault, by row number
	People []string     // the same subjects, by opaque id
	Detail []string     // fields, categories, clauses, countries, dates or ids at fault; never personal data
}

// Refusal is one finding as it is kept and shown.
type Refusal struct {
	Code        Code         `json:"code"`
	Phase       Phase        `json:"phase"`
	Object      evidence.Ref `json:"object,omitzero"`
	Rows        []int        `json:"rows,omitempty"`
	Subjects    []string     `json:"subjects,omitempty"`
	Detail      []string     `json:"detail,omitempty"`
	Overridable bool         `json:"overridable"`
	Policy      string       `json:"policy_version"`
}

// Decision is the gate's answer. It releases only where Refusals is empty.
type Decision struct {
	Phase    Phase     `json:"phase"`
	Policy   string    `json:"policy_version"`
	Refusals []Refusal `json:"refusals,omitempty"`
}

// Released reports whether the transfer may go on.
func (d Decision) Released() bool { return len(d.Refusals) == 0 }

// Codes lists the codes in order; the first is the primary one. A code with a
// parameter carries it after a colon, such as AGR_CLAUSE_MISSING:C20.
func (d Decision) Codes() []string {
	codes := make([]string, 0, len(d.Refusals))
	for _, r := range d.Refusals {
		codes = append(codes, string(r.Code))
	}
	return codes
}
