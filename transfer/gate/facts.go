package gate

import (
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
)

// Phase is when the gate is asked.
type Phase string

// The phases of gate.md.
const (
	Request Phase = "REQUEST" // before a byte is taken
	Commit  Phase = "COMMIT"  // sealed, approved, in the transaction of the release
	Pull    Phase = "PULL"    // at every pull request
)

// Facts is all that the gate knows. Whoever gathers them does so in one
// transaction. The absence of a member refuses, unless it is one that counts or
// names what stands against the transfer: of these none is what was found.
type Facts struct {
	Phase  Phase     `json:"phase,omitzero"`
	Now    time.Time `json:"now,omitzero"`
	Policy string    `json:"policy,omitzero"` // version of policy and policy data in force
	// Rules are those of the edition in force, which is in this version of the rulebook.
	Rules    rulebook.Rules `json:"rules,omitzero"`
	Rulebook evidence.Ref   `json:"rulebook,omitzero"`

	// Transfer is the transfer that is decided on.
	Transfer evidence.Ref `json:"transfer,omitzero"`
	// Actor is the person whose standing counts: the sender at REQUEST and
	// COMMIT, the downloader at PULL.
	Actor Actor `json:"actor,omitzero"`
	// Sender is the person who sends, at every phase.
	Sender   string   `json:"sender,omitzero"`
	Manifest Manifest `json:"manifest,omitzero"`

	Partner     *parties.Party `json:"partner,omitzero"`
	Downloaders []Downloader   `json:"downloaders,omitzero"`

	// Agreement is the one that Select chose; nil where there is none.
	Agreement *agreements.Agreement `json:"agreement,omitzero"`
	// Ambiguous says that more than one agreement could rule, and Candidates which.
	Ambiguous  bool           `json:"ambiguous,omitzero"`
	Candidates []evidence.Ref `json:"candidates,omitzero"`
	// SignatureFaults is, per signature of the agreement, what its
	// verification found now.
	SignatureFaults []agreements.SignatureFault `json:"signature_faults,omitzero"`
	// SubjectsThisYear counts the subjects of earlier transfers released
	// under the agreement in the current calendar year (UTC).
	SubjectsThisYear int `json:"subjects_this_year,omitzero"`

	// Stopped is the mission where it is suspended (R42); it has no id where it is not.
	Stopped evidence.Ref `json:"mission_stopped,omitzero"`
	// Statistics says that the purpose serves statistics.
	Statistics bool `json:"statistics,omitzero"`
	// Country is the mission's.
	Country string `json:"country,omitzero"`
	// Clearance is the one that the manifest names; nil where it names none, or
	// one that does not exist.
	Clearance *clearance.Clearance `json:"clearance,omitzero"`
	// Disclosures are the disclosure assessments of the files, where the data are
	// about nobody in particular; those that were withdrawn, or are over, among them.
	Disclosures []anonymous.DisclosureAssessment `json:"disclosures,omitzero"`
	// Conflicts are those of their countries, and of the mission's, for which an
	// alert stands.
	Conflicts []string `json:"conflicts,omitzero"`

	// Assessment is the one that fits best; nil where the agreement has none.
	Assessment *assessment.Assessment `json:"assessment,omitzero"`
	// StaleBy is the cause by which it is stale, where its record does not say so yet.
	StaleBy evidence.Ref `json:"stale_by,omitzero"`
	// RaisedFrom is when a category that it names will be more sensitive, declared or not; the zero time where none will.
	RaisedFrom time.Time `json:"raised_from,omitzero"`

	Categories   []terms.Category        `json:"categories,omitzero"` // those declared that are known, and those of which a declared field is
	DPOApprovals []approvals.DPOApproval `json:"dpo_approvals,omitzero"`
	Notices      []terms.Notice          `json:"notices,omitzero"` // of the purpose
	Subjects     []Subject               `json:"subjects,omitzero"`
	Retention    []terms.RetentionRule   `json:"retention,omitzero"` // of the purpose
	Holds        []Hold                  `json:"holds,omitzero"`     // the open ones, of the transfer and of everybody in it

	// Overdue is the duty to destroy that the partner has let pass first, and Incident an
	// open serious incident there; neither has an id where there is none. OverdueHere are
	// those of such duties that are about transfers of the mission, as many as are named
	// (retention.MostNamed).
	Overdue     evidence.Ref   `json:"overdue,omitzero"`
	OverdueHere []evidence.Ref `json:"overdue_here,omitzero"`
	Incident    evidence.Ref   `json:"incident,omitzero"`

	Approval Approval  `json:"approval,omitzero"`
	Files    []File    `json:"files,omitzero"`
	Landing  Landing   `json:"landing,omitzero"`
	Pull     PullFacts `json:"pull,omitzero"`

	// Unreadable names the facts that could not be read. Any is a refusal. The
	// services never set it: they gather in the transaction of the act, which a failed
	// read ends with no decision and no act. Its error is then the caller's answer:
	// GATE_UNAVAILABLE where a record was altered (evidence.ErrTampered), else no code of
	// the gate, but that something is unavailable or failed. It is for who gathers
	// without such a transaction, from several places of which one may be away.
	Unreadable []string `json:"unreadable,omitzero"`
	// Read names the records of which only what was found stands above: grants,
	// keys, tokens, persons with their training and undertaking, the mission and the purpose.
	Read []evidence.Ref `json:"read,omitzero"`
	// PassedOver names those that were read and not chosen, or did not count.
	PassedOver PassedOver `json:"passed_over,omitzero"`
}

// Actor is the standing of the person who acts (condition 1).
type Actor struct {
	Person  string `json:"person,omitzero"`
	Assured bool   `json:"assured,omitzero"` // the credential was minted under an assurance that the policy data accepts
	Allowed bool   `json:"allowed,omitzero"` // the authorisation function said yes, on grants read in this transaction
	// Untasked says that nothing but a task under the purpose is missing (R23).
	Untasked bool `json:"untasked,omitzero"`
	Trained  bool `json:"trained,omitzero"` // has a valid record of data-protection training
	Bound    bool `json:"bound,omitzero"`   // has signed the undertaking in force
	// Lapsed is the newest training that was read where none is valid, and Unbinding
	// such an undertaking; neither has an id where there is none.
	Lapsed    evidence.Ref `json:"lapsed_training,omitzero"`
	Unbinding evidence.Ref `json:"lapsed_undertaking,omitzero"`
}

// Manifest is what the sender declared (condition 3).
type Manifest struct {
	Mission        string   `json:"mission,omitzero"`
	Partner        string   `json:"partner,omitzero"`
	Purpose        string   `json:"purpose,omitzero"`
	Nature         string   `json:"nature,omitzero"`          // personal, pseudonymised, anonymised, aggregate
	RecipientClass string   `json:"recipient_class,omitzero"` // R21
	Categories     []string `json:"categories,omitzero"`
	Fields         []string `json:"fields,omitzero"`
	Subjects       int      `json:"subjects,omitzero"`
	// SubjectsDigest is of the list of people. It is part of that by which an
	// approval of one transfer knows the request that is made again.
	SubjectsDigest string `json:"subjects_digest,omitzero"`
	Files          int    `json:"files,omitzero"`
	Origin         Origin `json:"data_origin,omitzero"`
	// Onward are the organisations to which the recipient will give the data on.
	Onward []string `json:"onward_recipients,omitzero"`
	// Pathway names the pathway of referrals that it follows; empty where it follows none.
	Pathway string `json:"pathway,omitzero"`
	// Opaque are the numbers of the files that cannot be matched to the manifest, and ContentAttested the version of the
	// statement by which the sender attested their content; empty where they did not.
	Opaque          []int  `json:"opaque,omitzero"`
	ContentAttested string `json:"content_attested,omitzero"`
}

// Origin is where the data come from (R39).
type Origin struct {
	Source    string `json:"source,omitzero"`    // own or third_party
	Country   string `json:"country,omitzero"`   // ISO 3166-1 alpha-2; the mission's where empty
	Clearance string `json:"clearance,omitzero"` // id of the originator's, for third_party
}

// Downloader is a person of the partner who may pull (condition 7).
type Downloader struct {
	Person     string `json:"person,omitzero"`
	Credential bool   `json:"credential,omitzero"` // has a live credential
	// Grant is the version of the grant under which they may pull, Token that of
	// the credential, where there is one.
	Grant evidence.Ref `json:"grant,omitzero"`
	Token evidence.Ref `json:"token,omitzero"`
}

// Subject is one person in the transfer, by row number, with what they said.
type Subject struct {
	Row           int              `json:"row,omitzero"` // from 1, in the order of the request
	ID            string           `json:"id,omitzero"`
	Type          string           `json:"type,omitzero"`
	Child         bool             `json:"child,omitzero"`
	Needs         bool             `json:"specific_needs,omitzero"` // has any
	Unaccompanied bool             `json:"unaccompanied,omitzero"`
	Consents      []consent.Record `json:"consents,omitzero"`
}

// Hold is an open objection, request or legal hold (condition 25).
type Hold struct {
	Subject string       `json:"subject,omitzero"` // whose it is; empty where it is the transfer's
	Code    Code         `json:"code,omitzero"`
	Ref     evidence.Ref `json:"ref,omitzero"`
	// Review is the role under which a hold for review was placed; empty for any
	// other hold, and for one of which that is not kept.
	Review string `json:"review,omitzero"`
}

// Approval is the second person's part (condition 28).
type Approval struct {
	// Needless says that none is needed, by band and category, as the policy data
	// has it; where nothing is said one is.
	Needless bool            `json:"needless,omitzero"`
	Given    []GivenApproval `json:"given,omitzero"`
}

// GivenApproval is one approver's answer.
type GivenApproval struct {
	Person  string `json:"person,omitzero"`
	Granted bool   `json:"granted,omitzero"`
	Allowed bool   `json:"allowed,omitzero"` // may approve, on grants read in this transaction
	// Necessity says that they attested why what nobody can match to the manifest is needed.
	Necessity bool `json:"necessity,omitzero"`
}

// File is one file of the payload (condition 29).
type File struct {
	N        int    `json:"n,omitzero"`
	Declared string `json:"declared,omitzero"` // hex SHA-256 that the sender declared; empty where none was
	Sealed   string `json:"sealed,omitzero"`   // hex SHA-256 of the plaintext that was sealed
}

// Landing is how the bytes arrived (condition 30). Only COMMIT reads it.
type Landing struct {
	Sealed           bool   `json:"sealed,omitzero"`             // every file is sealed under a key of the agreement
	AgreementAtStart string `json:"agreement_at_start,omitzero"` // id of the agreement that ruled at REQUEST
	DocumentAtStart  int    `json:"document_at_start,omitzero"`  // version of its document then
}

// PullFacts is what only a pull asks (condition 31).
type PullFacts struct {
	Recipient   bool      `json:"recipient,omitzero"` // the caller is a downloader of the partner it is for
	Released    bool      `json:"released,omitzero"`  // the release was committed
	Recalled    bool      `json:"recalled,omitzero"`
	WindowEnds  time.Time `json:"window_ends,omitzero"` // exclusive
	Sessions    int       `json:"sessions,omitzero"`    // pull sessions begun before this one
	Limit       int       `json:"limit,omitzero"`
	Resumed     bool      `json:"resumed,omitzero"`   // goes on in a session that was counted already
	Unpulled    bool      `json:"unpulled,omitzero"`  // no file is asked for: it begins no session
	Destroyed   bool      `json:"destroyed,omitzero"` // the partner has certified the destruction of what it pulled (R27)
	HeldTooLong bool      `json:"held_too_long,omitzero"`
}
