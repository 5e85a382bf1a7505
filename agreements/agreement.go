// Package agreements keeps the data-sharing agreements: their scope, clauses,
// versions, signatures and life from draft to termination. Without a signed,
// active agreement nothing is transferred (R46).
package agreements

import (
	"slices"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
)

// KindAgreement is the record kind of agreements.
const KindAgreement = "agreement"

// State is where an agreement stands in the machine of domain.md section 4.
type State string

// The states.
const (
	Draft      State = "draft"
	Review     State = "review"
	Rejected   State = "rejected"
	Approved   State = "approved" // approved for signature
	PartSigned State = "part_signed"
	Signed     State = "signed"
	Active     State = "active"
	Suspended  State = "suspended"
	Expired    State = "expired"
	Terminated State = "terminated"
)

// Type is the legal kind of agreement.
type Type string

// The types of domain.md.
const (
	DataSharing         Type = "data_sharing"
	ControllerProcessor Type = "controller_processor"
	JointControllers    Type = "joint_controllers"
)

// Scope is Annex I: what may be shared, about whom, for what, where to.
type Scope struct {
	Missions               []string `json:"missions"`
	Programmes             []string `json:"programmes,omitempty"`
	Purposes               []string `json:"purposes"`      // purpose ids
	SubjectTypes           []string `json:"subject_types"` // such as beneficiary
	Categories             []string `json:"categories"`    // category codes
	Fields                 []string `json:"fields"`
	RecipientCountries     []string `json:"recipient_countries"`
	StorageCountries       []string `json:"storage_countries"`
	OnwardRule             string   `json:"onward_rule"` // none, or listed
	OnwardRecipients       []string `json:"onward_recipients,omitempty"`
	MaxSubjectsPerTransfer int      `json:"max_subjects_per_transfer"`
	MaxSubjectsPerYear     int      `json:"max_subjects_per_year"`
	// RetentionDays is, per category code, how long the recipient may keep it.
	RetentionDays map[string]int `json:"retention_days"`
}

// Clause is one clause of the agreement, C01 to C25.
type Clause struct {
	Code       string            `json:"code"`
	Text       string            `json:"text_version"`
	Parameters map[string]string `json:"parameters,omitempty"`
	Deviation  string            `json:"deviation,omitempty"`
}

// Document is what the parties sign. Its RFC 8785 form is what the digest and
// every signature bind; nothing outside it is agreed.
type Document struct {
	Agreement     string    `json:"agreement"`
	Version       int       `json:"version"` // of the document; an amendment raises it
	Type          Type      `json:"type"`
	Parent        string    `json:"parent,omitempty"`
	Title         string    `json:"title"`
	Mission       string    `json:"mission"` // the mission that signs for IOM
	Partner       string    `json:"partner"`
	Language      string    `json:"language"` // en, fr or es
	Scope         Scope     `json:"scope"`
	Clauses       []Clause  `json:"clauses"`
	Annexes       []Annex   `json:"annexes,omitempty"`
	EffectiveFrom time.Time `json:"effective_from"`
	ValidUntil    time.Time `json:"valid_until"` // exclusive instant
}

// Annex is an annex beyond Annex I, by its title and digest.
type Annex struct {
	Title  string `json:"title"`
	Digest string `json:"digest"`
}

// Signature is one party's signature. It is verified whenever the gate reads
// it, never trusted because it was once (condition 9).
type Signature struct {
	Party     string    `json:"party"` // signing.PartyIOM, or the partner's id
	Signatory string    `json:"signatory"`
	Title     string    `json:"title"`
	Key       string    `json:"key"`
	Method    string    `json:"method"`      // jws
	SignedAt  time.Time `json:"signed_at"`   // as the signatory says
	Received  time.Time `json:"received_at"` // as the gateway says: a revoked key cannot be back-dated
	JWS       string    `json:"jws"`
}

// Act is one dated act of one person on an agreement.
type Act = lifecycle.Act

// Suspension stops an agreement. Of one by a mission, headquarters decides
// within 72 hours [P]; it is lifted by two people and never by the clock: no
// decision keeps the agreement suspended, which is the stricter reading.
type Suspension struct {
	Act
	DecideBy *time.Time `json:"decide_by,omitempty"`
}

// Agreement is the record: the document and what has happened to it.
type Agreement struct {
	ID         string         `json:"id"`
	Version    int            `json:"version"`
	State      State          `json:"state"`
	Document   Document       `json:"document"`
	Digest     signing.Digest `json:"digest"` // of the document
	Drafter    string         `json:"drafter"`
	Editors    []string       `json:"editors,omitempty"` // others who wrote in the draft
	Signatures []Signature    `json:"signatures,omitempty"`
	Suspension *Suspension    `json:"suspension,omitempty"`
	Lifts      []Act          `json:"lifts,omitempty"`        // of those two who lift, so far
	Endings    []Act          `json:"terminations,omitempty"` // of those two who terminate, so far
	History    []Act          `json:"history"`
	Actor      string         `json:"actor"`
	Created    time.Time      `json:"created"`
	Updated    time.Time      `json:"updated"`
}

// MandatoryClauses are the codes that every agreement carries (condition 12).
func MandatoryClauses() []string {
	return []string{
		"C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "C09", "C10", "C11", "C12", "C13",
		"C14", "C15", "C16", "C17", "C18", "C19", "C20", "C21", "C22", "C23", "C24", "C25",
	}
}

// MissingClauses lists the mandatory clauses that the document lacks, in order.
func (d Document) MissingClauses() []string {
	var missing []string
	for _, code := range MandatoryClauses() {
		if !slices.ContainsFunc(d.Clauses, func(c Clause) bool { return c.Code == code }) {
			missing = append(missing, code)
		}
	}
	return missing
}

// DigestOf computes the digest that the signatures must bind.
func (d Document) DigestOf() (signing.Digest, error) { return signing.DigestOf(d) }

// wrote reports whether the person wrote any of the document.
func (a Agreement) wrote(person string) bool {
	return person == a.Drafter || slices.Contains(a.Editors, person)
}

// SignedBy reports whether the party has signed.
func (a Agreement) SignedBy(party string) bool {
	return slices.ContainsFunc(a.Signatures, func(s Signature) bool { return s.Party == party })
}

// InForceAt reports whether transfers may rest on the agreement at t.
func (a Agreement) InForceAt(t time.Time) bool {
	return a.State == Active && !t.Before(a.Document.EffectiveFrom) && t.Before(a.Document.ValidUntil)
}
