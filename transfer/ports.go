package transfer

import (
	"context"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/assessment"
	"safeconduct/agreements/authorities"
	"safeconduct/agreements/clearance"
	"safeconduct/agreements/incidents"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/authz/identity"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
	"safeconduct/transfer/anonymous"
	"safeconduct/transfer/approvals"
	"safeconduct/transfer/consent"
	"safeconduct/transfer/gate"
	"safeconduct/transfer/retention"
	"safeconduct/transfer/rights"
	"safeconduct/transfer/seal"
)

// Tx is what the use cases need of a transaction.
type Tx interface {
	evidence.Recorder
	TransferTx
	ListTx
	UploadTx
	PullTx
	RejudgeTx
	FactTx
	retention.DutyTx
	AssessedTx
	authorities.OpenTx
	AnchorTx
	KeptTx
	CoverTx
}

// CoverTx reads what a cover sheet names.
type CoverTx interface {
	templates.Reader
	Purpose(ctx context.Context, id string) (terms.Purpose, error)
}

// KeptTx tells what other records than transfers refer to.
type KeptTx interface {
	// Kept reports whether the record of a signed paper's scan refers to the
	// upload of that id.
	Kept(ctx context.Context, id string) (bool, error)
}

// TransferTx reads and writes transfers and their sealed files.
type TransferTx interface {
	Transfer(ctx context.Context, id string) (Transfer, error)
	SaveTransfer(ctx context.Context, t Transfer) error
	// SaveSubjects writes who is in the transfer, once, in row order.
	SaveTransferSubjects(ctx context.Context, transfer string, subjects []string) error
	SealedFile(ctx context.Context, id string) (SealedFile, error)
	SaveSealedFile(ctx context.Context, f SealedFile) error
}

// UploadTx reads and writes the announcements of uploads. They are working
// state and need no entry.
type UploadTx interface {
	Upload(ctx context.Context, id string) (Upload, error)
	AddUpload(ctx context.Context, u Upload) error
	// MarkUpload moves an upload from one of the given states; ErrConflict
	// where it is in another.
	MarkUpload(ctx context.Context, id string, now time.Time, to UploadState, from ...UploadState) error
	// DoomUploads marks every upload of the transfer for removal with its key.
	DoomUploads(ctx context.Context, transfer string, now time.Time) error
	// Sweepable lists uploads that are open and untouched since, or doomed
	// before doomedBefore.
	Sweepable(ctx context.Context, untouchedSince, doomedBefore time.Time, most int) ([]Upload, error)
	DeleteUpload(ctx context.Context, id string) error
}

// PullTx reads and writes pull sessions.
type PullTx interface {
	// PullSessions lists the sessions of one file of a transfer, oldest first.
	PullSessions(ctx context.Context, transfer string, file int) ([]PullSession, error)
	PullSession(ctx context.Context, id string) (PullSession, error)
	SavePullSession(ctx context.Context, p PullSession) error
	// OpenSessions lists sessions without an end that were last touched before.
	OpenSessions(ctx context.Context, before time.Time, most int) ([]PullSession, error)
	// Lapsed lists transfers that nobody may pull any more and whose objects
	// still lie there: the window is over and they are not held, or they have been
	// held since before heldBefore, or they landed before landedBefore and were
	// never released.
	Lapsed(ctx context.Context, now, heldBefore, landedBefore time.Time, most int) ([]Transfer, error)
}

// RejudgeTx keeps which transfers are to be judged again though nobody pulls. Who
// saves what waiting transfers rest on (consents, holds, partners, missions,
// agreements, assessments and what makes them stale, approvals of the data
// protection officer, clearances, disclosure assessments, incidents) asks for it
// by that, in the same transaction. It is working state and needs no entry.
type RejudgeTx interface {
	// Rejudgings lists, by id and after the given one, transfers that are to be
	// judged by now.
	Rejudgings(ctx context.Context, now time.Time, after string, most int) ([]string, error)
	// TakeRejudgings forgets what was asked for of the transfer by now. Who reads
	// its facts afterwards, in the same transaction, knows of all that asked.
	TakeRejudgings(ctx context.Context, transfer string, now time.Time) error
	// RejudgeAt has the transfer judged at that moment, and at no other that this
	// asked for.
	RejudgeAt(ctx context.Context, transfer string, at time.Time) error
}

// FactTx reads what the gate judges. The number of queries does not depend on
// how many subjects, agreements or consents there are.
type FactTx interface {
	people.MissionTx
	people.StandingTx
	rulebook.Reader
	StandingTx
	parties.PartyTx
	terms.RetentionTx
	terms.PurposeTx
	terms.CategoryTx
	consent.SubjectTx
	identity.TokenTx
	rulebook.Reader
	FactsTx
	rights.FactTx
	incidents.FactTx
	retention.FactTx
	PermissionTx
	DecisionTx
}

// PermissionTx reads what others agreed to: the data protection officer, those
// who collected the data, and the focal point for data about nobody.
type PermissionTx interface {
	// DPOApprovals lists the decisions about any of these, those that are over at now
	// as far as approvals.MostOver says: one query.
	DPOApprovals(ctx context.Context, about []string, now time.Time) ([]approvals.DPOApproval, error)
	SaveDPOApproval(ctx context.Context, a approvals.DPOApproval) error
	clearance.FactTx
	DisclosuresOf(ctx context.Context, mission string, files []string, t time.Time) ([]anonymous.DisclosureAssessment, error)
	Notices(ctx context.Context, purpose string) ([]terms.Notice, error)
}

// FactsTx keeps what decisions rested on, and reads it back.
type FactsTx interface {
	// KeepFacts keeps bodies under their SHA-256; one that is there already stays.
	KeepFacts(ctx context.Context, bodies ...[]byte) error
	// Facts answers with the body of a digest (hex), or ErrNotFound.
	Facts(ctx context.Context, digest string) ([]byte, error)
	// Versions answers with the bodies of versions of records, as they were
	// written; one that is not there is not in the answer.
	Versions(ctx context.Context, refs []evidence.Ref) (map[evidence.Ref][]byte, error)
}

// StandingTx reads what several persons hold, in one query.
type StandingTx interface {
	people.SidesTx
	// KeysOfEach lists the signing keys of each person, ended ones too.
	KeysOfEach(ctx context.Context, persons []string) (map[string][]people.Key, error)
}

// DecisionTx reads what only decisions need.
type DecisionTx interface {
	Agreement(ctx context.Context, id string) (agreements.Agreement, error)
	// AgreementsNearest lists the agreements between the partner and the mission
	// by which a transfer could be judged, in one query: those that name the
	// mission and that its people know of, that were not rejected, and whose place
	// no other of the mission has taken that came into force. There are at most MaxBetween+1 of
	// them, those nearest to permitting a transfer at now (NearestFirst); where
	// chosen is not empty it is that one alone, or none.
	AgreementsNearest(ctx context.Context, mission, partner, chosen string, now time.Time) ([]agreements.Agreement, error)
	// AssessmentsNear lists by which of the mission's assessments of the agreement
	// a transfer could be judged, by id and in one query: all that are approved,
	// whatever their end, the one named by bound, and of each other state the
	// assessment.MostEnded newest, which only say how a refusal is worded.
	AssessmentsNear(ctx context.Context, agreement, mission, bound string) ([]assessment.Assessment, error)
	// SubjectsOf answers with the transfer's subjects in row order, each with
	// every consent record that is kept of them.
	SubjectsOf(ctx context.Context, transfer string) ([]gate.Subject, error)
	// Pullers are all who may, might, or may no longer pull for the partner.
	Pullers(ctx context.Context, partner string) (Pullers, error)
	// SubjectsReleased counts the subjects of transfers released under the
	// agreement from since to until, both included, the given transfer left out.
	SubjectsReleased(ctx context.Context, agreement string, since, until time.Time, except string) (int, error)
}

// AssessedTx reads what makes assessments stale, and binds a derogation.
type AssessedTx interface {
	// StaleCauses answers, of each of the subjects, with the newest cause that has
	// happened by now, and with those that are to come.
	StaleCauses(ctx context.Context, subjects []string, now time.Time) ([]assessment.Cause, error)
	SaveAssessment(ctx context.Context, a assessment.Assessment) error
}

// Anchors are the records that a decision reads and that must not change until
// it is written. What is empty is not locked.
type Anchors struct {
	Persons   []string // whose grants count
	Tokens    []string // of who acts, with the one that it was made with
	Mission   string
	Partner   string
	Agreement string
	Subjects  string // transfer whose subjects they are
	// Downloaders are the grants and tokens of those who may pull for the partner.
	Downloaders bool
}

// AnchorTx locks: decisions share, changers exclude. On an engine with a
// single writer it does nothing.
type AnchorTx interface {
	// LockTransfer locks the transfer alone, since it may change; before what it
	// rests on.
	LockTransfer(ctx context.Context, id string) error
	LockAnchors(ctx context.Context, a Anchors) error
	// LockVolume has releases under the agreement go one by one until the end of
	// the transaction; after LockAnchors, and as late as may be. What counts
	// against its yearly volume is read afterwards.
	LockVolume(ctx context.Context, agreement string) error
	// LockPathways has releases on the pathways from the mission to the partner go
	// one by one until the end of the transaction, whatever agreement they are
	// under; after LockVolume. How often an approval was used is read afterwards.
	LockPathways(ctx context.Context, mission, partner string) error
}

// Store is where transfers live.
type Store = evidence.Store[Tx]

// Log waits for evidence.
type Log interface {
	// Wait returns when every entry is under a signed checkpoint, or fails
	// after a bounded time.
	Wait(ctx context.Context, entries ...string) error
}

// Keys wraps data keys; adapters are chosen in gateway/app.
type Keys = seal.KeyWrapper
