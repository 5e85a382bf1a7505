// Package rights keeps what stops the sharing of a person's data while it is
// open: an objection, a request for erasure or rectification, and the hold that
// Legal places, on a person or on one transfer (gate condition 25, R28); and what
// holds one transfer while it is looked into. A hold
// is reversible, so it is placed first and what it rests on is verified after
// (domain.md section 4).
package rights

import (
	"context"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/transfer/consent"
)

// KindHold is the record kind of holds.
const KindHold = "hold"

// Kind is why a hold was placed.
type Kind string

// The kinds: one for each code of gate condition 25, and Review.
const (
	Objection     Kind = "objection"
	Erasure       Kind = "erasure"
	Rectification Kind = "rectification"
	Legal         Kind = "legal_hold"
	// Review is of one transfer, by the focal point of its mission, by Legal or by
	// the data protection officer, until another of them lifts it who is not its
	// sender (domain.md section 4: available <-> held). What headquarters placed,
	// headquarters lifts. The gate refuses it as a legal hold.
	Review Kind = "review"
)

// Kinds are all of them, in the order of gate.md.
func Kinds() []Kind { return []Kind{Objection, Erasure, Rectification, Legal, Review} }

// Code is the refusal code of an open hold of the kind; empty for no kind.
func (k Kind) Code() string {
	switch k {
	case Objection:
		return "SUBJECT_OBJECTION"
	case Erasure:
		return "SUBJECT_ERASURE"
	case Rectification:
		return "SUBJECT_RECTIFICATION"
	case Legal, Review:
		return "LEGAL_HOLD"
	default:
		return ""
	}
}

// Hold stops every release and every pull of one person's data, or of one
// transfer, from its placing to its lifting.
type Hold struct {
	ID         string     `json:"id"`
	Version    int        `json:"version"`
	Mission    string     `json:"mission"`
	Kind       Kind       `json:"kind"`
	Subject    string     `json:"subject,omitempty"`  // opaque id of the person, or
	Transfer   string     `json:"transfer,omitempty"` // the one transfer that is held
	Reason     string     `json:"reason"`             // a code, never free text (R55)
	PlacedBy   string     `json:"placed_by"`
	PlacedAs   authz.Role `json:"placed_as,omitempty" doc:"the role under which it was placed; left out of those from before it was kept"`
	Placed     time.Time  `json:"placed"`
	LiftedBy   string     `json:"lifted_by,omitempty"`
	Lifted     *time.Time `json:"lifted,omitempty"`
	LiftReason string     `json:"lift_reason,omitempty"` // a code
	Actor      string     `json:"actor"`
	Created    time.Time  `json:"created"`
	Updated    time.Time  `json:"updated"`
}

// Open reports whether the hold stands: from its placing, whatever another
// replica's clock says, until somebody lifts it.
func (h Hold) Open() bool { return h.Lifted == nil }

// Code is the refusal code of the hold while it is open. A kind that nobody
// knows is held as Legal's: a hold never lapses for want of a name.
func (h Hold) Code() string {
	if code := h.Kind.Code(); code != "" {
		return code
	}
	return Legal.Code()
}

// Ref names the version of the hold for the log.
func (h Hold) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindHold, ID: h.ID, Version: h.Version}
}

// OfMission reports whether the mission may lift the hold: all but a legal hold,
// and one for review that headquarters placed, or of which nobody says who did.
func (h Hold) OfMission() bool {
	return h.Code() != Legal.Code() || h.Kind == Review && h.PlacedAs == authz.FP
}

// lifting is who lifts a hold, as far as that is asked.
type lifting struct {
	person  string
	another bool // than who placed it, and stands for none of them
	hq      bool // holds the role of Legal or of the data protection officer
	sends   bool // what the hold is on, or stands for who does
}

// lift ends the hold, by another than who placed it (separation of duties 11);
// one for review never by who sends the transfer (separation of duties 1), and
// that of headquarters by headquarters.
func (h Hold) lift(by lifting, reason string, now time.Time) (Hold, error) {
	refuse := func(guard, mend string) (Hold, error) {
		state := "open"
		if !h.Open() {
			state = "lifted"
		}
		return Hold{}, &lifecycle.TransitionError{Entity: KindHold, State: state, Event: "lift", Guard: guard, Mend: mend}
	}
	switch {
	case !h.Open():
		return refuse("only an open hold is lifted", "place another one")
	case h.Kind == Review && by.sends:
		return refuse("who sends the transfer does not lift its hold for review", "ask another person who may; a deputy counts as the one whose post it is")
	case h.Kind == Review && !h.OfMission() && !by.hq:
		return refuse("what headquarters holds for review, headquarters lifts", "ask Legal or the data protection officer")
	case !by.another:
		return refuse("who placed it does not lift it (separation of duties 11)", "ask another person who may; a deputy counts as the one whose post it is")
	}
	h.Version, h.LiftedBy, h.Lifted, h.LiftReason, h.Actor, h.Updated = h.Version+1, by.person, &now, reason, by.person, now
	return h, nil
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	HoldTx
	TargetTx
	people.SidesTx
	consent.SubjectTx
}

// HoldTx reads and writes holds.
type HoldTx interface {
	Hold(ctx context.Context, id string) (Hold, error)
	// OpenHolds lists the open holds of a mission, of all missions where it is
	// empty, oldest first.
	OpenHolds(ctx context.Context, mission string, p evidence.Page) (evidence.Listed[Hold], error)
	SaveHold(ctx context.Context, h Hold) error
}

// FactTx reads what the gate judges.
type FactTx interface {
	// HoldsOf lists the open holds of the transfer and of everybody in it, by
	// id, with one query however many people there are.
	HoldsOf(ctx context.Context, transfer string) ([]Hold, error)
}

// TargetTx finds what a hold is placed on, and excludes the decisions about it.
type TargetTx interface {
	Subject(ctx context.Context, id string) (consent.Subject, error)
	// HeldTransfer answers with the mission of a transfer and who sends it.
	HeldTransfer(ctx context.Context, id string) (mission, sender string, err error)
	// LockTransfer waits for the decisions on the transfer, and then excludes
	// them until the transaction ends.
	LockTransfer(ctx context.Context, id string) error
}
