// Package approvals keeps what the data protection officer decided on sensitive
// categories (gate condition 19): for an agreement, for one transfer, or
// standing for a named pathway of referrals, such as of survivors of gender-
// based violence. An approval is dated, ends by itself, and can be revoked.
package approvals

import (
	"cmp"
	"context"
	"slices"
	"time"

	"safeconduct/agreements"
	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/parties"
	"safeconduct/agreements/terms"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
	"safeconduct/authz/rulebook"
)

// KindApproval is the record kind of the officer's decisions.
const KindApproval = "dpo_approval"

// MostOver bounds how many decisions about one thing are read that cover nothing
// any more, the newest: they tell what is over (DPO_EXPIRED) from what was never
// approved (DPO_REQUIRED), and no other.
const MostOver = 20

// Scope is what a decision is about.
type Scope string

// The scopes.
const (
	ForAgreement Scope = "agreement"
	ForTransfer  Scope = "transfer"
	ForPathway   Scope = "pathway" // standing
)

// DPOApproval is one decision of the data protection officer.
type DPOApproval struct {
	ID         string     `json:"id"`
	Version    int        `json:"version"`
	Scope      Scope      `json:"scope"`
	Granted    bool       `json:"granted"` // a refusal covers nothing, and answers who waited
	Mission    string     `json:"mission"`
	Partner    string     `json:"partner"`
	Pathway    string     `json:"pathway,omitempty"`            // its name
	Agreement  string     `json:"agreement,omitempty"`          // for ForAgreement
	Document   int        `json:"agreement_document,omitempty"` // version of its document that was approved
	Transfer   string     `json:"transfer,omitempty"`           // for ForTransfer
	Manifest   string     `json:"asked_digest,omitempty"`       // of what was asked for, for ForTransfer
	Purposes   []string   `json:"purposes"`
	Categories []string   `json:"categories"`
	Most       int        `json:"most_subjects,omitempty"`  // of one transfer on the pathway
	Times      int        `json:"most_transfers,omitempty"` // that are released on the pathway under it
	Used       []string   `json:"used,omitempty"`           // ids of the transfers that were, in order
	Reason     string     `json:"reason,omitempty"`
	From       time.Time  `json:"from"`
	Until      time.Time  `json:"until"`           // exclusive
	Spent      string     `json:"spent,omitempty"` // the one transfer that was released under it, of ForTransfer
	Approver   string     `json:"approver"`
	Revoked    *time.Time `json:"revoked,omitempty"`
	RevokedBy  string     `json:"revoked_by,omitempty"`
	RevokedWhy string     `json:"revoked_reason,omitempty"`
	Ended      bool       `json:"ended,omitempty" doc:"the log says that its time is over"`
	Actor      string     `json:"actor"`
	Created    time.Time  `json:"created"`
	Updated    time.Time  `json:"updated"`
}

// Ref names the version of the decision for the log.
func (a DPOApproval) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindApproval, ID: a.ID, Version: a.Version}
}

// About is what the decision is looked up by.
func (a DPOApproval) About() string {
	switch a.Scope {
	case ForAgreement:
		return aboutAgreement(a.Agreement)
	case ForTransfer:
		return aboutManifest(a.Manifest)
	case ForPathway:
		return aboutPathway(a.Mission, a.Partner)
	default:
		return ""
	}
}

func aboutAgreement(id string) string             { return "agreement:" + id }
func aboutManifest(digest string) string          { return "manifest:" + digest }
func aboutPathway(mission, partner string) string { return "pathway:" + mission + ":" + partner }

// Use is what an approval is asked for. Manifest is the digest of all that the
// transfer declares (Asked.Digest); empty, it is covered by no approval of one.
type Use struct {
	Transfer  string
	Mission   string
	Partner   string
	Agreement string
	Document  int    // version of its document in force
	Pathway   string // that the transfer names
	Purpose   string
	Manifest  string
	People    int // how many are in it
	Sensitive []terms.Category
	At        time.Time
}

// Abouts are what the decisions on the use are looked up by.
func (u Use) Abouts() []string {
	return []string{aboutAgreement(u.Agreement), aboutManifest(u.Manifest), aboutPathway(u.Mission, u.Partner)}
}

// SensitiveOf are those of the declared categories that need the officer. A
// code that nobody knows is none: condition 13 refuses it.
func SensitiveOf(declared []string, known []terms.Category) []terms.Category {
	return slices.DeleteFunc(slices.Clone(known), func(k terms.Category) bool {
		return !k.NeedsOfficer() || !slices.Contains(declared, k.Code)
	})
}

// Judge is gate condition 19: it tells, by code, which of the sensitive
// categories no approval covers (DPO_REQUIRED), and which only one that is over
// would (DPO_EXPIRED). A category whose approval scope is the transfer is
// covered by an approval of that transfer, or of a pathway that it follows, and
// by no agreement's. The order of the approvals does not matter.
func Judge(all []DPOApproval, use Use) (required, expired []string) {
	for _, k := range use.Sensitive {
		live, over := false, false
		for _, a := range all {
			if a.fits(k, use) {
				live = live || use.At.Before(a.Until)
				over = true
			}
		}
		switch {
		case live:
		case over:
			expired = append(expired, k.Code)
		default:
			required = append(required, k.Code)
		}
	}
	return required, expired
}

// fits reports whether the approval, if its time is not over, covers the
// category. One that was revoked does not, whatever another replica's clock
// says; one dated after use.At does not yet.
func (a DPOApproval) fits(k terms.Category, use Use) bool {
	if !a.Granted || a.Revoked != nil || a.From.After(use.At) || use.Mission == "" || use.Partner == "" ||
		a.Mission != use.Mission || a.Partner != use.Partner ||
		!slices.Contains(a.Purposes, use.Purpose) || !slices.Contains(a.Categories, k.Code) {
		return false
	}
	switch a.Scope {
	case ForAgreement:
		// Of the document that the officer read: an amendment is asked for anew, as
		// the assessment is.
		return k.ApprovalScope == "agreement" && a.Agreement != "" && a.Agreement == use.Agreement && a.Document == use.Document
	case ForTransfer:
		// Of the transfer that was refused for want of it, or of the one that asks
		// for the same again, to the last field, organisation and file; of one only.
		return a.Manifest != "" && a.Manifest == use.Manifest && (a.Spent == "" || a.Spent == use.Transfer)
	case ForPathway:
		return a.Pathway != "" && a.Pathway == use.Pathway && use.People > 0 && use.People <= a.Most &&
			(len(a.Used) < a.Times || a.rests(use))
	default:
		return false
	}
}

// rests reports whether the transfer was released under the approval, which
// counts what it covers.
func (a DPOApproval) rests(use Use) bool {
	return a.Scope == ForTransfer && a.Spent != "" && a.Spent == use.Transfer ||
		a.Scope == ForPathway && slices.Contains(a.Used, use.Transfer)
}

// Spend binds the approvals that count what they cover to the transfer that is
// released under them: that of one transfer, so that it covers no other, and that
// of a pathway, which covers so many as the officer said. For each category that
// nothing else covers it is one, of a pathway rather than of the transfer, and
// the first to end. Those that were not needed stay as they are: changed are the
// ones to be saved, in the transaction of the release.
func Spend(all []DPOApproval, use Use, person string) (changed []DPOApproval) {
	var counting, standing []DPOApproval
	for _, a := range all {
		if a.Scope == ForAgreement || a.rests(use) {
			standing = append(standing, a)
		} else {
			counting = append(counting, a)
		}
	}
	once := func(a DPOApproval) int {
		if a.Scope == ForTransfer {
			return 1
		}
		return 0
	}
	slices.SortFunc(counting, func(a, b DPOApproval) int {
		return cmp.Or(cmp.Compare(once(a), once(b)), a.Until.Compare(b.Until), cmp.Compare(a.ID, b.ID))
	})
	for _, k := range use.Sensitive {
		covers := func(a DPOApproval) bool { return use.At.Before(a.Until) && a.fits(k, use) }
		if slices.ContainsFunc(slices.Concat(standing, changed), covers) {
			continue
		}
		if i := slices.IndexFunc(counting, covers); i >= 0 {
			changed = append(changed, counting[i].used(use, person))
		}
	}
	return changed
}

func (a DPOApproval) used(use Use, person string) DPOApproval {
	if a.Scope == ForPathway {
		a.Used = append(slices.Clone(a.Used), use.Transfer)
	} else {
		a.Spent = use.Transfer
	}
	a.Version, a.Actor, a.Updated = a.Version+1, person, use.At
	return a
}

func (a DPOApproval) revoke(person, reason string, now time.Time) (DPOApproval, error) {
	if !a.Granted || a.Revoked != nil {
		state := "revoked"
		if !a.Granted {
			state = "refused"
		}
		return DPOApproval{}, &lifecycle.TransitionError{
			Entity: KindApproval, State: state, Event: "revoke", Guard: "only an approval that stands is revoked", Mend: "nothing is covered by it",
		}
	}
	a.Version, a.Revoked, a.RevokedBy, a.RevokedWhy, a.Actor, a.Updated = a.Version+1, &now, person, reason, person, now
	return a, nil
}

// Ends is when the log must say that the approval is over: nil where it does
// already, or where nothing is covered anyway.
func (a DPOApproval) Ends() *time.Time {
	if !a.Granted || a.Revoked != nil || a.Ended {
		return nil
	}
	return &a.Until
}

// Waiting is a transfer that was refused, or is held, for want of an approval.
type Waiting struct {
	Transfer string `json:"transfer"`
	Asked
	// Document is what an approval for the agreement has to be of: the one that the gate judges by when it is asked again.
	Document int       `json:"agreement_document,omitempty" doc:"version of the agreement's document in force"`
	Sender   string    `json:"sender"`
	Since    time.Time `json:"since"`
	// Released says that it is held: what is decided on it is for no other.
	Released bool `json:"-"`
}

func (w Waiting) use(known []terms.Category, now time.Time) Use {
	return Use{
		Transfer: w.Transfer, Mission: w.Mission, Partner: w.Partner, Agreement: w.Agreement, Document: w.Document,
		Pathway: w.Pathway, Purpose: w.Purpose, Manifest: w.Digest(), People: w.People, Sensitive: SensitiveOf(w.Categories, known), At: now,
	}
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	ApprovalTx
	TargetTx
	EndsTx
	terms.PurposeTx
	terms.CategoryTx
	rulebook.Reader
}

// ApprovalTx reads and writes the officer's decisions.
type ApprovalTx interface {
	DPOApproval(ctx context.Context, id string) (DPOApproval, error)
	// DPOApprovals lists the decisions about any of these, by id: one query. They are
	// all the approvals that were not revoked and are not over at now, and of the
	// rest the MostOver newest decisions about each.
	DPOApprovals(ctx context.Context, about []string, now time.Time) ([]DPOApproval, error)
	// DPOApprovalsIn lists the decisions in a mission, in all where it is empty,
	// oldest first.
	DPOApprovalsIn(ctx context.Context, mission string, p evidence.Page) (evidence.Listed[DPOApproval], error)
	// DPOApprovalsDue lists the approvals that were over by then, of which the
	// log does not say so yet.
	DPOApprovalsDue(ctx context.Context, now time.Time, most int) ([]DPOApproval, error)
	SaveDPOApproval(ctx context.Context, a DPOApproval) error
}

// EndsTx finds the two ends of a pathway.
type EndsTx interface {
	Mission(ctx context.Context, id string) (people.Mission, error)
	Party(ctx context.Context, id string) (parties.Party, error)
}

// TargetTx finds what a decision is about, and excludes the decisions that rest
// on it.
type TargetTx interface {
	Agreement(ctx context.Context, id string) (agreements.Agreement, error)
	// Awaiting answers with a transfer as far as the officer needs to know it; it
	// leaves the version of the agreement's document out.
	Awaiting(ctx context.Context, transfer string) (Waiting, error)
	// AwaitingDPO lists the transfers for which the gate asked for the officer:
	// the refused ones on which nothing is decided, and all that are held. Open
	// tells which of them still wait. Oldest first.
	AwaitingDPO(ctx context.Context, p evidence.Page) (evidence.Listed[Waiting], error)
	// LockMission waits for the decisions of the mission, and then excludes them
	// until the transaction ends.
	LockMission(ctx context.Context, id string) error
}
