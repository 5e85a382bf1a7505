package agreements

import (
	"context"
	"errors"
	"time"

	"safeconduct/authz/people"
)

// apart refuses an act where the person was one side with any of the others at
// any time since: beside themselves, a deputy and the one whose post it is
// (domain.md section 4: a delegate never holds both sides).
func (a Agreement) apart(ctx context.Context, tx people.SidesTx, act Act, guard string, since time.Time, others ...string) error {
	err := people.Apart(ctx, tx, act.Person, since, act.At, others...)
	if errors.Is(err, people.ErrSameSide) {
		return a.illegal(act.Event, guard, "ask another person; a deputy counts as the one whose post it is")
	}
	return err
}

// notItsAuthor refuses an act on the document under way by one side with whoever
// wrote any of it, or did what else the act rests on (separation of duties 3).
func (a Agreement) notItsAuthor(ctx context.Context, tx people.SidesTx, act Act, others ...string) error {
	doc := a.UnderWay()
	others = append(append(others, doc.Drafter), doc.Editors...)
	return doc.apart(ctx, tx, act, "who drafted it, and who stands for them, does not decide on it (separation of duties 3)", a.drafted(), others...)
}

// drafted is when the document under way was begun.
func (a Agreement) drafted() time.Time {
	began := a.Created
	if a.Amendment == nil {
		return began
	}
	for _, act := range a.History {
		if act.Event == "amend" {
			began = act.At
		}
	}
	return began
}

// notWhoSuspended refuses a lift by one side with who suspended, and by one side
// with the other of the two who lift (separation of duties 11).
func (a Agreement) notWhoSuspended(ctx context.Context, tx people.SidesTx, act Act) error {
	if a.Suspension == nil {
		return nil
	}
	others := append(persons(a.Lifts), a.Suspension.Person)
	return a.apart(ctx, tx, act, "whoever suspends does not lift, and two persons lift (separation of duties 11)", a.Suspension.At, others...)
}

// notTheOther refuses the second act of a termination by one side with the first.
func (a Agreement) notTheOther(ctx context.Context, tx people.SidesTx, act Act) error {
	if len(a.Endings) == 0 {
		return nil
	}
	return a.apart(ctx, tx, act, "the head of mission and Legal terminate together, and are two persons", a.Endings[0].At, persons(a.Endings)...)
}

func persons(acts []Act) []string {
	all := make([]string, len(acts))
	for i, act := range acts {
		all[i] = act.Person
	}
	return all
}
