// Package transfer is the outbound sharing of personal data, from the request
// to the acknowledged pull. Every step asks the gate on facts read in the
// transaction of the step, and leaves its entry in the log; nothing is visible
// to the partner before that entry is under a signed checkpoint.
package transfer

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/seal"
)

// Record kinds of this package.
const (
	KindTransfer = "transfer"
	KindFile     = "sealed_file"
	KindPull     = "pull"
)

// State is where a transfer stands in the machine of domain.md section 4.
type State string

// The states.
const (
	Draft            State = "draft"
	Refused          State = "refused"
	Uploading        State = "uploading"
	SealedState      State = "sealed"
	AwaitingApproval State = "awaiting_approval"
	Available        State = "available"
	Held             State = "held"
	Pulled           State = "pulled"
	Acknowledged     State = "acknowledged"
	Recalled         State = "recalled"
	Unclaimed        State = "unclaimed"
)

// final reports whether nothing is ever released or pulled from the state on.
func (s State) final() bool { return s == Refused || s == Recalled || s == Unclaimed }

// File is one file of the payload, numbered from 1. It has no name: a name may
// be personal data, and the recipient needs none.
type File struct {
	N         int     `json:"n"`
	MediaType string  `json:"media_type"`
	Size      *int64  `json:"size,omitempty"`   // bytes, as declared
	SHA256    string  `json:"sha256,omitempty"` // of the plaintext, hex, as declared
	Sealed    *Sealed `json:"sealed,omitempty"`
}

// Sealed is what landed of a file.
type Sealed struct {
	Upload   string `json:"upload"`   // id of the SealedFile, and of the upload that landed it
	Size     int64  `json:"size"`     // bytes of plaintext
	SHA256   string `json:"sha256"`   // of the plaintext, hex
	Manifest string `json:"manifest"` // digest of the manifest, hex
}

// SealedFile is the manifest of one file as it landed: what a pull must find.
type SealedFile struct {
	ID       string        `json:"id"` // of the upload
	Version  int           `json:"version"`
	Transfer string        `json:"transfer"`
	N        int           `json:"n"`
	Manifest seal.Manifest `json:"manifest"`
	// Key and Wrapped bind the working row that holds the wrapped data key: the
	// key's name and the hex SHA-256 of the wrapped form. Rewrapping is a new
	// version of this record.
	Key     seal.KeyName `json:"key"`
	Wrapped string       `json:"wrapped_digest"`
	Actor   string       `json:"actor"`
	Created time.Time    `json:"created"`
	Updated time.Time    `json:"updated"`
}

// Approval is the second person's answer (condition 28).
type Approval struct {
	Person      string     `json:"person"`
	Role        authz.Role `json:"role"`
	At          time.Time  `json:"at"`
	Granted     bool       `json:"granted"`
	Attestation string     `json:"attestation,omitempty"` // of necessity, where the payload is opaque
}

// Transfer is the record of one transfer.
type Transfer struct {
	ID              string          `json:"id"`
	Version         int             `json:"version"`
	State           State           `json:"state"`
	Mission         string          `json:"mission"`
	Partner         string          `json:"partner"`
	Purpose         string          `json:"purpose"`
	Nature          string          `json:"nature"`
	RecipientClass  string          `json:"recipient_class"`
	Categories      []string        `json:"categories"`
	Fields          []string        `json:"fields"`
	Subjects        int             `json:"subjects"`        // how many
	SubjectsDigest  string          `json:"subjects_digest"` // of their opaque ids, in order
	Origin          gate.Origin     `json:"data_origin,omitzero"`
	Onward          []string        `json:"onward_recipients,omitempty"` // organisations to which the recipient will give the data on
	Pathway         string          `json:"pathway,omitempty"`           // name of the pathway of referrals that it follows
	Files           []File          `json:"files"`
	Agreement       string          `json:"agreement,omitempty"`
	Document        int             `json:"agreement_document,omitempty"` // version of its document at REQUEST
	Chosen          string          `json:"chosen_agreement,omitempty"`   // where the sender picked one
	Assessment      string          `json:"assessment,omitempty"`
	Sender          string          `json:"sender"`
	SenderAssurance authz.Assurance `json:"sender_assurance"`
	NeedsApproval   bool            `json:"needs_approval"`
	Approvals       []Approval      `json:"approvals,omitempty"`
	// ContentAttested is the version of the statement by which the sender attested the content of opaque files.
	ContentAttested string     `json:"content_attested,omitempty"`
	Released        *time.Time `json:"released,omitempty"`
	ReleaseEntry    string     `json:"release_entry,omitempty"` // id of the log entry that released it
	// WindowEnds is exclusive. It stands still while the transfer is held: what was left is given back afterwards.
	WindowEnds   *time.Time `json:"window_ends,omitempty"`
	PullLimit    int        `json:"pull_limit,omitempty"` // pull sessions per file
	HeldSince    *time.Time `json:"held_since,omitempty"`
	Delivered    *time.Time `json:"delivered,omitempty"` // when a whole file was first written to the recipient, held or not
	Receipts     []Receipt  `json:"receipts,omitempty"`
	RecallReason string     `json:"recall_reason,omitempty"`
	// Decision is the gate's last answer, as the sender, the focal point and
	// Legal may read it; a partner never sees it.
	Decision gate.Decision `json:"decision"`
	Actor    string        `json:"actor"`
	Created  time.Time     `json:"created"`
	Updated  time.Time     `json:"updated"`
}

// Receipt is the recipient's confirmation of one file by its hash.
type Receipt struct {
	File   int       `json:"file"`
	Person string    `json:"person"`
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
}

// PullSession is one begun delivery of one file to one person. What it counts
// against the limit is the session, not the request: a resumed download goes
// on in it.
type PullSession struct {
	ID       string     `json:"id"`
	Version  int        `json:"version"`
	Transfer string     `json:"transfer"`
	File     int        `json:"file"`
	Person   string     `json:"person"`
	Offset   int64      `json:"offset"`   // bytes, where its last request began
	Reached  int64      `json:"reached"`  // bytes, how far anything was sent
	Requests int        `json:"requests"` // how many went on in it
	Written  *time.Time `json:"written,omitempty"`
	Aborted  *time.Time `json:"aborted,omitempty"`
	Unknown  bool       `json:"unknown,omitempty"` // nothing is known of its end: all may have been sent
	Actor    string     `json:"actor"`
	Created  time.Time  `json:"created"`
	Updated  time.Time  `json:"updated"`
}

// left reports whether a byte left in the session, or may have.
func (s PullSession) left() bool {
	return s.Aborted == nil || s.Written != nil || s.Reached > 0 || s.Unknown
}

// Upload announces the objects of one attempt to land one file. It is written
// before the first object is put, so that whatever a crash leaves behind can
// be found and removed. It is working state: not a record of the business.
type Upload struct {
	ID       string
	Transfer string
	File     int
	Key      seal.KeyName
	Wrapped  seal.Wrapped
	State    UploadState
	Started  time.Time
	Touched  time.Time
}

// Prefix is where its objects lie. It is made from the ids alone, so that what
// a row says can never make the sweeper remove anything else.
func (u Upload) Prefix() string {
	return "transfers/" + u.Transfer + "/" + strconv.Itoa(u.File) + "/" + u.ID + "/"
}

// WrappedDigest is what a SealedFile says of the wrapped key.
func (u Upload) WrappedDigest() string { return evidence.DigestOf([]byte(u.Wrapped)) }

// Carries reports whether the upload is the one that the record says landed.
func (f SealedFile) Carries(u Upload) bool {
	return u.ID == f.ID && u.Transfer == f.Transfer && u.File == f.N && u.Key == f.Key && u.WrappedDigest() == f.Wrapped
}

// UploadState says whether an upload's objects may be removed.
type UploadState string

// The states of an upload.
const (
	UploadOpen   UploadState = "open"   // bytes are coming in, or came in until a crash
	UploadSealed UploadState = "sealed" // the transfer refers to it
	UploadDoomed UploadState = "doomed" // to be removed with its key
)

func (t Transfer) resource() authz.Resource {
	res := authz.Resource{Kind: KindTransfer, ID: t.ID, Mission: t.Mission, Partner: t.Partner, Owner: t.Sender}
	if t.Purpose != "" { // without one the gate refuses (condition 3)
		res.Purposes = []string{t.Purpose}
	}
	return res
}

func (t Transfer) ref() evidence.Ref {
	return evidence.Ref{Kind: KindTransfer, ID: t.ID, Version: t.Version}
}

func (t Transfer) manifest() gate.Manifest {
	return gate.Manifest{
		Mission: t.Mission, Partner: t.Partner, Purpose: t.Purpose, Nature: t.Nature, RecipientClass: t.RecipientClass,
		Categories: t.Categories, Fields: t.Fields, Subjects: t.Subjects, SubjectsDigest: t.SubjectsDigest, Files: len(t.Files),
		Origin: t.Origin, Onward: t.Onward, Pathway: t.Pathway,
	}
}

// landed are the files as the gate judges them.
func (t Transfer) landed() (files []gate.File) {
	for _, file := range t.Files {
		g := gate.File{N: file.N, Declared: file.SHA256}
		if file.Sealed != nil {
			g.Sealed = file.Sealed.SHA256
		}
		files = append(files, g)
	}
	return files
}

// Asked is what the data protection officer is asked to approve.
func (t Transfer) Asked() approvals.Asked {
	m := t.manifest()
	return m.Asked(t.Agreement, t.landed())
}

func (t Transfer) file(n int) (*File, bool) {
	if n < 1 || n > len(t.Files) {
		return nil, false
	}
	return &t.Files[n-1], true
}

func (t Transfer) allSealed() bool {
	for _, f := range t.Files {
		if f.Sealed == nil {
			return false
		}
	}
	return len(t.Files) > 0
}

// committed reports whether it was released, and has not come to its end since.
func (t Transfer) committed() bool { return t.ReleaseEntry != "" && !t.State.final() }

// illegal says why the machine does not allow an act now, and what mends it.
func (t Transfer) illegal(event, guard, mend string) error {
	return &lifecycle.TransitionError{Entity: KindTransfer, State: string(t.State), Event: event, Guard: guard, Mend: mend}
}

// Sentinels that callers branch on. An act out of order is a
// *lifecycle.TransitionError.
var (
	// ErrDigest says that the bytes are not those that were declared.
	ErrDigest = errors.New("the content is not what was declared")
	// ErrTooLarge says that a file exceeds the limit, or its declared size.
	ErrTooLarge = errors.New("the file is larger than allowed")
	// ErrLogUnavailable says that the entry is not under a signed checkpoint
	// in time; the act counts as not done until it is.
	ErrLogUnavailable = errors.New("the log entry is not under a signed checkpoint")
	// ErrRecipientGone says that the recipient's connection broke.
	ErrRecipientGone = errors.New("the recipient's connection broke")
	// ErrBusy says that too much else is just leaving; nothing was written, and
	// it may be tried again.
	ErrBusy = errors.New("too much else is just leaving")
	// ErrNotAvailable is all that a partner is told (PULL_DENIED).
	ErrNotAvailable = errors.New("not available, contact the mission")
)

// RefusedError is a refusal by the gate. Over HTTP it is a problem document
// with every code and how to mend it.
type RefusedError struct {
	Transfer string
	Decision gate.Decision
}

// Error names the codes; it holds references only.
func (e *RefusedError) Error() string {
	return "refused: " + strings.Join(e.Decision.Codes(), " ")
}

// Refused is the gate's decision.
func (e *RefusedError) Refused() gate.Decision { return e.Decision }

// TransferID is the transfer that was refused.
func (e *RefusedError) TransferID() string { return e.Transfer }
