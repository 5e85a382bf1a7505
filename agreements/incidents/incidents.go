// Package incidents keeps data incidents at partners (R51): who reported what,
// how serious it is, and whether it is over. An open serious one stops every
// transfer to the partner (gate condition 27).
package incidents

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// KindIncident is the record kind of incidents.
const KindIncident = "incident"

// Severity is how serious an incident is.
type Severity string

// The severities. Until it is triaged an incident has none, and counts as serious.
const (
	Low      Severity = "low"
	Moderate Severity = "moderate"
	Serious  Severity = "serious"
)

// State is whether an incident goes on.
type State string

// The states.
const (
	Open   State = "open"
	Closed State = "closed"
)

// Outcome is how an incident ended.
type Outcome string

// The outcomes.
const (
	Treated   Outcome = "treated"
	Unfounded Outcome = "unfounded"
)

// Incident is what happened, in the terms of R51.
type Incident struct {
	ID            string          `json:"id"`
	Version       int             `json:"version"`
	State         State           `json:"state"`
	Partner       string          `json:"partner"`
	Mission       string          `json:"mission,omitempty"` // whose focal point triages it; none: the data protection officer
	Source        string          `json:"source"`            // of the threat
	Event         string          `json:"event"`
	Vulnerability string          `json:"vulnerability,omitempty"`
	Impact        string          `json:"impact,omitempty"`
	Discovered    time.Time       `json:"discovered"`
	Notified      time.Time       `json:"notified"`           // when IOM was told
	Transfers     []string        `json:"transfers"`          // ids of those concerned
	About         []string        `json:"about,omitempty"`    // persons whose acts it is about: they do not close it
	Severity      Severity        `json:"severity,omitempty"` // none until it is triaged
	Outcome       Outcome         `json:"outcome,omitempty"`
	Lessons       string          `json:"lessons,omitempty"`
	Reporter      string          `json:"reporter"`
	History       []lifecycle.Act `json:"history"`
	Actor         string          `json:"actor"`
	Created       time.Time       `json:"created"`
	Updated       time.Time       `json:"updated"`
}

// Stops reports whether the incident refuses transfers to its partner: open, and
// serious or not triaged yet (PARTNER_INCIDENT).
func (i Incident) Stops() bool {
	return i.State != Closed && i.Severity != Low && i.Severity != Moderate
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	people.MissionTx
	people.PersonTx
	people.SidesTx
	parties.PartyTx
	parties.LockTx
	assessment.CauseSaver
	IncidentTx
}

// IncidentTx reads and writes incidents.
type IncidentTx interface {
	FactTx
	Incident(ctx context.Context, id string) (Incident, error)
	// Incidents lists those that lie in the places, or that the person
	// reported, newest first.
	Incidents(ctx context.Context, in authz.Places, p evidence.Page) (evidence.Listed[Incident], error)
	SaveIncident(ctx context.Context, i Incident) error
}

// FactTx answers what gate condition 27 asks, with one look-up.
type FactTx interface {
	// StoppingIncident is one that stops the partner (Incident.Stops), the oldest
	// where there are several; ErrNotFound where there is none.
	StoppingIncident(ctx context.Context, partner string) (Incident, error)
}

// Desk is the service over incidents.
type Desk struct {
	keeper lifecycle.Keeper[Incident, Tx]
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx]) *Desk {
	return &Desk{lifecycle.Keeper[Incident, Tx]{
		Office: office, Store: store, Resource: Incident.resource, Known: known, SeenBy: Incident.seenBy,
		Read:  func(ctx context.Context, tx Tx, id string) (Incident, error) { return tx.Incident(ctx, id) },
		State: func(i Incident) string { return string(i.State) },
		// Decisions rest on whether the partner has one: they are excluded first.
		Save: func(ctx context.Context, tx Tx, i Incident) error {
			if err := tx.LockPartner(ctx, i.Partner); err != nil {
				return err
			}
			return tx.SaveIncident(ctx, i)
		},
	}}
}

func (i Incident) resource() authz.Resource {
	return authz.Resource{Kind: KindIncident, ID: i.ID, Mission: i.Mission, Partner: i.Partner, Owner: i.Reporter}
}

// known keeps from people of a partner what they did not report themselves.
func known(c authz.Caller, i Incident) bool {
	return c.In(i.Mission) || c.Of(i.Partner) && i.Reporter == c.Person
}

func (i Incident) next(act lifecycle.Act) Incident {
	i.Version, i.Actor, i.Updated = i.Version+1, act.Person, act.At
	i.History = append(slices.Clip(i.History), act)
	return i
}

func (i Incident) illegal(event, guard, mend string) error {
	return &lifecycle.TransitionError{Entity: KindIncident, State: string(i.State), Event: event, Guard: guard, Mend: mend}
}

const mostAbout = 100 // persons whom an incident is about

var id = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (i Incident) check(now time.Time) error {
	switch {
	case strings.TrimSpace(i.Source) == "" || strings.TrimSpace(i.Event) == "":
		return fmt.Errorf("%w: an incident has a source and an event", people.ErrInvalid)
	case len(i.Source)+len(i.Event)+len(i.Vulnerability)+len(i.Impact) > 16_000:
		return fmt.Errorf("%w: tell it in at most 16000 bytes", people.ErrInvalid)
	case i.Discovered.IsZero() || i.Discovered.After(now) || i.Notified.Before(i.Discovered) || i.Notified.After(now):
		return fmt.Errorf("%w: discovered comes before notified, and both lie behind us", people.ErrInvalid)
	case len(i.Transfers) > 1000:
		return fmt.Errorf("%w: at most 1000 transfers", people.ErrInvalid)
	case slices.ContainsFunc(i.Transfers, func(s string) bool { return !id.MatchString(s) }):
		return fmt.Errorf("%w: transfers are named by their ids", people.ErrInvalid)
	}
	return nil
}

// naming is the incident, about the persons too. Whom it is about already stays:
// nobody is let off by a later act. A person who does not exist would leave the one
// who was meant free to close it.
func (i Incident) naming(ctx context.Context, tx people.PersonTx, persons []string) (Incident, error) {
	for _, p := range persons {
		if slices.Contains(i.About, p) {
			continue
		}
		if len(i.About) == mostAbout {
			return i, fmt.Errorf("%w: at most %d persons", people.ErrInvalid, mostAbout)
		}
		if _, err := tx.Person(ctx, p); errors.Is(err, evidence.ErrNotFound) {
			return i, fmt.Errorf("%w: persons are named by the ids that they are registered by", people.ErrInvalid)
		} else if err != nil {
			return i, err
		}
		i.About = append(slices.Clip(i.About), p)
	}
	return i, nil
}

// Report records an incident: by a mission, by the DPO, or by people of the
// partner, whose duty clause C17 makes it. It counts as serious at once, until
// it is triaged.
func (d *Desk) Report(ctx context.Context, c authz.Caller, i Incident) (Incident, error) {
	k := d.keeper
	i.ID, i.Version, i.State, i.Severity, i.Outcome, i.Lessons, i.Reporter = k.Office.NewID(), 1, Open, "", "", "", c.Person
	ofPartner := !c.In(i.Mission)
	if ofPartner && !c.Of(i.Partner) {
		return Incident{}, evidence.ErrNotFound
	}
	if ofPartner {
		i.Mission, i.About = "", nil
	}
	i, err := k.Create(ctx, c, authz.IncidentReport, i, func(tx Tx, i Incident, role authz.Role) (Incident, error) {
		act := k.Now(c, role, "report", "")
		i.Actor, i.Created, i.Updated, i.History = c.Person, act.At, act.At, []lifecycle.Act{act}
		i.Discovered, i.Notified = i.Discovered.UTC().Truncate(time.Microsecond), i.Notified.UTC().Truncate(time.Microsecond)
		if err := i.check(act.At); err != nil {
			return i, err
		}
		about := i.About
		i.About = nil
		i, err := i.naming(ctx, tx, about)
		if err != nil {
			return i, err
		}
		p, err := tx.Party(ctx, i.Partner)
		if err != nil {
			return i, err
		}
		if i.Mission == "" && ofPartner {
			i.Mission = p.Mission
		}
		if i.Mission != "" {
			if _, err := tx.Mission(ctx, i.Mission); err != nil {
				return i, err
			}
		}
		return i, nil
	})
	return i.seenBy(c), err
}

// Triage sets how serious an open incident is, by the focal point, or by the DPO
// who leads; it may be set again. What was assessed about the partner is stale
// from then on (domain.md section 3), whatever the severity. About are persons whose
// acts it turns out to be about, beside those who were named before: a partner who
// reports it cannot name them. Who is among them does not set it.
func (d *Desk) Triage(ctx context.Context, c authz.Caller, id string, s Severity, reason string, about ...string) (Incident, error) {
	return d.keeper.Change(ctx, c, authz.IncidentTriage, id, "triage", reason, func(tx Tx, i Incident, act lifecycle.Act) (Incident, error) {
		switch {
		case i.State != Open:
			return i, i.illegal(act.Event, "the incident is open", "report a new one")
		case !slices.Contains([]Severity{Low, Moderate, Serious}, s):
			return i, fmt.Errorf("%w: severity is low, moderate or serious", people.ErrInvalid)
		case strings.TrimSpace(reason) == "":
			return i, fmt.Errorf("%w: say why it is %s", people.ErrInvalid, s)
		}
		i, err := i.naming(ctx, tx, about)
		if err == nil {
			err = i.notItsSubject(ctx, tx, act)
		}
		if err != nil {
			return i, err
		}
		i.Severity = s
		if err := tx.LockPartner(ctx, i.Partner); err != nil {
			return i, err
		}
		return i.next(act), tx.SaveStaleCause(ctx, assessment.Incident(d.keeper.Office.NewID(), act.Person, i.Partner, i.ID, act.At))
	})
}

// Close ends an incident, by the DPO, with the lessons: treated, once it was
// triaged, or unfounded. The incident's subject does not close it (separation of
// duties 5).
func (d *Desk) Close(ctx context.Context, c authz.Caller, id string, o Outcome, lessons string) (Incident, error) {
	return d.keeper.Change(ctx, c, authz.IncidentLead, id, "close", "", func(tx Tx, i Incident, act lifecycle.Act) (Incident, error) {
		switch {
		case i.State != Open:
			return i, i.illegal(act.Event, "the incident is open", "nothing: it is closed")
		case o != Treated && o != Unfounded:
			return i, fmt.Errorf("%w: an incident ends treated or unfounded", people.ErrInvalid)
		case o == Treated && i.Severity == "":
			return i, i.illegal(act.Event, "it was triaged before it was treated", "have its severity set")
		case strings.TrimSpace(lessons) == "" || len(lessons) > 8000:
			return i, fmt.Errorf("%w: say what was learnt, in at most 8000 bytes", people.ErrInvalid)
		}
		if err := i.notItsSubject(ctx, tx, act); err != nil {
			return i, err
		}
		i.State, i.Outcome, i.Lessons = Closed, o, lessons
		return i.next(act), nil
	})
}

// notItsSubject refuses an act by those whose acts the incident is about, and by
// who has stood for them since it was discovered (separation of duties 5).
func (i Incident) notItsSubject(ctx context.Context, tx people.SidesTx, act lifecycle.Act) error {
	err := people.Apart(ctx, tx, act.Person, i.Discovered, act.At, i.About...)
	if errors.Is(err, people.ErrSameSide) {
		return i.illegal(act.Event, "the subject of an incident neither judges nor closes it (separation of duties 5)",
			"ask another person; a deputy counts as the one whose post it is")
	}
	return err
}

// Incident answers with one incident; to a partner, without what IOM made of it.
func (d *Desk) Incident(ctx context.Context, c authz.Caller, id string) (Incident, error) {
	return d.keeper.One(ctx, c, authz.IncidentRead, id)
}

// Incidents lists those that the caller may read, newest first.
func (d *Desk) Incidents(ctx context.Context, c authz.Caller, p evidence.Page) (evidence.Listed[Incident], error) {
	return d.keeper.List(ctx, c, authz.IncidentRead, func(tx Tx) (evidence.Listed[Incident], error) { return tx.Incidents(ctx, c.Places(), p) })
}

// seenBy leaves out, for the partner who reported it, what IOM made of it.
func (i Incident) seenBy(c authz.Caller) Incident {
	if c.In(i.Mission) {
		return i
	}
	i.About, i.Severity, i.Lessons, i.Actor = nil, "", "", ""
	if len(i.History) > 1 {
		i.History = i.History[:1]
	}
	return i
}
