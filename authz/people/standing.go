package people

import (
	"context"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
)

// Codes of what locks roles (gate condition 2).
const (
	CodeTraining    = "TRAINING_EXPIRED"
	CodeUndertaking = "CONFIDENTIALITY_MISSING"
	codeDenied      = "AUTH_ROLE_DENIED"
	maxReason       = 4000 // bytes
)

// Standing is what a person's roles rest on, beside the grants.
type Standing struct {
	Person       Person
	Trainings    []TrainingRecord
	Undertakings []Undertaking
}

// StandingTx reads the standing of some persons. The number of queries depends
// neither on how many they are, up to a thousand, nor on what is kept of them.
type StandingTx interface {
	// StandingOf leaves out who is not registered.
	StandingOf(ctx context.Context, persons []string) (map[string]Standing, error)
}

// Clearance is what a standing amounts to at an instant.
type Clearance struct {
	Known       bool            // the person is registered
	Suspended   bool            // tokens and roles give nothing (R42)
	Training    *TrainingRecord // that unlocks; nil: TRAINING_EXPIRED
	Undertaking *Undertaking    // that unlocks; nil: CONFIDENTIALITY_MISSING

	person evidence.Ref // of whom it is
	// What was read and does not count: of each kind the newest, where none unlocks.
	training, undertaking evidence.Ref
}

// Clearance judges the standing by the rules in force at the instant. Of several
// records that are valid the one that lasts longest counts.
func (s Standing) Clearance(r rulebook.Rules, at time.Time) Clearance {
	return s.clearance(func(t TrainingRecord) bool { return t.ValidAt(r.Training, at) }, func(u Undertaking) bool { return u.ValidAt(r.Undertaking, at) })
}

// Unruled judges the standing by the records' own life alone, of whatever course
// and text they are. It is for who is locked but for what takes away, because the
// rules in force cannot be believed (authz.LockUnruled): which course and text
// those name, nobody can tell then, and what protects people does not wait for it.
func (s Standing) Unruled(at time.Time) Clearance {
	return s.clearance(func(t TrainingRecord) bool { return t.livesAt(at) }, func(u Undertaking) bool { return u.livesAt(at) })
}

func (s Standing) clearance(trained func(TrainingRecord) bool, undertook func(Undertaking) bool) Clearance {
	c := Clearance{Known: s.Person.ID != "", Suspended: s.Person.Suspension != nil}
	if c.Known {
		c.person = evidence.Ref{Kind: KindPerson, ID: s.Person.ID, Version: s.Person.Version}
	}
	for i, t := range s.Trainings {
		if trained(t) && (c.Training == nil || t.Expires.After(c.Training.Expires)) {
			c.Training = &s.Trainings[i]
		}
	}
	for i, u := range s.Undertakings {
		if undertook(u) && (c.Undertaking == nil || u.Expires.After(c.Undertaking.Expires)) {
			c.Undertaking = &s.Undertakings[i]
		}
	}
	if c.Training == nil && len(s.Trainings) > 0 {
		c.training = slices.MaxFunc(s.Trainings, func(a, b TrainingRecord) int { return a.Created.Compare(b.Created) }).Ref()
	}
	if c.Undertaking == nil && len(s.Undertakings) > 0 {
		c.undertaking = slices.MaxFunc(s.Undertakings, func(a, b Undertaking) int { return a.Created.Compare(b.Created) }).Ref()
	}
	return c
}

// Uncounted name the newest training and undertaking that were read and do not
// unlock; neither has an id where one does, or where none is there.
func (c Clearance) Uncounted() (training, undertaking evidence.Ref) { return c.training, c.undertaking }

// Stopped reports whether nothing that the person holds counts: suspended, or
// not registered.
func (c Clearance) Stopped() bool { return !c.Known || c.Suspended }

// Locks are the refusal codes of what keeps the person's roles locked, in the
// order of gate.md.
func (c Clearance) Locks() []string {
	var codes []string
	if c.Training == nil {
		codes = append(codes, CodeTraining) // R44
	}
	if c.Undertaking == nil {
		codes = append(codes, CodeUndertaking) // R23
	}
	return codes
}

// Refs name the versions of records that the clearance rests on: those that
// count, or else that were read and do not (R37).
func (c Clearance) Refs() []evidence.Ref {
	training, undertaking := c.training, c.undertaking
	if c.Training != nil {
		training = c.Training.Ref()
	}
	if c.Undertaking != nil {
		undertaking = c.Undertaking.Ref()
	}
	return slices.DeleteFunc([]evidence.Ref{c.person, training, undertaking}, func(r evidence.Ref) bool { return r.ID == "" })
}

// rules are those in force at an instant.
func (r *Register) rules(ctx context.Context, tx rulebook.Reader, at time.Time) (rulebook.Rules, error) {
	book, err := tx.Rulebook(ctx)
	return book.At(at).Rules, err
}

// Clear reads the clearance of some persons at an instant. Who is not
// registered has none.
func Clear(ctx context.Context, tx interface {
	StandingTx
	rulebook.Reader
}, persons []string, at time.Time,
) (map[string]Clearance, error) {
	standing, err := tx.StandingOf(ctx, persons)
	if err != nil {
		return nil, err
	}
	book, err := tx.Rulebook(ctx)
	if err != nil {
		return nil, err
	}
	rules := book.At(at).Rules
	all := make(map[string]Clearance, len(standing))
	for id, s := range standing {
		all[id] = s.Clearance(rules, at)
	}
	return all, nil
}

// denyOwn records an act on oneself that only another may do.
func (r *Register) denyOwn(ctx context.Context, c authz.Caller, action authz.Action, res authz.Resource) error {
	return r.office.Deny(ctx, c, action, res, codeDenied)
}
