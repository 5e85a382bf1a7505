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
	"safeconduct/transfer/gate"
)

// actor is the caller as the decision sees them.
type actor struct {
	caller  authz.Caller
	allowed bool
}

// standing is what those on whose acts a decision rests hold, read in its
// transaction after it was locked there.
type standing struct {
	grants    map[string][]people.Grant // by person
	read      []evidence.Ref            // the records that were read
	live      bool                      // the token of who acts is honoured
	rolesAsOf time.Time                 // it carries no role granted later
	// cleared is what the persons' roles rest on beside the grants, by person:
	// suspension, training, undertaking.
	cleared map[string]people.Clearance
	mission people.Mission
	stopped bool // the mission is suspended, or unknown: it sends nothing (R42)
}

// standing reads what the persons hold, and the token of who acts.
func (o *Office) standing(ctx context.Context, tx Tx, c authz.Caller, mission string, persons []string) (standing, error) {
	grants, err := tx.GrantsOfEach(ctx, persons)
	s := standing{grants: grants, read: grantRefs(grants)}
	if err != nil {
		return s, err
	}
	if s.cleared, err = people.Clear(ctx, tx, persons, o.Office.Time()); err != nil {
		return s, err
	}
	s.mission, err = tx.Mission(ctx, mission)
	if s.stopped = absent(err) || s.mission.Suspension != nil; absent(err) {
		err = nil
	}
	if err != nil || c.Token == "" {
		return s, err
	}
	token, err := tx.Token(ctx, c.Token)
	if absent(err) {
		return s, nil
	} else if err != nil {
		return s, err
	}
	s.rolesAsOf = token.RolesAsOf
	s.read = append(s.read, evidence.Ref{Kind: identity.KindToken, ID: token.ID, Version: token.Version})
	s.live, err = identity.Live(ctx, tx, token, o.Office.Time())
	return s, err
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

// activeDownloaders are those whose roles give something: neither suspended nor
// locked (gate condition 7).
func (o *Office) activeDownloaders(ctx context.Context, tx Tx, partner string, now time.Time) ([]gate.Downloader, error) {
	all, err := tx.Downloaders(ctx, partner, now)
	if err != nil {
		return nil, err
	}
	persons := make([]string, len(all))
	for i, d := range all {
		persons[i] = d.Person
	}
	cleared, err := people.Clear(ctx, tx, persons, now)
	return slices.DeleteFunc(all, func(d gate.Downloader) bool {
		c := cleared[d.Person]
		return c.Stopped() || len(c.Locks()) > 0
	}), err
}

// allowedNow asks the policy on the token and the grants that are held in this
// transaction, not on those of when the request arrived.
func (o *Office) allowedNow(s standing, who authz.Caller, action authz.Action, res authz.Resource, now time.Time) bool {
	cleared := s.cleared[who.Person]
	if who.Token != "" && !s.live || cleared.Stopped() || s.stopped { // R42
		return false
	}
	c := authz.Caller{Person: who.Person, Scope: who.Scope}
	if action != authz.TransferCommit && action != authz.TransferPull { // of these the gate says which (condition 2)
		c.Locks = cleared.Locks()
	}
	for _, g := range s.grants[who.Person] {
		if g.LiveAt(now) && (who.Token == "" || !g.From.After(s.rolesAsOf)) {
			c.Grants = append(c.Grants, authz.Grant{ID: g.ID, Version: g.Version, Role: g.Role, Mission: g.Mission, Partner: g.Partner})
		}
	}
	_, denied := o.Office.Enforcer.Check(c, action, res)
	return denied == nil
}
