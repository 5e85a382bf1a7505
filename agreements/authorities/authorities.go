// Package authorities keeps the requests of police, courts, immigration and
// other authorities for data of people: each is a case of Legal, and never a
// transfer (R34). Whoever is asked tells of it, a partner too (clause C14), and
// discloses nothing.
package authorities

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// KindCase is the record kind of these cases.
const KindCase = "legal_case"

// Authority is what sort of authority asks.
type Authority string

// The authorities.
const (
	Police      Authority = "police"
	Court       Authority = "court"
	Immigration Authority = "immigration"
	Prosecution Authority = "prosecution"
	Security    Authority = "security" // military or intelligence
	Other       Authority = "other"
)

// State is where a case stands.
type State string

// The states.
const (
	Received  State = "received"
	Assessing State = "assessing"
	Answered  State = "answered"
	Refused   State = "refused"
	Closed    State = "closed"
)

// Case is one request of an authority. It names files and letters by reference
// and digest, and no person.
type Case struct {
	ID        string          `json:"id"`
	Version   int             `json:"version"`
	State     State           `json:"state"`
	Mission   string          `json:"mission,omitempty"` // that was asked; none where headquarters was
	Partner   string          `json:"partner,omitempty"` // that was asked, or that told of it
	Authority Authority       `json:"authority"`
	Country   string          `json:"country"`            // of the authority, ISO 3166-1 alpha-2
	Reference string          `json:"reference"`          // of the authority's letter or file; the transfer's id where a refusal opened it
	Transfer  string          `json:"transfer,omitempty"` // that was refused, and led here
	Asked     time.Time       `json:"asked"`              // when the authority asked
	Reporter  string          `json:"reporter"`
	Owner     string          `json:"owner,omitempty"`    // the person of Legal who has it
	Decision  *Answer         `json:"decision,omitempty"` // nil until there is one
	History   []lifecycle.Act `json:"history"`
	Actor     string          `json:"actor"`
	Created   time.Time       `json:"created"`
	Updated   time.Time       `json:"updated"`
}

// Answer is Legal's answer to the authority.
type Answer struct {
	Outcome State     `json:"outcome"` // answered or refused
	Ground  string    `json:"ground"`
	Letter  string    `json:"letter_digest"` // hex SHA-256 of the letter to the authority
	Person  string    `json:"person"`
	At      time.Time `json:"at"`
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	rulebook.Reader
	people.MissionTx
	parties.PartyTx
	CaseTx
}

// CaseTx reads and writes cases.
type CaseTx interface {
	LegalCase(ctx context.Context, id string) (Case, error)
	// LegalCases lists those that lie in the places, or that the person
	// reported, newest first.
	LegalCases(ctx context.Context, in authz.Places, p evidence.Page) (evidence.Listed[Case], error)
	SaveLegalCase(ctx context.Context, c Case) error
}

// Desk is the service over these cases.
type Desk struct {
	keeper lifecycle.Keeper[Case, Tx]
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx]) *Desk {
	return &Desk{lifecycle.Keeper[Case, Tx]{
		Office: office, Store: store, Resource: Case.Resource, Known: known, SeenBy: Case.seenBy,
		Read:  func(ctx context.Context, tx Tx, id string) (Case, error) { return tx.LegalCase(ctx, id) },
		Save:  func(ctx context.Context, tx Tx, c Case) error { return tx.SaveLegalCase(ctx, c) },
		State: func(c Case) string { return string(c.State) },
	}}
}

// Resource is the case as the policy and the log know it.
func (c Case) Resource() authz.Resource {
	return authz.Resource{Kind: KindCase, ID: c.ID, Mission: c.Mission, Partner: c.Partner, Owner: c.Reporter}
}

// known keeps from people of a partner what they did not report themselves.
func known(by authz.Caller, c Case) bool {
	return by.In(c.Mission) || by.Of(c.Partner) && c.Reporter == by.Person
}

func (c Case) next(to State, act lifecycle.Act) Case {
	c.State, c.Version, c.Actor, c.Updated = to, c.Version+1, act.Person, act.At
	c.History = append(slices.Clip(c.History), act)
	return c
}

func (c Case) in(event string, states ...State) error {
	if slices.Contains(states, c.State) {
		return nil
	}
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	return c.illegal(event, "the state is "+strings.Join(names, " or "), c.State.onward())
}

// onward is what can be done in the state.
func (s State) onward() string {
	switch s {
	case Received:
		return "have a person of Legal take the case"
	case Assessing:
		return "have whoever took the case decide on it"
	case Answered, Refused:
		return "close the case"
	case Closed:
		return "nothing: the case is closed; another request is another case"
	}
	return "read the case"
}

// Unanswered reports whether the authority still waits for Legal's answer.
func (c Case) Unanswered() bool { return c.State == Received || c.State == Assessing }

// changedSince refuses what Legal does on a case that is not any more as they read it:
// the authority may have asked for more meanwhile (R34).
func (c Case) changedSince(event string, read int) error {
	if c.Version == read {
		return nil
	}
	return c.illegal(event, "the case has changed since you read it", "read it again")
}

func (c Case) illegal(event, guard, mend string) error {
	return &lifecycle.TransitionError{Entity: KindCase, State: string(c.State), Event: event, Guard: guard, Mend: mend}
}

// A reference has a digit and no space: it is a file number, not the name of a
// person.
var (
	reference = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./_-]{0,63}$`)
	digit     = regexp.MustCompile(`[0-9]`)
)

func (c Case) check(now time.Time) error {
	switch {
	case !slices.Contains([]Authority{Police, Court, Immigration, Prosecution, Security, Other}, c.Authority):
		return fmt.Errorf("%w: unknown sort of authority", people.ErrInvalid)
	case !rulebook.IsCountry(c.Country):
		return fmt.Errorf("%w: a two-letter country code", people.ErrInvalid)
	case !reference.MatchString(c.Reference) || !digit.MatchString(c.Reference):
		return fmt.Errorf("%w: a reference is a file number: letters, digits and ./_-, with a digit, and no name of a person", people.ErrInvalid)
	case c.Asked.IsZero() || c.Asked.After(now):
		return fmt.Errorf("%w: say when the authority asked", people.ErrInvalid)
	}
	return nil
}

// Report opens a case: by the mission that was asked, by Legal, or by a partner,
// whose duty clause C14 makes it.
func (d *Desk) Report(ctx context.Context, by authz.Caller, c Case) (Case, error) {
	k := d.keeper
	c.ID, c.Version, c.State, c.Reporter, c.Owner, c.Decision = k.Office.NewID(), 1, Received, by.Person, "", nil
	ofPartner := !by.In(c.Mission)
	if ofPartner && !by.Of(c.Partner) {
		return Case{}, evidence.ErrNotFound
	}
	if ofPartner {
		c.Mission = "" // it is the partner's own, until prepare has read whose partner it is
	}
	c, err := k.Create(ctx, by, authz.AuthorityReport, c, func(tx Tx, c Case, role authz.Role) (Case, error) {
		act := k.Now(by, role, "report", "")
		c.Country, c.Asked = strings.ToUpper(strings.TrimSpace(c.Country)), c.Asked.UTC().Truncate(time.Microsecond)
		c.Actor, c.Created, c.Updated, c.History = by.Person, act.At, act.At, []lifecycle.Act{act}
		if err := c.check(act.At); err != nil {
			return c, err
		}
		if c.Partner != "" {
			p, err := tx.Party(ctx, c.Partner)
			if err != nil {
				return c, err
			}
			if ofPartner {
				c.Mission = p.Mission
			}
		}
		if c.Mission != "" {
			if _, err := tx.Mission(ctx, c.Mission); err != nil {
				return c, err
			}
		}
		return c, nil
	})
	return c.seenBy(by), err
}

// Take makes the caller, of Legal, the owner of the case: received -> assessing.
func (d *Desk) Take(ctx context.Context, by authz.Caller, id string) (Case, error) {
	return d.keeper.Change(ctx, by, authz.AuthorityDecide, id, "assess", "", func(_ Tx, c Case, act lifecycle.Act) (Case, error) {
		if err := c.in(act.Event, Received, Assessing); err != nil {
			return c, err
		}
		if c.Owner == by.Person {
			return c, c.illegal(act.Event, "another person of Legal has the case", "decide on it")
		}
		c.Owner = by.Person
		return c.next(Assessing, act), nil
	})
}

// Decide records Legal's answer to the case in the version that they read, with
// its ground and the digest of the letter: assessing -> answered or refused. It
// releases nothing: what the law compels goes by letter, outside this gateway.
func (d *Desk) Decide(ctx context.Context, by authz.Caller, id string, read int, outcome State, ground, letter string) (Case, error) {
	return d.keeper.Change(ctx, by, authz.AuthorityDecide, id, "decide", "", func(_ Tx, c Case, act lifecycle.Act) (Case, error) {
		if err := c.in(act.Event, Assessing); err != nil {
			return c, err
		}
		switch {
		case c.Owner != by.Person:
			return c, c.illegal(act.Event, "its owner decides", "take the case first")
		case outcome != Answered && outcome != Refused:
			return c, fmt.Errorf("%w: a case is answered or refused", people.ErrInvalid)
		case strings.TrimSpace(ground) == "" || len(ground) > 4000:
			return c, fmt.Errorf("%w: a decision has a ground, of at most 4000 bytes", people.ErrInvalid)
		case !evidence.IsDigest(letter):
			return c, fmt.Errorf("%w: letter_digest is the SHA-256 of the letter, 64 lower-case hexadecimal digits", people.ErrInvalid)
		}
		if err := c.changedSince(act.Event, read); err != nil {
			return c, err
		}
		c.Decision = &Answer{Outcome: outcome, Ground: ground, Letter: letter, Person: by.Person, At: act.At}
		return c.next(outcome, act), nil
	})
}

// Close ends the case once it is answered or refused, in the version that was read.
func (d *Desk) Close(ctx context.Context, by authz.Caller, id string, read int) (Case, error) {
	return d.keeper.Change(ctx, by, authz.AuthorityDecide, id, "close", "", func(_ Tx, c Case, act lifecycle.Act) (Case, error) {
		if err := c.in(act.Event, Answered, Refused); err != nil {
			return c, err
		}
		if err := c.changedSince(act.Event, read); err != nil {
			return c, err
		}
		return c.next(Closed, act), nil
	})
}

// Case answers with one case; to a partner, without Legal's part.
func (d *Desk) Case(ctx context.Context, by authz.Caller, id string) (Case, error) {
	return d.keeper.One(ctx, by, authz.AuthorityRead, id)
}

// Cases lists those that the caller may read, newest first.
func (d *Desk) Cases(ctx context.Context, by authz.Caller, p evidence.Page) (evidence.Listed[Case], error) {
	return d.keeper.List(ctx, by, authz.AuthorityRead, func(tx Tx) (evidence.Listed[Case], error) { return tx.LegalCases(ctx, by.Places(), p) })
}

func (c Case) seenBy(by authz.Caller) Case {
	if by.In(c.Mission) {
		return c
	}
	c.Owner, c.Decision, c.Actor = "", nil, ""
	if len(c.History) > 1 {
		c.History = c.History[:1]
	}
	return c
}
