// Package parties is the register of partners: who they are, what was found
// when they were vetted, and whether they are usable (gate conditions 5 and 6).
package parties

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
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
	// ValidUntil is when it lapses by the rules under which it was recorded,
	// exclusive; rules that came later may end it sooner (Party.VettedAt).
	ValidUntil time.Time `json:"valid_until,omitzero"`
	Ended      bool      `json:"ended,omitempty" doc:"the log says that its time is over"`
}

// Party is an implementing partner.
type Party struct {
	ID            string        `json:"id"`
	Version       int           `json:"version"`
	Name          string        `json:"name"` // legal name
	Kind          Kind          `json:"kind"`
	Class         string        `json:"recipient_class,omitempty"` // R21, where it is of one class only
	Country       string        `json:"country"`                   // ISO 3166-1 alpha-2
	Immunities    bool          `json:"immunities"`
	AuthorityLink bool          `json:"authority_link"` // reports to a police, court or immigration authority
	GDPR          string        `json:"gdpr_status,omitempty"`
	Mechanism     string        `json:"transfer_mechanism,omitempty"` // by which data may go to its country (R39)
	DueDiligence  *DueDiligence `json:"due_diligence,omitempty"`
	State         State         `json:"state"`
	Reason        string        `json:"reason,omitempty"` // of a suspension or a block
	// Suspension and Block stand until they are lifted; State follows from them
	// and from the due diligence.
	Suspension *lifecycle.Act  `json:"suspension,omitempty"`
	Block      *lifecycle.Act  `json:"block,omitempty"`
	Mission    string          `json:"mission,omitempty"` // the mission whose partner it is; none for headquarters' own
	Registrar  string          `json:"registrar"`         // who registered it, and so does not vet it
	Editors    []string        `json:"editors,omitempty"` // who amended it since it was vetted, and so do not vet it
	History    []lifecycle.Act `json:"history,omitempty"`
	Actor      string          `json:"actor"`
	Created    time.Time       `json:"created"`
	Updated    time.Time       `json:"updated"`
}

// Tx is what the register needs of a transaction.
type Tx interface {
	evidence.Recorder
	people.MissionTx
	people.SidesTx
	rulebook.Reader
	assessment.CauseSaver
	LockTx
	PartyTx
	DueTx
}

// PartyTx reads and writes partners.
type PartyTx interface {
	Party(ctx context.Context, id string) (Party, error)
	Parties(ctx context.Context) ([]Party, error)
	SaveParty(ctx context.Context, p Party) error
}

// DueTx finds whose vetting is over.
type DueTx interface {
	// PartiesDue lists the partners that were vetted at old or before, or whose
	// vetting is over at now as it was recorded, and that the log does not say so
	// of, the longest vetted first, at most so many.
	PartiesDue(ctx context.Context, old, now time.Time, most int) ([]Party, error)
}

// LockTx excludes the decisions that rest on a partner until the transaction
// ends, for changes of what they read beside the partner's own record.
type LockTx interface {
	LockPartner(ctx context.Context, id string) error
}

// Register is the service over partners.
type Register struct {
	office *evidence.Office
	store  evidence.Store[Tx]
	keeper lifecycle.Keeper[Party, Tx]
}

// NewRegister makes the service.
func NewRegister(office *evidence.Office, store evidence.Store[Tx]) *Register {
	return &Register{office: office, store: store, keeper: lifecycle.Keeper[Party, Tx]{
		Office: office, Store: store, Resource: Party.resource, Known: known, SeenBy: Party.seenBy,
		Read:  func(ctx context.Context, tx Tx, id string) (Party, error) { return tx.Party(ctx, id) },
		Save:  func(ctx context.Context, tx Tx, p Party) error { return tx.SaveParty(ctx, p) },
		State: func(p Party) string { return string(p.State) },
	}}
}

func (p Party) resource() authz.Resource {
	return authz.Resource{Kind: KindParty, ID: p.ID, Mission: p.Mission, Partner: p.ID}
}

// known reports whether the caller knows of the partner: the register is open
// to all who send, and to each partner for itself.
func known(c authz.Caller, p Party) bool {
	return len(c.Missions()) > 0 || c.AtHQ() || c.Of(p.ID)
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
	if p.Name == "" || !rulebook.IsCountry(p.Country) || !slices.Contains([]Kind{UNorIO, NGO, Government, Company, Academic}, p.Kind) {
		return Party{}, fmt.Errorf("%w: a partner needs a legal name, a two-letter country code and a kind", people.ErrInvalid)
	}
	if !isClass(p.Class) {
		return Party{}, fmt.Errorf("%w: unknown recipient class", people.ErrInvalid)
	}
	p.ID, p.Version, p.State, p.DueDiligence, p.Reason = r.office.NewID(), 1, Registered, nil, ""
	p.Suspension, p.Block, p.Editors, p.History = nil, nil, nil, nil
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

// Party answers with one partner; to its own people, without what IOM found.
func (r *Register) Party(ctx context.Context, c authz.Caller, id string) (Party, error) {
	return r.keeper.One(ctx, c, authz.PartyRead, id)
}

// Parties lists the partners that the caller may read: all on one page.
func (r *Register) Parties(ctx context.Context, c authz.Caller) ([]Party, error) {
	all, err := r.keeper.List(ctx, c, authz.PartyRead, func(tx Tx) (evidence.Listed[Party], error) {
		all, err := tx.Parties(ctx)
		return evidence.Listed[Party]{Items: all}, err
	})
	return all.Items, err
}

// seenBy leaves out, for people of the partner alone, why IOM acted and who did
// (gate.md: the partner is not told the cause).
func (p Party) seenBy(c authz.Caller) Party {
	if len(c.Missions()) > 0 || c.AtHQ() {
		return p
	}
	p.Reason, p.Suspension, p.Block, p.History, p.Editors, p.Registrar, p.Actor = "", nil, nil, nil, nil, "", ""
	if p.DueDiligence != nil {
		p.DueDiligence = &DueDiligence{Date: p.DueDiligence.Date, Result: p.DueDiligence.Result, ValidUntil: p.DueDiligence.ValidUntil, Ended: p.DueDiligence.Ended}
	}
	return p
}
