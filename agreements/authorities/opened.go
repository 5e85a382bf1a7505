package authorities

import (
	"context"
	"slices"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// Asked is a transfer that was refused because an authority asks for it.
type Asked struct {
	Transfer string
	Mission  string
	Partner  string // empty where it is not registered
	Country  string // of the partner, the mission's where it is not registered
	Sender   string
}

// Opened is the case that such a refusal opens by itself (R34, gate condition
// 6): received, under the transfer's id for want of the authority's file number,
// with the sender as who reported it, so that they can follow it. Of what sort
// the authority is, Legal finds out.
func Opened(id string, a Asked, at time.Time) Case {
	sys := string(authz.SYS)
	return Case{
		ID: id, Version: 1, State: Received, Mission: a.Mission, Partner: a.Partner, Authority: Other, Country: a.Country,
		Reference: a.Transfer, Transfer: a.Transfer, Asked: at, Reporter: a.Sender,
		History: []lifecycle.Act{{Event: opened, Person: sys, Role: authz.SYS, At: at}},
		Actor:   sys, Created: at, Updated: at,
	}
}

// The acts by which refusals make a case, and tell it that it was asked for
// again. Of the latter the first is kept and the last lastAgain: every version of
// the case is kept anyway.
const (
	opened     = "open"
	askedAgain = "asked_again"
	lastAgain  = 20
)

// Joins reports whether another transfer that is refused for the same sender and
// partner is told in this case: a refusal opened it, and nobody of Legal has taken
// it. Whoever has taken one decides on what they read, and nobody changes it under
// them by asking more: that is another case. What somebody reported by hand is of
// the authority that they named.
func (c Case) Joins() bool {
	return c.State == Received && len(c.History) > 0 && c.History[0].Event == opened
}

// Again is the case, which Joins, once another transfer was refused for the same
// sender and partner: what the authority wants now, for which people and for
// what, that transfer says. The state is as it was.
func (c Case) Again(transfer string, at time.Time) Case {
	sys := string(authz.SYS)
	next := c.next(c.State, lifecycle.Act{Event: askedAgain, Person: sys, Role: authz.SYS, At: at, Reason: transfer})
	const kept = 2 // which opened it, and the first that asked again: nobody else has acted on it
	if len(next.History) > kept+lastAgain {
		next.History = slices.Delete(next.History, kept, len(next.History)-lastAgain)
	}
	return next
}

// AskedAgain reports whether more was asked than opened the case, and nobody of
// Legal has taken it since.
func (c Case) AskedAgain() bool {
	n := len(c.History)
	return n > 0 && c.History[n-1].Event == askedAgain
}

// Ref names the version of the case for the log.
func (c Case) Ref() evidence.Ref { return evidence.Ref{Kind: KindCase, ID: c.ID, Version: c.Version} }

// OpenTx keeps the case that a refusal opens.
type OpenTx interface {
	// OpenedFor is the oldest case that Joins what that person asks for that
	// partner in that mission; partner is empty for all that are not registered. It
	// is evidence.ErrNotFound where there is none. Until the transaction ends
	// nobody else opens one for the three, or changes one that is.
	OpenedFor(ctx context.Context, mission, partner, sender string) (Case, error)
	SaveLegalCase(ctx context.Context, c Case) error
}
