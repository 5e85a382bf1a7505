// Package consent keeps what the person said: consent given, refused or
// withdrawn, per purpose, in the terms of ISO/IEC TS 27560. The person is known
// here by a keyed hash of the case number only.
package consent

import (
	"slices"
	"time"

	"safeconduct/authz/evidence"
)

// Record kinds of this package.
const (
	KindConsent = "consent"
	KindSubject = "subject"
)

// State is the state of a consent record, mapped to DPV by its comment. Only
// given and renewed permit transfer.
type State string

// The states.
const (
	Requested   State = "requested"   // dpv:ConsentRequested
	Deferred    State = "deferred"    // dpv:ConsentRequestDeferred
	Given       State = "given"       // dpv:ConsentGiven
	Refused     State = "refused"     // dpv:ConsentRefused
	Withdrawn   State = "withdrawn"   // dpv:ConsentWithdrawn
	Revoked     State = "revoked"     // dpv:ConsentRevoked
	Invalidated State = "invalidated" // dpv:ConsentInvalidated
	Expired     State = "expired"     // dpv:ConsentExpired
	Renewed     State = "renewed"     // dpv:RenewedConsentGiven
)

// Form is how consent was expressed (R04-R06).
type Form string

// The forms.
const (
	Written Form = "written"
	Audio   Form = "audio"
	Video   Form = "video"
	Verbal  Form = "verbal"
)

// SchemaVersion is the version of the 27560 record that this package writes.
const SchemaVersion = "27560:2023"

// Subject is a person whose data it is, without a name: the id is opaque, the
// case number lies sealed beside its keyed hash.
type Subject struct {
	ID            string    `json:"id"`
	Version       int       `json:"version"`
	Mission       string    `json:"mission"`
	Reference     string    `json:"reference"` // hex keyed hash of the case number, under the mission's key
	SealedCase    []byte    `json:"sealed_case"`
	Type          string    `json:"subject_type"` // such as beneficiary
	Child         bool      `json:"child"`
	Unaccompanied bool      `json:"unaccompanied"`
	Needs         []string  `json:"specific_needs,omitempty"`
	Actor         string    `json:"actor"`
	Created       time.Time `json:"created"`
	Updated       time.Time `json:"updated"`
}

// Record is one consent record about one subject.
type Record struct {
	ID           string     `json:"id"`
	Version      int        `json:"version"`
	Schema       string     `json:"schema"`
	Mission      string     `json:"mission"`
	Subject      string     `json:"subject"`
	State        State      `json:"state"`
	Notice       string     `json:"notice_version"`
	Language     string     `json:"language"`
	Questions    bool       `json:"could_ask_questions"`
	Understood   bool       `json:"understood"`
	Purposes     []string   `json:"purposes"`
	Recipients   []string   `json:"recipients"` // partner ids
	Categories   []string   `json:"categories"`
	Form         Form       `json:"form"`
	ExpressedBy  string     `json:"expressed_by"` // subject, guardian or authority
	Withdrawal   string     `json:"withdrawal_method"`
	EventTime    time.Time  `json:"event_time"`
	ValidUntil   *time.Time `json:"valid_until,omitempty"` // exclusive
	WithdrawnAt  *time.Time `json:"withdrawn_at,omitempty"`
	WithdrawnWhy string     `json:"withdrawn_reason,omitempty"`
	Child        bool       `json:"child,omitempty"`
	CollectedBy  string     `json:"collected_by"`
	Partner      string     `json:"collected_by_partner,omitempty"` // R10

	Evidence   *Evidence      `json:"evidence,omitempty"`           // R03-R05
	NotWritten NotWritten     `json:"reason_not_written,omitempty"` // R05
	Certified  *Certification `json:"certification,omitempty"`      // R06
	Capacity   *Capacity      `json:"capacity,omitempty"`           // R07
	Guardian   *Guardian      `json:"guardian,omitempty"`           // R08
	Views      *Views         `json:"views,omitempty"`              // R08
	Assent     *Assent        `json:"assent,omitempty"`             // R09

	Actor   string    `json:"actor"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// Ref names the record's version for the log.
func (r Record) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindConsent, ID: r.ID, Version: r.Version}
}

// since is when the record came to its state: the later of the event and a
// withdrawal.
func (r Record) since() time.Time {
	if r.WithdrawnAt != nil && r.WithdrawnAt.After(r.EventTime) {
		return *r.WithdrawnAt
	}
	return r.EventTime
}

// Gap is what a subject's consent lacks for a transfer; the gate turns it into
// a code. The empty gap is none.
type Gap string

// The gaps, which are the codes of gate conditions 21 and 23.
const (
	NoGap        Gap = ""
	Missing      Gap = "CONSENT_MISSING"
	GapExpired   Gap = "CONSENT_EXPIRED"
	GapPurpose   Gap = "CONSENT_PURPOSE"
	GapRecipient Gap = "CONSENT_RECIPIENT"
	GapCategory  Gap = "CONSENT_CATEGORY"
	GapInvalid   Gap = "CONSENT_INVALID"
	GapRefused   Gap = "CONSENT_REFUSED"
	GapWithdrawn Gap = "CONSENT_WITHDRAWN"
)

// Use is what consent is asked for.
type Use struct {
	Purpose    string
	Recipient  string
	Categories []string
	At         time.Time
}

// Judge tells what the subject's records lack for the use. Of the records for
// the purpose, the one that came to its state last decides: a later refusal or
// withdrawal outweighs an earlier consent, whatever its recipient (the stricter
// reading); at the same instant the worse one decides, so that the order of the
// records does not matter. A consent dated after use.At does not count yet
// (R02); a refusal or withdrawal counts whatever its date, since another
// replica's clock may be ahead of this one.
// Consent to share with another recipient says nothing about this one: it takes
// nothing away, and hides no refusal.
func Judge(records []Record, use Use) Gap {
	last, undecided := decisive(records, use)
	if last == nil {
		return undecided
	}
	return last.gap(use)
}

// Basis is the record that a release for the use rests on, whatever it lacks:
// the one that decides, where it gives consent. It is nil otherwise: there is only
// what Judge says then, and the record's own parts are not asked for.
func Basis(records []Record, use Use) *Record {
	last, _ := decisive(records, use)
	if last == nil || !last.permits() {
		return nil
	}
	return last
}

// decisive is the record that decides on the use; without one, what is missing.
func decisive(records []Record, use Use) (*Record, Gap) {
	undecided := Missing
	var last *Record
	for i := range records {
		r := &records[i]
		switch {
		case r.permits() && r.since().After(use.At):
		case !slices.Contains(r.Purposes, use.Purpose):
			if undecided == Missing {
				undecided = GapPurpose
			}
		case r.permits() && !slices.Contains(r.Recipients, use.Recipient):
			undecided = GapRecipient
		case last == nil || r.outweighs(last, use):
			last = r
		}
	}
	return last, undecided
}

func (r Record) outweighs(other *Record, use Use) bool {
	if !r.since().Equal(other.since()) {
		return r.since().After(other.since())
	}
	return r.gap(use).weight() > other.gap(use).weight()
}

// weight orders the gaps by how little there is to be mended.
func (g Gap) weight() int {
	return slices.Index([]Gap{NoGap, GapCategory, GapExpired, Missing, GapInvalid, GapRefused, GapWithdrawn}, g)
}

func (r Record) permits() bool { return r.State == Given || r.State == Renewed }

// gap judges one record that is for the purpose and, where it permits, for the
// recipient.
func (r Record) gap(use Use) Gap {
	switch r.State {
	case Given, Renewed:
	case Refused:
		return GapRefused
	case Withdrawn, Revoked:
		return GapWithdrawn
	case Invalidated:
		return GapInvalid
	case Expired:
		return GapExpired
	default: // requested, deferred, unknown: nothing was given
		return Missing
	}
	switch {
	case r.ValidUntil != nil && !use.At.Before(*r.ValidUntil):
		return GapExpired
	case !r.informed():
		return GapInvalid
	case slices.ContainsFunc(use.Categories, func(c string) bool { return !slices.Contains(r.Categories, c) }):
		return GapCategory
	}
	return NoGap
}

// informed is R01: consent does not count without notice version, language,
// "could ask questions" and "understood".
func (r Record) informed() bool {
	return r.Notice != "" && r.Language != "" && r.Questions && r.Understood
}
