package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/lifecycle"
	"safeconduct/authz/rulebook"
)

// CreateMission registers a mission. By Legal, for headquarters.
func (r *Register) CreateMission(ctx context.Context, c authz.Caller, m Mission) (Mission, error) {
	res := authz.Resource{Kind: KindMission}
	role, err := r.office.Authorise(ctx, c, authz.MissionCreate, res)
	if err != nil {
		return Mission{}, err
	}
	m.Name, m.Country = strings.TrimSpace(m.Name), strings.ToUpper(strings.TrimSpace(m.Country))
	if m.Name == "" || !rulebook.IsCountry(m.Country) {
		return Mission{}, fmt.Errorf("%w: a mission needs a name and a two-letter country code", ErrInvalid)
	}
	m.Contact = strings.TrimSpace(m.Contact)
	if err := checkContact(m.Contact); err != nil {
		return Mission{}, err
	}
	m.ID, m.Version, m.Actor, m.Created = r.office.NewID(), 1, c.Person, r.office.Time()
	m.Updated = m.Created
	res.ID, res.Mission = m.ID, m.ID
	// Outside the transaction, and first: a key that nothing uses does no harm, a
	// mission without one does.
	if err := r.keys.EnsureKey(ctx, m.ID); err != nil {
		return Mission{}, fmt.Errorf("making the key of the mission: %w", err)
	}
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if err := tx.SaveMission(ctx, m); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.MissionCreate, res))
	})
	return m, err
}

// Mission answers with a mission in which the caller holds a role.
func (r *Register) Mission(ctx context.Context, c authz.Caller, id string) (Mission, error) {
	if !c.In(id) {
		return Mission{}, evidence.ErrNotFound
	}
	if _, err := r.office.Authorise(ctx, c, authz.MissionRead, authz.Resource{Kind: KindMission, ID: id, Mission: id}); err != nil {
		return Mission{}, err
	}
	var m Mission
	err := r.store.View(ctx, func(tx Tx) (err error) { m, err = tx.Mission(ctx, id); return err })
	return m, err
}

// Missions lists the missions in which the caller holds a role; all of them
// for headquarters.
func (r *Register) Missions(ctx context.Context, c authz.Caller) ([]Mission, error) {
	var all, seen []Mission
	if len(c.Locks) > 0 { // what is empty for want of roles must not look like nothing
		_, err := r.office.Authorise(ctx, c, authz.MissionRead, authz.Resource{Kind: KindMission})
		return nil, err
	}
	err := r.store.View(ctx, func(tx Tx) (err error) { all, err = tx.Missions(ctx); return err })
	for _, m := range all {
		if _, denied := r.office.Enforcer.Check(c, authz.MissionRead, authz.Resource{Kind: KindMission, ID: m.ID, Mission: m.ID}); denied == nil {
			seen = append(seen, m)
		}
	}
	return seen, err
}

// CreatePerson registers a person. A person of a mission is registered by that
// mission or by headquarters; of headquarters, by headquarters alone.
func (r *Register) CreatePerson(ctx context.Context, c authz.Caller, p Person) (Person, error) {
	if p.Partner == "" && !c.In(p.Mission) { // a partner's people are registered from any mission
		return Person{}, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindPerson, Mission: p.Mission, Partner: p.Partner}
	role, err := r.office.Authorise(ctx, c, authz.PersonCreate, res)
	if err != nil {
		return Person{}, err
	}
	p.Name = strings.TrimSpace(p.Name)
	if p.Name == "" || (p.Mission != "" && p.Partner != "") {
		return Person{}, fmt.Errorf("%w: a person needs a name, and at most one of mission and partner", ErrInvalid)
	}
	p.ID, p.Version, p.Actor, p.Created = r.office.NewID(), 1, c.Person, r.office.Time()
	p.Updated, res.ID = p.Created, p.ID
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if p.Mission != "" {
			if _, err := tx.Mission(ctx, p.Mission); err != nil {
				return err
			}
		}
		if err := tx.SavePerson(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.PersonCreate, res))
	})
	return p, err
}

// Profile is a person with the grants, the keys and what unlocks the roles.
type Profile struct {
	Person
	Grants       []Grant          `json:"grants"`
	Keys         []Key            `json:"keys"`
	Trainings    []TrainingRecord `json:"trainings"`
	Undertakings []Undertaking    `json:"undertakings"`
}

// Person answers with a person whom the caller may read; oneself always.
func (r *Register) Person(ctx context.Context, c authz.Caller, id string) (Profile, error) {
	var p Profile
	err := r.store.View(ctx, func(tx Tx) (err error) {
		if p.Person, err = tx.Person(ctx, id); err != nil {
			return err
		}
		if !p.KnownTo(c) {
			return evidence.ErrNotFound // as an unknown one, in the number of queries too
		}
		if p.Grants, err = tx.GrantsOf(ctx, id); err != nil {
			return err
		}
		if p.Keys, err = tx.KeysOf(ctx, id); err != nil {
			return err
		}
		standing, err := tx.StandingOf(ctx, []string{id})
		p.Trainings, p.Undertakings = standing[id].Trainings, standing[id].Undertakings
		return err
	})
	if err != nil {
		return Profile{}, err
	}
	if id == c.Person {
		return p, nil
	}
	_, err = r.office.Authorise(ctx, c, authz.PersonRead, p.resource())
	if err != nil {
		return Profile{}, err
	}
	return p, nil
}

// GrantRole gives a role to a person from now on. The policy says who may
// grant which role; nobody grants their own access (separation of duties 8).
func (r *Register) GrantRole(ctx context.Context, c authz.Caller, g Grant) (Grant, error) {
	place, ok := authz.PlaceOf(g.Role)
	if !ok {
		return Grant{}, fmt.Errorf("%w: unknown role %q", ErrInvalid, g.Role)
	}
	if (place == authz.AtMission) != (g.Mission != "") || (place == authz.AtPartner) != (g.Partner != "") {
		return Grant{}, fmt.Errorf("%w: role %s is held at one %s", ErrInvalid, g.Role, place)
	}
	if g.Mission != "" && !c.In(g.Mission) {
		return Grant{}, evidence.ErrNotFound
	}
	if err := g.check(place, r.office.Time()); err != nil {
		return Grant{}, err
	}
	res := authz.Resource{Kind: KindGrant, Mission: g.Mission, Partner: g.Partner}
	role, err := r.office.Authorise(ctx, c, authz.GrantRole(g.Role), res)
	if err != nil {
		return Grant{}, err
	}
	if g.Person == c.Person {
		return Grant{}, errors.Join(ErrOwnAccess, r.denyOwn(ctx, c, authz.GrantRole(g.Role), res))
	}
	g.Purposes = slices.Compact(slices.Sorted(slices.Values(g.Purposes)))
	g.ID, g.Version, g.Actor, g.Created = r.office.NewID(), 1, c.Person, r.office.Time()
	g.From, g.Origin, g.Ended, g.Updated, res.ID = g.Created, nil, false, g.Created, g.ID
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if err := r.turn(ctx, tx, &g, g.Person); err != nil {
			return err
		}
		if err := r.mayHold(ctx, tx, c, g); err != nil {
			return err
		}
		if own, err := deputises(ctx, tx, c, g.Person, g.Created); err != nil || own {
			return cmp.Or(err, ErrOwnAccess)
		}
		if err := tx.SaveGrant(ctx, g); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.GrantRole(g.Role), res))
	})
	switch { // R43
	case errors.Is(err, ErrClassDenied):
		err = errors.Join(err, r.office.Deny(ctx, c, authz.GrantRole(g.Role), res, "RECIPIENT_CLASS_DENIED"))
	case errors.Is(err, ErrOwnAccess):
		err = errors.Join(err, r.denyOwn(ctx, c, authz.GrantRole(g.Role), res))
	}
	return g, r.office.Ended(ctx, c, authz.GrantRole(g.Role), res, err)
}

// enrols refuses roles at a partner of a recipient class that cannot enrol (R21).
func enrols(ctx context.Context, tx Tx, g Grant) error {
	if g.Partner == "" {
		return nil
	}
	ok, err := tx.Enrols(ctx, g.Partner, g.From)
	if err == nil && !ok {
		return ErrClassDenied
	}
	return err
}

// turn has the turn of the grants of the persons, so that what a grant is
// judged by stays as it is until the grant is kept, and has it begin after every
// instant up to which a token of its holder carries roles: whoever issued that
// token was not asked about this one (separation of duties 8), whatever the
// clocks of two replicas say.
func (r *Register) turn(ctx context.Context, tx GrantTurnTx, g *Grant, persons ...string) error {
	if err := tx.LockGrants(ctx, persons...); err != nil {
		return err
	}
	bound, err := tx.RolesBound(ctx, g.Person)
	if err != nil {
		return err
	}
	g.Created = r.office.Time()
	g.Updated = g.Created
	if g.From.Before(g.Created) {
		g.From = g.Created
	}
	if !g.From.After(bound) {
		g.From = bound.Add(time.Microsecond)
	}
	if g.Until != nil && !g.Until.After(g.From) {
		return fmt.Errorf("%w: a grant ends after it begins", ErrInvalid)
	}
	return nil
}

// mayHold checks that the person may take the role: known, of the right
// partner, and never both an auditor and something else (9). The caller has the
// turn of the person's grants.
func (r *Register) mayHold(ctx context.Context, tx Tx, c authz.Caller, g Grant) error {
	p, err := tx.Person(ctx, g.Person)
	if err != nil {
		return err
	}
	if !p.KnownTo(c) {
		return evidence.ErrNotFound // another's person is as unknown as none
	}
	if p.Partner != g.Partner {
		return fmt.Errorf("%w: the person does not belong there", ErrInvalid)
	}
	if g.Mission != "" {
		if _, err := tx.Mission(ctx, g.Mission); err != nil {
			return err
		}
	}
	if err := enrols(ctx, tx, g); err != nil {
		return err
	}
	if err := g.checkSmall(ctx, tx); err != nil {
		return err
	}
	if err := g.checkTask(ctx, tx); err != nil {
		return err
	}
	held, err := tx.GrantsOf(ctx, g.Person)
	if err != nil {
		return err
	}
	held = slices.DeleteFunc(held, func(h Grant) bool { return !g.meets(h) })
	if err := g.vacant(held); err != nil {
		return err
	}
	for _, h := range held {
		if h.Role == authz.OIG || g.Role == authz.OIG {
			return fmt.Errorf("%w: an auditor holds no other role (separation of duties 9)", ErrInvalid)
		}
		if err := g.apart(ctx, tx, h); err != nil {
			return err
		}
		if g.Partner != "" && h.Role != g.Role && g.Small == nil {
			return fmt.Errorf("%w: signatory and downloader are two persons (separation of duties 10)", ErrInvalid)
		}
	}
	return nil
}

// EndGrant takes a role away from now on.
func (r *Register) EndGrant(ctx context.Context, c authz.Caller, id string) (Grant, error) {
	var g Grant
	if err := r.store.View(ctx, func(tx Tx) (err error) { g, err = tx.Grant(ctx, id); return err }); err != nil {
		return Grant{}, err
	}
	res := authz.Resource{Kind: KindGrant, ID: id, Mission: g.Mission, Partner: g.Partner}
	action, role, err := r.mayEnd(ctx, c, g, res)
	if err != nil {
		return Grant{}, err
	}
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if g, err = tx.Grant(ctx, id); err != nil {
			return err
		}
		now := r.office.Time()
		if g.Ended || g.Until != nil && !now.Before(*g.Until) { // one that is yet to begin can be taken back
			return &lifecycle.TransitionError{
				Entity: KindGrant, State: "ended", Event: "end", Guard: "it has not ended", Mend: "nothing: it gives nothing any more", Cause: evidence.ErrConflict,
			}
		}
		if own, err := deputises(ctx, tx, c, g.Person, now); err != nil || own {
			return cmp.Or(err, ErrOwnAccess)
		}
		g.end(c.Person, now)
		if err := tx.SaveGrant(ctx, g); err != nil {
			return err
		}
		if err := r.endDelegated(ctx, tx, g.ID, c.Person, now); err != nil {
			return err
		}
		e := r.office.Entry(c, role, evidence.Change, action, res)
		e.Result = authz.Ended
		return tx.Record(ctx, e)
	})
	if errors.Is(err, ErrOwnAccess) { // R43
		err = errors.Join(err, r.denyOwn(ctx, c, action, res))
	}
	return g, r.office.Ended(ctx, c, action, res, err)
}

// mayEnd answers with the action, and the role, under which the caller may end
// the grant. Nobody ends their own access (separation of duties 8), but for a post
// that was delegated to them (R35): to give it back takes away, adds nothing, and
// so asks for no role. What they did under it counts as before (OneSide).
func (r *Register) mayEnd(ctx context.Context, c authz.Caller, g Grant, res authz.Resource) (authz.Action, authz.Role, error) {
	if g.Origin != nil && g.Person == c.Person {
		return authz.PostDelegate, "", r.office.AuthoriseOwn(ctx, c, authz.PostDelegate, res)
	}
	if !c.In(g.Mission) { // a partner's and headquarters' are known to headquarters
		return "", "", evidence.ErrNotFound
	}
	action := authz.GrantRole(g.Role)
	if g.Origin != nil && g.Origin.Person == c.Person {
		action = authz.PostDelegate // who delegated takes back
	}
	role, err := r.office.Authorise(ctx, c, action, res)
	if err == nil && g.Person == c.Person {
		err = errors.Join(ErrOwnAccess, r.denyOwn(ctx, c, action, res))
	}
	return action, role, err
}
