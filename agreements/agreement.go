// Package agreements keeps the data-sharing agreements: their scope, clauses,
// versions, signatures and life from draft to termination. Without a signed,
// active agreement nothing is transferred (R46).
package agreements

import (
	"slices"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
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
	ClosedOut  State = "closed_out" // ended, and every copy is certified destroyed
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
	Missions           []string `json:"missions"`
	Programmes         []string `json:"programmes,omitempty"`
	Purposes           []string `json:"purposes"`      // purpose ids
	SubjectTypes       []string `json:"subject_types"` // such as beneficiary
	Categories         []string `json:"categories"`    // category codes
	Fields             []string `json:"fields"`
	RecipientCountries []string `json:"recipient_countries"`
	StorageCountries   []string `json:"storage_countries"`
	// TransferMechanism is by which data may leave the country that they come from (R39).
	TransferMechanism      string   `json:"transfer_mechanism,omitempty"`
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
	// Deviation is a text of the parties' own in place of the template's; Legal approves it.
	Deviation string `json:"deviation,omitempty"`
}

// TemplateRef names the template that a document was made from (R37).
type TemplateRef struct {
	Name    string         `json:"name"`
	Version int            `json:"version"`
	Digest  signing.Digest `json:"digest"` // of its content, so that the document binds the texts
}

// Document is what the parties sign. Its RFC 8785 form is what the digest and
// every signature bind; nothing outside it is agreed.
type Document struct {
	Agreement  string `json:"agreement"`
	Version    int    `json:"version"` // of the document; an amendment raises it
	Type       Type   `json:"type"`
	Parent     string `json:"parent,omitempty"`
	Title      string `json:"title"`
	Mission    string `json:"mission"` // the mission that signs for IOM
	Partner    string `json:"partner"`
	Language   string `json:"language"`             // en, fr or es
	Supersedes string `json:"supersedes,omitempty"` // the agreement whose place it takes
	Scope      Scope  `json:"scope"`
	// Template is what the clauses are taken from; nil for a paper that was imported.
	Template *TemplateRef `json:"template,omitempty"`
	Clauses  []Clause     `json:"clauses"`
	// Safeguards are those of Annex II (R54).
	Safeguards *templates.Safeguards `json:"safeguards,omitempty"`
	// Paper is the signed paper that the document was imported from.
	Paper         *Paper    `json:"paper,omitempty"`
	Annexes       []Annex   `json:"annexes,omitempty"`
	EffectiveFrom time.Time `json:"effective_from"`
	ValidUntil    time.Time `json:"valid_until"` // exclusive instant
}

// Annex is an annex beyond Annex I, by its title and digest.
type Annex struct {
	Title  string `json:"title"`
	Digest string `json:"digest"`
}

// The methods of a signature. The method is part of the evidence.
const (
	MethodJWS    = "jws"     // by an enrolled key
	MethodWetInk = "wet_ink" // on paper; Legal attests the scan
)

// Signature is one party's signature. It is verified whenever the gate reads
// it, never trusted because it was once (condition 9).
type Signature struct {
	Party       string       `json:"party"`               // signing.PartyIOM, or the partner's id
	Signatory   string       `json:"signatory,omitempty"` // id of the person; of JWS
	Name        string       `json:"name,omitempty"`      // as on the paper; of wet ink
	Title       string       `json:"title"`
	Key         string       `json:"key,omitempty"`
	Method      string       `json:"method"`      // jws or wet_ink
	SignedAt    time.Time    `json:"signed_at"`   // as the signatory says
	Received    time.Time    `json:"received_at"` // as the gateway says: a revoked key cannot be back-dated
	JWS         string       `json:"jws,omitempty"`
	Attestation *Attestation `json:"attestation,omitempty"` // of wet ink
}

// ProvenBy is the person whose standing the signature rests on: the signatory,
// or who attested it for Legal.
func (s Signature) ProvenBy() string {
	if s.Attestation != nil {
		return s.Attestation.Person
	}
	return s.Signatory
}

// Act is one dated act of one person on an agreement.
type Act = lifecycle.Act

// Suspension stops an agreement. Of one by a mission, headquarters decides
// within the hours of the rulebook [P]; it is lifted by two people and never by
// the clock: no decision keeps the agreement suspended, which is the stricter
// reading.
type Suspension struct {
	Act
	DecideBy *time.Time `json:"decide_by,omitempty"`
	// Overdue is when the log was told that nobody had decided by then.
	Overdue *time.Time `json:"overdue,omitempty"`
}

// Agreement is the record: the document and what has happened to it.
type Agreement struct {
	ID       string         `json:"id"`
	Version  int            `json:"version"`
	State    State          `json:"state"`
	Document Document       `json:"document"`
	Digest   signing.Digest `json:"digest"` // of the document
	Drafter  string         `json:"drafter"`
	Editors  []string       `json:"editors,omitempty"` // others who wrote in the draft
	// Deviations are Legal's approvals of clauses that deviate.
	Deviations []Deviation `json:"deviations,omitempty"`
	Signatures []Signature `json:"signatures,omitempty"`
	// Amendment is the next document on its way; Document rules until it is active.
	Amendment *Amendment `json:"amendment,omitempty"`
	// Former are the documents that ruled before, with what proved them.
	Former []Former `json:"former,omitempty"`
	// Documents is the highest version of a document that was ever given out:
	// none is used twice.
	Documents  int         `json:"documents,omitempty"`
	Suspension *Suspension `json:"suspension,omitempty"`
	Lifts      []Act       `json:"lifts,omitempty"`        // of those two who lift, so far
	Endings    []Act       `json:"terminations,omitempty"` // of those two who terminate, so far
	History    []Act       `json:"history"`
	Actor      string      `json:"actor"`
	Created    time.Time   `json:"created"`
	Updated    time.Time   `json:"updated"`
}

// MandatoryClauses are the codes that every agreement carries (condition 12).
func MandatoryClauses() []string {
	return templates.Codes()
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

// Missions are those that send under the document: the one that signs it, and
// the others of its scope in order.
func (d Document) Missions() []string {
	return append([]string{d.Mission}, d.others()...)
}

func (d Document) others() []string {
	all := slices.Compact(slices.Sorted(slices.Values(d.Scope.Missions)))
	return slices.DeleteFunc(all, func(m string) bool { return m == d.Mission })
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
