// Package rulebook is the policy data: the thresholds, periods, lists and contacts that the specification leaves to the
// organisation. They are data, never constants: Legal writes a new edition, the DPO approves it, it is effective from a
// moment, and each decision cites the edition that it was taken under (R37; domain.md section 5, "Templates, thresholds").
package rulebook

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
)

// KindRulebook is the record kind of the rulebook, of which a system has one.
const KindRulebook = "rulebook"

// ID is the id of the rulebook.
const ID = "00000000-0000-7000-8000-000000000001"

// Rules are the policy data of one edition. Countries are ISO 3166-1 alpha-2 codes.
type Rules struct {
	Transfer     Transfer          `json:"transfer"`
	SecondPerson SecondPerson      `json:"second_person"`
	Assurances   []authz.Assurance `json:"assurances" doc:"under which a person may send and pull (R50)"`
	Training     Training          `json:"training"`
	Undertaking  Undertaking       `json:"undertaking"`
	Vetting      Vetting           `json:"vetting"`
	// Classes are the recipient classes that may receive, each with the kinds of partner that are of it (R21).
	Classes      map[string][]string `json:"recipient_classes" doc:"the recipient classes that may receive, each with the kinds of partner that are of it (R21)"`
	Jurisdiction Jurisdiction        `json:"jurisdiction"`
	Nature       Nature              `json:"nature"`
	MinimumCell  MinimumCell         `json:"minimum_cell"`
	Agreement    Agreement           `json:"agreement"`
	Approval     Approval            `json:"approval"`
	Contacts     Contacts            `json:"contacts"`
	Token        Token               `json:"token,omitzero" required:"true"`
	Lives        Lives               `json:"lives,omitzero" required:"true"`
	Partner      Partner             `json:"partner,omitzero" required:"true"`
	// Principles are mandatory. Only an edition from before there was such a member has none, which then is not written, so
	// that its digest stays.
	Principles Principles `json:"principles,omitzero" required:"true" doc:"the data protection principles in force; every decision cites their version (R37)"`
}

// Principles are the organisation's data protection principles, in the version that decisions are taken under (R37).
type Principles struct {
	Name    string `json:"name" minLength:"1" maxLength:"200" doc:"their title"`
	Version string `json:"version" pattern:"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$" doc:"as decisions cite it: the number of the instrument, with its revision"`
	Date    string `json:"date" format:"date" doc:"from when that version is in force, such as 2009-05-01"`
}

// Transfer bounds what happens to a transfer.
type Transfer struct {
	WindowHours  int `json:"window_hours" doc:"how long a released file may be pulled; while it is held the window stands still"`
	PullLimit    int `json:"pull_limit" doc:"pull sessions for each file"`
	SessionHours int `json:"session_hours" doc:"how long a pull session may be resumed"`
	HeldDays     int `json:"held_days" doc:"after so long held, the data key is destroyed"`
	LeaseMinutes int `json:"lease_minutes" doc:"an open upload untouched for longer is swept"`
	RecallDays   int `json:"recall_days,omitempty" required:"true" doc:"how long a partner has to destroy what it pulled of a transfer that is recalled, where its retention does not end sooner (R27)"`
	// MatchedTypes are the media types whose content can be matched to a manifest. Every other one is opaque.
	MatchedTypes []string `json:"matched_types,omitempty" doc:"media types whose content can be matched to what is declared; of files of all others the sender attests the content and the approver the necessity"`
}

// SecondPerson says which transfers wait for an approver (gate condition 28).
type SecondPerson struct {
	Bands         []string `json:"bands" doc:"bands of the assessment"`
	Sensitivities []string `json:"sensitivities" doc:"sensitivities of a declared category"`
	Categories    []string `json:"categories,omitempty" doc:"categories, by code"`
}

// Training says which course completions unlock roles (R44).
type Training struct {
	Courses  []string `json:"courses" doc:"codes of the courses that count"`
	LifeDays int      `json:"life_days" doc:"longest life of a completion"`
}

// Undertaking is the confidentiality undertaking in force (R23).
type Undertaking struct {
	Version  string `json:"version" doc:"version of the text; roles stay locked until it is signed"`
	LifeDays int    `json:"life_days"`
}

// Vetting bounds the due diligence on partners (gate condition 5).
type Vetting struct {
	LifeDays int `json:"life_days" doc:"after so long, a partner is vetted again"`
}

// Jurisdiction is where data may go (gate condition 14).
type Jurisdiction struct {
	Restricted []string `json:"restricted" doc:"countries to which nothing goes"`
	// Mechanism lists the data origins for which an agreement must name a transfer mechanism (R39).
	Mechanism []string `json:"mechanism_needed" doc:"countries of origin for which an agreement must name a transfer mechanism (R39)"`
}

// Nature says what looks personal (gate condition 4).
type Nature struct {
	PersonalFields []string `json:"personal_fields" doc:"names of fields that data about nobody in particular do not have, in small letters with underscores; * stands for any letters"`
}

// MinimumCell is the least number of people in a published cell (gate condition 4a).
type MinimumCell struct {
	Usual     int      `json:"usual"`
	Conflict  int      `json:"conflict"`
	Conflicts []string `json:"conflict_countries" doc:"countries in conflict"`
}

// Agreement bounds the life of agreements.
type Agreement struct {
	SuspensionHours int   `json:"suspension_hours" doc:"how long headquarters has to decide on a suspension by a mission"`
	ExpiryNotices   []int `json:"expiry_notice_days" doc:"days before its end from which an agreement waits in the queues of its focal point and of Legal to be renewed; each is told as it passes"`
}

// Approval bounds approvals (gate conditions 19 and 28, R36).
type Approval struct {
	DPODays      int      `json:"dpo_days" doc:"longest life of an approval by the DPO"`
	StandingDays int      `json:"standing_days" doc:"longest life of a standing approval of a pathway"`
	SinglyBands  []string `json:"legal_singly_bands" doc:"bands whose transfers Legal sees one by one (R36)"`
	// Of editions from before there were such members both are zero, and mean what Standing says.
	StandingTransfers     int `json:"standing_transfers,omitempty" required:"true" minimum:"1" maximum:"10000" doc:"how many transfers a standing approval covers where it does not say"`
	StandingTransfersMost int `json:"standing_transfers_most,omitempty" required:"true" minimum:"1" maximum:"10000" doc:"how many it may cover; more of them is a feed, which an agreement and its assessment are for"`
}

// Contacts are whom a refusal names, after the mission's own focal point (R56).
type Contacts struct {
	Legal  string `json:"legal"`
	DPO    string `json:"dpo"`
	Course string `json:"course" doc:"where the data-protection course is taken"`
}

// Edition is one set of rules with its place in time. It never changes; another edition follows it.
type Edition struct {
	Number        int       `json:"number"`
	Rules         Rules     `json:"rules"`
	EffectiveFrom time.Time `json:"effective_from"`
	Reason        string    `json:"reason"`
	Author        string    `json:"author"`
	Approver      string    `json:"approver,omitempty"`
	Digest        string    `json:"digest"` // of the rules
}

// cited begins the citation of an edition.
const cited = "rules:"

// Cite is how a decision names the edition that it was taken under, with the version of the principles (R37).
func (e Edition) Cite() string {
	cite := fmt.Sprintf("%s%d:%s", cited, e.Number, e.Digest)
	if v := e.Rules.Principles.Version; v != "" {
		cite += " principles:" + v
	}
	return cite
}

// Cites reports whether the policy version of an entry names an edition.
func Cites(policy string) bool { return strings.Contains(" "+policy, " "+cited) }

func digest(r Rules) (string, error) {
	b, err := evidence.Canonical(r)
	if err != nil {
		return "", err
	}
	return evidence.DigestOf(b)[:16], nil
}

// Book is the record: the edition that was the last to come into force when it was written, those that are approved and
// will, in order of their moment, and the draft that waits for the DPO. Earlier editions lie in its earlier versions.
type Book struct {
	ID       string    `json:"id"`
	Version  int       `json:"version"`
	Current  Edition   `json:"current"`
	Approved []Edition `json:"approved,omitempty"`
	Draft    *Edition  `json:"draft,omitempty"`
	Actor    string    `json:"actor"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
}

// At is the edition in force at t.
func (b Book) At(t time.Time) Edition {
	in := b.Current
	for _, e := range b.Approved {
		if !t.Before(e.EffectiveFrom) {
			in = e
		}
	}
	return in
}

// Ref names the version of the book that was read.
func (b Book) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindRulebook, ID: b.ID, Version: b.Version}
}

// settled is the book at t: what has come into force is current.
func (b Book) settled(t time.Time) Book {
	b.Current = b.At(t)
	b.Approved = slices.DeleteFunc(slices.Clone(b.Approved), func(e Edition) bool { return !t.Before(e.EffectiveFrom) })
	return b
}

// Reader is how others read the rulebook in their transactions. Before the first edition is recorded it answers with the
// edition that ships with the program, version 0. What decides cites the edition in force, whether its transaction read it or
// not (R37): the store adds the citation.
type Reader interface {
	Rulebook(ctx context.Context) (Book, error)
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	Reader
	SaveRulebook(ctx context.Context, b Book) error
	// LockRules waits for the decisions that rest on the rules, and then excludes
	// them until the transaction ends: before what is in force changes.
	LockRules(ctx context.Context) error
}
