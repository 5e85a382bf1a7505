package terms

import (
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz/evidence"
)

// Course is how a term came to be what it is, and what will become of it. Legal
// drafts, a data protection officer who did not approves, and the values are in
// force from their moment on, never backwards (R37; domain.md section 5,
// "Templates, thresholds"). What came into force before lies in the earlier
// versions of the record. A record from before there were amendments has none of
// it, and is in force.
type Course[V any] struct {
	// Proposed says that the term is new, and that nothing of it was approved, or
	// is effective, yet: for everybody but its readers it is not there.
	Proposed bool        `json:"proposed,omitempty" doc:"it is new and not in force yet: nothing rests on it"`
	Since    *Decided    `json:"in_force,omitempty" doc:"how these values came into force; of what is older than amendments it is not there"`
	Next     []Change[V] `json:"next,omitempty" doc:"what is approved and comes into force, in order of its moment"`
	Draft    *Change[V]  `json:"draft,omitempty" doc:"what waits for the data protection officer"`
}

// Change is values of a term, all of them, with their place in time.
type Change[V any] struct {
	Values V `json:"values"`
	Decided
}

// Decided is who wants values of a term in force, from when, and who approved it.
type Decided struct {
	EffectiveFrom time.Time  `json:"effective_from"`
	Reason        string     `json:"reason,omitempty"` // a new term needs none
	Author        string     `json:"author"`
	Approver      string     `json:"approver,omitempty"`
	Approved      *time.Time `json:"approved,omitempty"`
	Version       int        `json:"version,omitempty" doc:"of the record, with which it was approved"`
}

// at is the course at t with the values in force then, where v are those that
// the record was written with.
func (c Course[V]) at(v V, t time.Time) (V, Course[V]) {
	for len(c.Next) > 0 && !t.Before(c.Next[0].EffectiveFrom) {
		in := c.Next[0]
		v, c.Since, c.Proposed, c.Next = in.Values, &in.Decided, false, c.Next[1:]
	}
	if len(c.Next) == 0 {
		c.Next = nil
	}
	return v, c
}

// WasApproved reports whether anything of the term ever was, be it for later.
func (c Course[V]) WasApproved() bool { return !c.Proposed || len(c.Next) > 0 }

// drafted has values wait, in place of those that do.
func (c Course[V]) drafted(v V, d Decided) Course[V] {
	c.Draft = &Change[V]{Values: v, Decided: d}
	return c
}

// approved puts the draft in force from its moment, or from now where that is
// past. What was approved to come later is dropped: it was written without
// knowledge of it.
func (c Course[V]) approved(of reading, now time.Time) (Course[V], error) {
	draft, err := c.waiting("approve", of)
	if err != nil {
		return Course[V]{}, err
	}
	draft.EffectiveFrom = draft.from(now)
	draft.Approver, draft.Approved, draft.Version, c.Draft = of.person, &now, of.term.Version+1, nil
	kept := c.Next[:0:0]
	for _, next := range c.Next {
		if next.EffectiveFrom.Before(draft.EffectiveFrom) {
			kept = append(kept, next)
		}
	}
	c.Next = append(kept, draft)
	return c, nil
}

// from is the moment from which the change counts that is approved at now.
func (d Decided) from(now time.Time) time.Time {
	if d.EffectiveFrom.Before(now) {
		return now
	}
	return d.EffectiveFrom
}

// rejected drops the draft.
func (c Course[V]) rejected(of reading) (Course[V], error) {
	_, err := c.waiting("reject", of)
	c.Draft = nil
	return c, err
}

// reading is who decides on a term, and which version of its record they have read.
type reading struct {
	person string
	term   evidence.Ref // the record as it is
	read   int
}

// waiting is the draft that the person decides on: never its author's to decide,
// and nobody's who has not read it as it is now (R37).
func (c Course[V]) waiting(event string, of reading) (Change[V], error) {
	refuse := func(state, guard, mend string) (Change[V], error) {
		return Change[V]{}, &lifecycle.TransitionError{Entity: of.term.Kind, State: state, Event: event, Guard: guard, Mend: mend}
	}
	switch {
	case c.Draft == nil:
		return refuse("no_draft", "an amendment waits, or what is new", "have Legal write an amendment")
	case c.Draft.Author == of.person:
		return refuse("draft", "the author does not decide on it", "ask another data protection officer")
	case of.term.Version != of.read:
		return refuse("draft", "the draft has changed since you read it", "read it again")
	}
	return *c.Draft, nil
}
