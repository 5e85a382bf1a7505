package transfer

import (
	"context"
	"maps"
	"slices"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// actor is the caller as the decision sees them, at its moment.
type actor struct {
	caller authz.Caller
	denied func(now time.Time) error // nil where they may
}

// standing is what those on whose acts a decision rests hold, read in its
// transaction after it was locked there. What of it counts is judged as of the
// moment of the decision, which may come after another wait.
type standing struct {
	grants map[string][]people.Grant // by person
	read   []evidence.Ref            // the records that were read
	// token is that of who acts, and root the one that it was made with; nil where
	// there is none.
	token, root *identity.Token
	// held is what the persons' roles rest on beside the grants, by person:
	// suspension, training, undertaking.
	held    map[string]people.Standing
	book    rulebook.Book
	mission people.Mission
	stopped bool // the mission is suspended, or unknown: it sends nothing (R42)
}

// HeldTx reads what persons hold, and the token of who acts.
type HeldTx interface {
	people.SidesTx
	people.StandingTx
	rulebook.Reader
	identity.TokenTx
}

// standing reads what the persons hold, the token of who acts, and the mission.
func (o *Office) standing(ctx context.Context, tx Tx, c authz.Caller, mission string, persons []string) (standing, error) {
	s, err := holding(ctx, tx, c, persons)
	if err != nil {
		return s, err
	}
	s.mission, err = tx.Mission(ctx, mission)
	if s.stopped = absent(err) || s.mission.Suspension != nil; absent(err) {
		err = nil
	}
	return s, err
}

// holding is standing without a mission.
func holding(ctx context.Context, tx HeldTx, c authz.Caller, persons []string) (standing, error) {
	grants, err := tx.GrantsOfEach(ctx, persons)
	s := standing{grants: grants, read: grantRefs(grants)}
	if err != nil {
		return s, err
	}
	if s.held, err = tx.StandingOf(ctx, persons); err != nil {
		return s, err
	}
	if s.book, err = tx.Rulebook(ctx); err != nil {
		return s, err
	}
	if c.Token == "" {
		return s, nil
	}
	token, err := tx.Token(ctx, c.Token)
	if absent(err) {
		return s, nil
	} else if err != nil {
		return s, err
	}
	s.token = &token
	s.read = append(s.read, evidence.Ref{Kind: identity.KindToken, ID: token.ID, Version: token.Version})
	s.root, err = identity.RootOf(ctx, tx, token)
	return s, err
}

// cleared is what the person's standing amounts to at an instant.
func (s standing) cleared(person string, now time.Time) people.Clearance {
	return s.held[person].Clearance(s.book.At(now).Rules, now)
}

// grantRefs names the versions of grants, person by person in order.
func grantRefs(grants map[string][]people.Grant) (refs []evidence.Ref) {
	for _, person := range slices.Sorted(maps.Keys(grants)) {
		for _, g := range grants[person] {
			refs = append(refs, evidence.Ref{Kind: people.KindGrant, ID: g.ID, Version: g.Version})
		}
	}
	return refs
}

// heldBy names the versions of the grants that were read when the caller came.
func heldBy(c authz.Caller) (refs []evidence.Ref) {
	for _, g := range c.Grants {
		refs = append(refs, evidence.Ref{Kind: people.KindGrant, ID: g.ID, Version: g.Version})
	}
	return refs
}

// actor is the caller, who does the action if the policy allows it at the moment
// of the decision.
func (o *Office) actor(s standing, c authz.Caller, action authz.Action, t Transfer) actor {
	return actor{caller: c, denied: func(now time.Time) error { return o.deniedNow(s, c, action, t.resource(), now) }}
}

// allowedNow is deniedNow where it makes no difference why.
func (o *Office) allowedNow(s standing, who authz.Caller, action authz.Action, res authz.Resource, now time.Time) bool {
	return o.deniedNow(s, who, action, res, now) == nil
}

// deniedNow asks the policy on the token and the grants that are held in this
// transaction, not on those of when the request arrived: the error is an
// authz.ErrDenied.
func (o *Office) deniedNow(s standing, who authz.Caller, action authz.Action, res authz.Resource, now time.Time) error {
	if s.stopped { // R42
		return authz.ErrDenied
	}
	c := s.now(who, now)
	if action == authz.TransferCommit || action == authz.TransferPull { // of these the gate says which (condition 2)
		c.Locks = nil
	}
	_, denied := o.Office.Enforcer.Check(c, action, res)
	return denied
}

// now is the caller with what they hold at an instant: nothing where their token
// is over or they are suspended (R42).
func (s standing) now(who authz.Caller, now time.Time) authz.Caller {
	cleared := s.cleared(who.Person, now)
	c := who
	c.Grants, c.Locks = nil, cleared.Locks()
	if who.Token != "" && (s.token == nil || !s.token.LiveUnder(s.root, now)) || cleared.Stopped() {
		return c
	}
	for _, g := range s.grants[who.Person] {
		if g.LiveAt(now) && (who.Token == "" || !g.From.After(s.token.RolesAsOf)) {
			c.Grants = append(c.Grants, g.Held())
		}
	}
	return c
}
