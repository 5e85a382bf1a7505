// Package people is the register of missions and persons: who holds which role
// where, and which signing keys they have enrolled. Every change of a grant is
// an entry in the log.
package people

import (
	"context"
	"errors"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
)

// Record kinds of this package.
const (
	KindMission = "mission"
	KindPerson  = "person"
	KindGrant   = "grant"
	KindKey     = "key"
)

// Mission is one IOM mission, which is where data comes from.
type Mission struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Name    string `json:"name"`
	Country string `json:"country"` // ISO 3166-1 alpha-2
	Contact string `json:"contact"` // whom a refusal names first (R56): the focal point's post, not a person
	// Suspension stands while the mission sends nothing (R42).
	Suspension *Suspension `json:"suspension,omitempty"`
	Actor      string      `json:"actor"`
	Created    time.Time   `json:"created"`
	Updated    time.Time   `json:"updated"`
}

// Person is one named person of IOM or of a partner.
type Person struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Email   string `json:"email,omitempty"`
	Mission string `json:"mission,omitempty"` // the mission that the person works for, or
	Partner string `json:"partner,omitempty"` // the partner; neither for headquarters
	// Suspension stands while the person's tokens and roles give nothing (R42).
	Suspension *Suspension `json:"suspension,omitempty"`
	Actor      string      `json:"actor"`
	Created    time.Time   `json:"created"`
	Updated    time.Time   `json:"updated"`
}

// KnownTo reports whether the caller may know of the person: one of a mission to
// who holds a role there; one of a partner or of headquarters to headquarters.
// To others, but to the person, the person answers as unknown.
func (p Person) KnownTo(c authz.Caller) bool {
	return p.ID != "" && p.ID == c.Person || c.In(p.Mission)
}

// Grant is a role held by a person from a moment until another. It is ended,
// never deleted, so that it can be told who held what when.
type Grant struct {
	ID      string     `json:"id"`
	Version int        `json:"version"`
	Person  string     `json:"person"`
	Role    authz.Role `json:"role"`
	Mission string     `json:"mission,omitempty"`
	Partner string     `json:"partner,omitempty"`
	// Purposes are the tasks that go with the role of a referral officer or of a
	// focal point, as ids (R23). A grant without any is a task under none.
	Purposes []string   `json:"purposes,omitempty"`
	From     time.Time  `json:"from"`
	Until    *time.Time `json:"until,omitempty"` // exclusive; nil while it lasts
	Ended    bool       `json:"ended,omitempty"` // by somebody's act, or as the log says: at once, whatever a clock says
	// Origin is the post that it was delegated from (R35).
	Origin *Origin `json:"delegated_from,omitempty"`
	// Small lets one person of a small partner sign and download (separation of
	// duties 10).
	Small *SmallPartner `json:"small_partner,omitempty"`
	// Nomination is the partner's nomination that it grants.
	Nomination string    `json:"nomination,omitempty"`
	Actor      string    `json:"actor"`
	Created    time.Time `json:"created"`
	Updated    time.Time `json:"updated"`
}

// Held is the grant as the authorisation function knows it.
func (g Grant) Held() authz.Grant {
	return authz.Grant{ID: g.ID, Version: g.Version, Role: g.Role, Mission: g.Mission, Partner: g.Partner, Purposes: g.Purposes}
}

// LiveAt reports whether the grant is held now, at t. One that was ended is
// not, even where this clock has not come to the end yet.
func (g Grant) LiveAt(t time.Time) bool { return !g.Ended && g.HeldAt(t) }

// HeldAt reports whether the grant was held at t, for what was done then.
func (g Grant) HeldAt(t time.Time) bool {
	return !t.Before(g.From) && (g.Until == nil || t.Before(*g.Until))
}

// Key is an Ed25519 signing key that a person has enrolled and proven to hold.
// Its owner may sign with it once Legal has confirmed the owner's authority.
type Key struct {
	ID        string     `json:"id"` // RFC 7638 thumbprint
	Version   int        `json:"version"`
	Person    string     `json:"person"`
	Public    string     `json:"public"` // the public key as JWK
	Enrolled  time.Time  `json:"enrolled"`
	Expires   time.Time  `json:"expires"` // exclusive
	Confirmed *time.Time `json:"confirmed,omitempty"`
	By        string     `json:"confirmed_by,omitempty"`
	Authority string     `json:"authority,omitempty"` // what proves the signing authority
	Revoked   *time.Time `json:"revoked,omitempty"`
	Actor     string     `json:"actor"`
	Created   time.Time  `json:"created"`
	Updated   time.Time  `json:"updated"`
}

// ProvenAt reports whether a signature made with the key at t binds: enrolled,
// confirmed by Legal, not revoked or expired by then (R50).
func (k Key) ProvenAt(t time.Time) bool {
	return !t.Before(k.Enrolled) && t.Before(k.Expires) && k.Confirmed != nil && !t.Before(*k.Confirmed) &&
		(k.Revoked == nil || t.Before(*k.Revoked))
}

// Tx is what the register needs of a transaction.
type Tx interface {
	evidence.Recorder
	MissionTx
	PersonTx
	ListTx
	GrantTx
	GrantSetTx
	GrantTurnTx
	SidesTx
	KeyTx
	EnrolmentTx
	TaskTx
	ClearanceTx
}

// ClearanceTx is what unlocks roles, and by which rules.
type ClearanceTx interface {
	rulebook.Reader
	StandingTx
	TrainingTx
	UndertakingTx
	NominationTx
}

// EnrolmentTx tells of partners what granting their people roles needs.
type EnrolmentTx interface {
	// Enrols reports whether people of the partner may hold roles at the moment
	// at: not of a recipient class that cannot enrol (R21). ErrNotFound where
	// there is no such partner.
	Enrols(ctx context.Context, partner string, at time.Time) (bool, error)
}

// TaskTx tells of purposes what granting a task under them needs.
type TaskTx interface {
	// KnownPurposes reports whether there is each of the purposes, and whether each
	// was approved, be it for later: until then its text may become another.
	KnownPurposes(ctx context.Context, ids []string) (known, approved bool, err error)
}

// MissionTx reads and writes missions.
type MissionTx interface {
	Mission(ctx context.Context, id string) (Mission, error)
	Missions(ctx context.Context) ([]Mission, error)
	SaveMission(ctx context.Context, m Mission) error
}

// PersonTx reads and writes persons.
type PersonTx interface {
	Person(ctx context.Context, id string) (Person, error)
	SavePerson(ctx context.Context, p Person) error
}

// GrantTx reads and writes grants.
type GrantTx interface {
	Grant(ctx context.Context, id string) (Grant, error)
	GrantsOf(ctx context.Context, person string) ([]Grant, error)
	Holders(ctx context.Context, role authz.Role, mission string) ([]Grant, error)
	SaveGrant(ctx context.Context, g Grant) error
}

// GrantTurnTx keeps others from a person's grants while they are judged.
type GrantTurnTx interface {
	// LockGrants has the turn of the grants of each person until the transaction
	// ends: what is read of them after it, nobody else adds to.
	LockGrants(ctx context.Context, persons ...string) error
	// RolesBound is the last instant up to which a token of the person carries
	// what was granted; zero where there is no token.
	RolesBound(ctx context.Context, person string) (time.Time, error)
}

// GrantSetTx lists grants by other marks than their holder.
type GrantSetTx interface {
	// GrantsFrom lists what was delegated of a grant, ended ones too.
	GrantsFrom(ctx context.Context, origin string) ([]Grant, error)
	// GrantsDue lists grants whose end has come and of which the log does not say so.
	GrantsDue(ctx context.Context, now time.Time, most int) ([]Grant, error)
	// GrantsAt lists every grant of a mission or of a partner; of all places where both are empty.
	GrantsAt(ctx context.Context, mission, partner string) ([]Grant, error)
}

// KeyTx reads and writes signing keys.
type KeyTx interface {
	Key(ctx context.Context, id string) (Key, error)
	KeysOf(ctx context.Context, person string) ([]Key, error)
	SaveKey(ctx context.Context, k Key) error
}

// Store is where the register lives.
type Store = evidence.Store[Tx]

// Sentinels that callers branch on.
var (
	ErrInvalid     = errors.New("invalid")
	ErrOwnAccess   = errors.New("nobody changes their own access, nor records what it rests on") // separation of duties 8
	ErrNotVacant   = errors.New("the role is held already")
	ErrKeyUnproven = errors.New("the proof of possession does not hold")
	ErrClassDenied = errors.New("people of a partner of this class cannot enrol") // R21
)

// Register is the service over the register.
type Register struct {
	office *evidence.Office
	store  Store
	proof  KeyProof
	keys   MissionKeys
}

// MissionKeys makes the key of a new mission at the key service. It is called
// before the mission is recorded, so that a mission always has its key.
type MissionKeys interface {
	EnsureKey(ctx context.Context, mission string) error
}

// KeyProof checks that whoever presents a public key holds the private one,
// and answers with the key's id. Sources: RFC 7638, RFC 8037.
type KeyProof interface {
	ProveKey(publicJWK, proof, person string, now time.Time) (thumbprint string, err error)
}

// NewRegister makes the service.
func NewRegister(office *evidence.Office, store Store, proof KeyProof, keys MissionKeys) *Register {
	return &Register{office: office, store: store, proof: proof, keys: keys}
}
