package parties

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

const day = 24 * time.Hour

// VettedAt reports whether the partner's due diligence holds at t: passed, and
// not lapsed by the rules in force, nor by those under which it was recorded; nor
// does the log say that it is over (PARTNER_UNVETTED).
func (p Party) VettedAt(t time.Time, v rulebook.Vetting) bool {
	d := p.DueDiligence
	return d != nil && d.Result == passed && !d.Ended && t.Before(d.Date.Add(time.Duration(v.LifeDays)*day)) &&
		(d.ValidUntil.IsZero() || t.Before(d.ValidUntil))
}

const passed = "passed"

// standing is the state that follows from what is on record.
func (p Party) standing() State {
	switch {
	case p.Block != nil, p.DueDiligence != nil && p.DueDiligence.Result != passed:
		return Blocked
	case p.Suspension != nil:
		return Suspended
	case p.DueDiligence != nil && !p.DueDiligence.Ended:
		return Vetted
	default:
		return Registered
	}
}

// next is the partner after the act.
func (p Party) next(act lifecycle.Act) Party {
	p.State, p.Reason = p.standing(), ""
	switch {
	case p.State == Blocked && p.Block != nil:
		p.Reason = p.Block.Reason
	case p.State == Suspended:
		p.Reason = p.Suspension.Reason
	}
	p.Version, p.Actor, p.Updated = p.Version+1, act.Person, act.At
	p.History = append(slices.Clip(p.History), act)
	return p
}

func (p Party) illegal(event, guard, mend string) error {
	return &lifecycle.TransitionError{Entity: KindParty, State: string(p.State), Event: event, Guard: guard, Mend: mend}
}

// Vet records the result of due diligence, for every mission: so it is by the
// head of the mission whose partner it is, or by Legal. Who registered the
// partner, or amended it since, does not vet it. It lapses after the time that
// the rules say, and is repeated; it lifts no suspension, and a block by
// headquarters only by another person of Legal than the one who blocked.
func (r *Register) Vet(ctx context.Context, c authz.Caller, id string, pass bool, note string) (Party, error) {
	var res authz.Resource
	p, err := r.keeper.Change(ctx, c, authz.PartyVet, id, "vet", "", func(tx Tx, p Party, act lifecycle.Act) (Party, error) {
		res = p.resource()
		if p.Registrar == c.Person || slices.Contains(p.Editors, c.Person) {
			return p, people.ErrOwnAccess
		}
		if p.Block != nil && pass {
			const guard = "a block by headquarters is lifted by another person of Legal"
			if act.Role != authz.LEG {
				return p, p.illegal(act.Event, guard, "ask Legal")
			}
			if err := p.apart(ctx, tx, act, *p.Block, guard); err != nil {
				return p, err
			}
			p.Block = nil
		}
		book, err := tx.Rulebook(ctx)
		if err != nil {
			return p, err
		}
		life := time.Duration(book.At(act.At).Rules.Vetting.LifeDays) * day
		p.DueDiligence = &DueDiligence{Date: act.At, Result: passed, Note: note, By: c.Person, ValidUntil: act.At.Add(life)}
		if !pass {
			p.DueDiligence.Result, p.DueDiligence.ValidUntil, act.Event = "failed", time.Time{}, "fail"
		}
		p.Editors = nil
		return p.next(act), nil
	})
	if errors.Is(err, people.ErrOwnAccess) { // R43
		return Party{}, errors.Join(err, r.office.Deny(ctx, c, authz.PartyVet, res, "AUTH_ROLE_DENIED"))
	}
	return p, err
}

// Amendment is what changes of a partner's data; what is nil stays. The kind
// stays: an organisation of another kind is another partner.
type Amendment struct {
	Name          *string
	Country       *string
	Class         *string
	GDPR          *string
	Mechanism     *string
	Immunities    *bool
	AuthorityLink *bool
	Reason        string
}

// Amend writes other data of the partner, as a new version. What the due
// diligence was about (name, country, class, immunities, links to authorities)
// ends the vetting where it changes, and a new country outdates what was assessed
// (domain.md section 3).
func (r *Register) Amend(ctx context.Context, c authz.Caller, id string, m Amendment) (Party, error) {
	return r.keeper.Change(ctx, c, authz.PartyAmend, id, "amend", m.Reason, func(tx Tx, p Party, act lifecycle.Act) (Party, error) {
		if strings.TrimSpace(m.Reason) == "" {
			return p, fmt.Errorf("%w: say why the partner's data change", people.ErrInvalid)
		}
		before := p
		judged, changed := m.apply(&p)
		if p.Name == "" || !rulebook.IsCountry(p.Country) || !isClass(p.Class) {
			return p, fmt.Errorf("%w: a partner needs a legal name, a two-letter country code and a known recipient class", people.ErrInvalid)
		}
		if !changed {
			return p, fmt.Errorf("%w: nothing of it changes", people.ErrInvalid)
		}
		if judged {
			if p.DueDiligence != nil && p.DueDiligence.Result == passed {
				p.DueDiligence = nil
			}
			if !slices.Contains(p.Editors, c.Person) {
				p.Editors = append(slices.Clip(p.Editors), c.Person)
			}
		}
		p = p.next(act)
		if p.Country == before.Country {
			return p, nil
		}
		// The partner's turn comes before that of what was assessed, as in a
		// decision: keeping the order keeps clear of deadlocks.
		if err := tx.LockPartner(ctx, p.ID); err != nil {
			return p, err
		}
		return p, tx.SaveStaleCause(ctx, assessment.Moved(r.keeper.Office.NewID(), act.Person, p.ID, p.Country, act.At))
	})
}

// apply writes the amendment, and tells whether anything changed, and whether
// anything that the due diligence is about did.
func (m Amendment) apply(p *Party) (judged, changed bool) {
	for _, f := range []struct {
		to     *string
		at     *string
		judged bool
	}{
		{m.Name, &p.Name, true},
		{m.Country, &p.Country, true},
		{m.Class, &p.Class, true},
		{m.GDPR, &p.GDPR, false},
		{m.Mechanism, &p.Mechanism, false},
	} {
		if f.to == nil {
			continue
		}
		to := strings.TrimSpace(*f.to)
		if f.at == &p.Country {
			to = strings.ToUpper(to)
		}
		judged, changed = judged || f.judged && to != *f.at, changed || to != *f.at
		*f.at = to
	}
	for _, f := range []struct{ to, at *bool }{{m.Immunities, &p.Immunities}, {m.AuthorityLink, &p.AuthorityLink}} {
		if f.to != nil {
			judged, changed = judged || *f.to != *f.at, changed || *f.to != *f.at
			*f.at = *f.to
		}
	}
	return judged, changed
}
