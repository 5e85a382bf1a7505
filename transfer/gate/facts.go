package gate

import (
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
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
// transaction; what could not be read is named in Unreadable, which refuses.
type Facts struct {
	Phase  Phase
	Now    time.Time
	Policy string // digest of policy and policy data in force

	// Transfer is the transfer that is decided on.
	Transfer evidence.Ref
	// Actor is the person whose standing counts: the sender at REQUEST and
	// COMMIT, the downloader at PULL.
	Actor Actor
	// Sender is the person who sends, at every phase.
	Sender   string
	Manifest Manifest

	Partner     *parties.Party
	Downloaders []Downloader

	// Agreement is the one that Select chose; nil where there is none.
	Agreement *agreements.Agreement
	// Ambiguous says that more than one agreement could rule.
	Ambiguous bool
	// SignatureFaults is, per signature of the agreement, what its
	// verification found now.
	SignatureFaults []agreements.SignatureFault
	// SubjectsThisYear counts the subjects of earlier transfers released
	// under the agreement in the current calendar year (UTC).
	SubjectsThisYear int

	// Assessment is the one that fits best; nil where the agreement has none.
	Assessment *assessment.Assessment
	Subjects   []Subject
	Retention  []terms.RetentionRule // of the purpose

	Approval Approval
	Files    []File
	Landing  Landing
	Pull     PullFacts

	// Unreadable names the facts that could not be read. Any is a refusal.
	Unreadable []string
	// Read names every record version that was read, for replay.
	Read []evidence.Ref
}

// Actor is the standing of the person who acts (condition 1).
type Actor struct {
	Person  string
	Assured bool // the credential was minted under an assurance that the policy data accepts
	Allowed bool // the authorisation function said yes, on grants read in this transaction
}

// Manifest is what the sender declared (condition 3).
type Manifest struct {
	Mission        string
	Partner        string
	Purpose        string
	Nature         string // personal, pseudonymised, anonymised, aggregate
	RecipientClass string // R21
	Categories     []string
	Fields         []string
	Subjects       int
	Files          int
}

// Downloader is a person of the partner who may pull (condition 7).
type Downloader struct {
	Person     string
	Credential bool // has a live credential
}

// Subject is one person in the transfer, by row number, with what they said.
type Subject struct {
	Row      int // from 1, in the order of the request
	ID       string
	Type     string
	Child    bool
	Consents []consent.Record
}

// Approval is the second person's part (condition 28).
type Approval struct {
	Needed bool // by band or category, as the policy data says
	Given  []GivenApproval
}

// GivenApproval is one approver's answer.
type GivenApproval struct {
	Person  string
	Granted bool
	Allowed bool // may approve, on grants read in this transaction
}

// File is one file of the payload (condition 29).
type File struct {
	N        int
	Declared string // hex SHA-256 that the sender declared; empty where none was
	Sealed   string // hex SHA-256 of the plaintext that was sealed
}

// Landing is how the bytes arrived (condition 30). Only COMMIT reads it.
type Landing struct {
	Sealed           bool   // every file is sealed under a key of the agreement
	AgreementAtStart string // id of the agreement that ruled at REQUEST
}

// PullFacts is what only a pull asks (condition 31).
type PullFacts struct {
	Recipient   bool // the caller is a downloader of the partner it is for
	Released    bool // the release was committed
	Recalled    bool
	WindowEnds  time.Time // exclusive
	Sessions    int       // pull sessions begun before this one
	Limit       int
	Resumed     bool // goes on in a session that was counted already
	HeldTooLong bool
}
