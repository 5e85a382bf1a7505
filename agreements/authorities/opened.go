package authorities

import (
	"context"
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
		History: []lifecycle.Act{{Event: "open", Person: sys, Role: authz.SYS, At: at}},
		Actor:   sys, Created: at, Updated: at,
	}
}

// Ref names the version of the case for the log.
func (c Case) Ref() evidence.Ref { return evidence.Ref{Kind: KindCase, ID: c.ID, Version: c.Version} }

// OpenTx keeps the case that a refusal opens.
type OpenTx interface {
	// OpenedFor is the oldest case, not closed, that a refusal opened when that
	// person asked for that partner (none: of nobody registered) in that mission.
	// It is evidence.ErrNotFound where there is none.
	OpenedFor(ctx context.Context, mission, partner, sender string) (Case, error)
	SaveLegalCase(ctx context.Context, c Case) error
}
