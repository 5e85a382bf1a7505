// Package parties is the register of partners: who they are, what was found
// when they were vetted, and whether they are usable (gate conditions 5 and 6).
package parties

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// KindParty is the record kind of partners.
const KindParty = "party"

// Kind is what sort of organisation a partner is.
type Kind string

// The kinds of domain.md.
const (
	UNorIO     Kind = "un_io"
	NGO        Kind = "ngo"
	Government Kind = "government"
	Company    Kind = "company"
	Academic   Kind = "academic"
)

// State is where a partner stands.
type State string

// The states. Only a vetted partner receives anything.
const (
	Registered State = "registered"
	Vetted     State = "vetted"
	Suspended  State = "suspended"
	Blocked    State = "blocked"
)

// DueDiligence is what the vetting of a partner found, and when.
type DueDiligence struct {
	Date   time.Time `json:"date"`
	Result string    `json:"result"` // passed or failed
	Note   string    `json:"note,omitempty"`
	By     string    `json:"by"`
}

// Party is an implementing partner.
type Party struct {
	ID            string        `json:"id"`
	Version       int           `json:"version"`
	Name          string        `json:"name"` // legal name
	Kind          Kind          `json:"kind"`
	Country       string        `json:"country"` // ISO 3166-1 alpha-2
	Immunities    bool          `json:"immunities"`
	AuthorityLink bool          `json:"authority_link"` // reports to a police, court or immigration authority
	GDPR          string        `json:"gdpr_status,omitempty"`
	DueDiligence  *DueDiligence `json:"due_diligence,omitempty"`
	State         State         `json:"state"`
	Reason        string        `json:"reason,omitempty"`  // of a suspension or a block
	Mission       string        `json:"mission,omitempty"` // the mission whose partner it is; none for headquarters' own
	Registrar     string        `json:"registrar"`         // who registered it, and so does not vet it
	Actor         string        `json:"actor"`
	Created       time.Time     `json:"created"`
	Updated       time.Time     `json:"updated"`
}

// Tx is what the register needs of a transaction.
type Tx interface {
	evidence.Recorder
	people.MissionTx
	PartyTx
}

// PartyTx reads and writes partners.
type PartyTx interface {
	Party(ctx context.Context, id string) (Party, error)
	Parties(ctx context.Context) ([]Party, error)
	SaveParty(ctx context.Context, p Party) error
}

// Register is the service over partners.
type Register struct {
	office *evidence.Office
	store  evidence.Store[Tx]
}

// NewRegister makes the service.
func NewRegister(office *evidence.Office, store evidence.Store[Tx]) *Register {
	return &Register{office: office, store: store}
}

// Create registers a partner, not vetted yet.
func (r *Register) Create(ctx context.Context, c authz.Caller, p Party) (Party, error) {
	if p.Mission == "" && !c.AtHQ() && len(c.Missions()) == 1 {
		p.Mission = c.Missions()[0]
	}
	if p.Mission == "" && !c.AtHQ() && len(c.Missions()) > 1 {
		return Party{}, fmt.Errorf("%w: name the mission whose partner it is", people.ErrInvalid)
	}
	if p.Mission != "" && !c.In(p.Mission) {
		return Party{}, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindParty, Mission: p.Mission}
	role, err := r.office.Authorise(ctx, c, authz.PartyCreate, res)
	if err != nil {
		return Party{}, err
	}
	p.Name, p.Country = strings.TrimSpace(p.Name), strings.ToUpper(strings.TrimSpace(p.Country))
	if p.Name == "" || len(p.Country) != 2 || !slices.Contains([]Kind{UNorIO, NGO, Government, Company, Academic}, p.Kind) {
		return Party{}, fmt.Errorf("%w: a partner needs a legal name, a two-letter country code and a kind", people.ErrInvalid)
	}
	p.ID, p.Version, p.State, p.DueDiligence, p.Reason = r.office.NewID(), 1, Registered, nil, ""
	p.Registrar, p.Actor, p.Created = c.Person, c.Person, r.office.Time()
	p.Updated, res.ID, res.Partner = p.Created, p.ID, p.ID
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if p.Mission != "" {
			if _, err := tx.Mission(ctx, p.Mission); err != nil {
				return err
			}
		}
		if err := tx.SaveParty(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.PartyCreate, res))
	})
	return p, err
}

// Vet records the result of due diligence, for every mission: so it is by the
// head of the mission whose partner it is, or by Legal. Who registered the partner does not
// vet it.
func (r *Register) Vet(ctx context.Context, c authz.Caller, id string, passed bool, note string) (Party, error) {
	p, err := r.Party(ctx, c, id)
	if err != nil {
		return Party{}, err
	}
	res := authz.Resource{Kind: KindParty, ID: id, Mission: p.Mission, Partner: id}
	role, err := r.office.Authorise(ctx, c, authz.PartyVet, res)
	if err != nil {
		return Party{}, err
	}
	_, err = r.store.Update(ctx, func(tx Tx) error {
		if p, err = tx.Party(ctx, id); err != nil {
			return err
		}
		if p.Registrar == c.Person {
			return people.ErrOwnAccess
		}
		now := r.office.Time()
		p.DueDiligence, p.State = &DueDiligence{Date: now, Result: "passed", Note: note, By: c.Person}, Vetted
		if !passed {
			p.DueDiligence.Result, p.State = "failed", Blocked
		}
		p.Version, p.Actor, p.Updated = p.Version+1, c.Person, now
		if err := tx.SaveParty(ctx, p); err != nil {
			return err
		}
		return tx.Record(ctx, r.office.Entry(c, role, evidence.Change, authz.PartyVet, res))
	})
	if errors.Is(err, people.ErrOwnAccess) { // R43
		return Party{}, errors.Join(err, r.office.Deny(ctx, c, authz.PartyVet, res, "AUTH_ROLE_DENIED"))
	}
	return p, err
}

// Party answers with one partner.
func (r *Register) Party(ctx context.Context, c authz.Caller, id string) (Party, error) {
	if len(c.Missions()) == 0 && !c.AtHQ() && !c.Of(id) {
		return Party{}, evidence.ErrNotFound
	}
	if _, err := r.office.Authorise(ctx, c, authz.PartyRead, authz.Resource{Kind: KindParty, ID: id, Partner: id}); err != nil {
		return Party{}, err
	}
	var p Party
	err := r.store.View(ctx, func(tx Tx) (err error) { p, err = tx.Party(ctx, id); return err })
	return p, err
}

// Parties lists the partners that the caller may read.
func (r *Register) Parties(ctx context.Context, c authz.Caller) ([]Party, error) {
	var all, seen []Party
	if len(c.Locks) > 0 { // what is empty for want of roles must not look like nothing
		_, err := r.office.Authorise(ctx, c, authz.PartyRead, authz.Resource{Kind: KindParty})
		return nil, err
	}
	err := r.store.View(ctx, func(tx Tx) (err error) { all, err = tx.Parties(ctx); return err })
	for _, p := range all {
		if _, denied := r.office.Enforcer.Check(c, authz.PartyRead, authz.Resource{Kind: KindParty, ID: p.ID, Partner: p.ID}); denied == nil {
			seen = append(seen, p)
		}
	}
	return seen, err
}
