// Package duty names the parts of the work that a process may play, each with its own login and least rights, so that
// whoever takes one process over does not hold what the others hold (architecture.md, Duties).
package duty

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Duty is one part of the work.
type Duty string

// The duties.
const (
	// Intake asks the gate, seals what comes in and puts it. It opens no payload.
	Intake Duty = "intake"
	// Release opens what goes out and sends it. It puts and deletes nothing.
	Release Duty = "release"
	// Keeper makes, rotates and trims keys, and deletes objects. It reads neither.
	Keeper Duty = "keeper"
	// Sequencer gives log entries their place and signs checkpoints.
	Sequencer Duty = "sequencer"
)

// All lists every duty.
func All() []Duty { return []Duty{Intake, Release, Keeper, Sequencer} }

// ErrUnknown says that there is no such duty.
var ErrUnknown = errors.New("no such duty")

// Parse reads the names of duties, each once. The error wraps ErrUnknown, or says what is wrong with the list.
func Parse(names []string) (Set, error) {
	var s Set
	for _, name := range names {
		d := Duty(name)
		if !slices.Contains(All(), d) {
			return nil, fmt.Errorf("%w: %.40q; name some of %s", ErrUnknown, name, strings.Join(Names(), ", "))
		}
		if s.Has(d) {
			return nil, fmt.Errorf("%s is named twice", d)
		}
		s = append(s, d)
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("no duty is named; name some of %s", strings.Join(Names(), ", "))
	}
	return s, nil
}

// Names are those of all duties.
func Names() []string {
	var names []string
	for _, d := range All() {
		names = append(names, string(d))
	}
	return names
}

// Set is the duties that one process plays, in the order of its configuration.
type Set []Duty

// Has reports whether the duty is played.
func (s Set) Has(d Duty) bool { return slices.Contains(s, d) }

// Needs answers nil where the duty is played, and an *OtherError where it is not.
func (s Set) Needs(d Duty) error {
	if s.Has(d) {
		return nil
	}
	return &OtherError{Needs: d}
}

// OtherError says that this process does not play the duty that an act needs. Nothing was done: no other credential is
// tried in its place.
type OtherError struct{ Needs Duty }

// Error names the duty.
func (e *OtherError) Error() string {
	return "this process does not play the duty " + string(e.Needs) + ", which is needed: ask one that does"
}
