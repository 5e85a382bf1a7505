// Package assessment is the risk-benefit assessment that predates every
// transfer (R40, R47): its questionnaire as versioned template data, its
// scoring, and its life from draft to approval and staleness (domain.md
// sections 3 and 4). What is scored and judged is pure; Desk is the service that
// keeps it, with its templates and with the causes that make it stale.
//
// Numbers, texts, bands and approvals are template data. Answers are
// whole numbers and so is all arithmetic; means are rounded half up.
//
// Who holds which role is not known here: the caller has checked that the
// person it names holds the role it names. What is enforced here is which roles
// a band needs, and separation of duties 2.
package assessment

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"safeconduct/agreements/signing"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
)

// State is where an assessment stands in its life.
type State string

// The states of domain.md section 4.
const (
	Draft      State = "draft"
	Submitted  State = "submitted"
	Returned   State = "returned"
	Approved   State = "approved"
	Rejected   State = "rejected"
	Stale      State = "stale"
	Expired    State = "expired"
	Superseded State = "superseded"
)

// States are all of them.
func States() []State {
	return []State{Draft, Submitted, Returned, Approved, Rejected, Stale, Expired, Superseded}
}

// MostEnded bounds how many assessments of each state but Approved are read for a
// decision, the newest: none of them lets anything pass. Where no approved one
// covers the transfer, they say by which code it is refused.
const MostEnded = 20

// Trigger is why an approved assessment no longer holds (domain.md section 3).
type Trigger string

// The triggers.
const (
	PartnerIncident   Trigger = "partner_incident"
	BroaderAmendment  Trigger = "broader_amendment"
	NewCountry        Trigger = "new_country"
	NewCategory       Trigger = "new_category"
	ConflictAlert     Trigger = "conflict_alert"
	TemplateWithdrawn Trigger = "template_withdrawn"
	// CategoryRaised is that one of its categories became more sensitive.
	CategoryRaised Trigger = "category_raised"
	// Ended is that Legal or the DPO ended this one assessment, and said why.
	Ended Trigger = "ended"
)

// Triggers are all triggers, for schemas and forms.
func Triggers() []Trigger {
	return []Trigger{
		PartnerIncident, BroaderAmendment, NewCountry, NewCategory, ConflictAlert, TemplateWithdrawn, CategoryRaised, Ended,
	}
}

// Decision is what a reviewer decided.
type Decision string

// The decisions.
const (
	DecisionApproved Decision = "approved"
	DecisionReturned Decision = "returned"
	DecisionRejected Decision = "rejected"
)

// Approval is one reviewer's decision on one version of an assessment.
type Approval struct {
	Version  int        `json:"version"` // of the assessment; only those of its current version count
	Person   string     `json:"person"`
	Role     authz.Role `json:"role"`
	At       time.Time  `json:"at"`
	Decision Decision   `json:"decision"`
	Note     string     `json:"note,omitempty"`
}

// Content is what the author writes. Lists are kept sorted and unique.
type Content struct {
	Agreement        string   `json:"agreement"`
	AgreementVersion int      `json:"agreement_version"`
	Purposes         []string `json:"purposes"`
	Categories       []string `json:"categories"`
	Countries        []string `json:"countries"`
	Form             Form     `json:"form,omitempty"` // Long where it is empty
	Answers          Answers  `json:"answers"`
	PeopleConsulted  []string `json:"people_consulted,omitempty"`
}

// Assessment is a risk-benefit assessment. Methods that change it answer a new
// value and leave the old one alone. Times are UTC with microseconds.
type Assessment struct {
	ID      string `json:"id"`
	Version int    `json:"version"` // of the content, from 1; a revision is a new one
	Record  int    `json:"record"`  // of the record, from 1; every change of any kind is a new one
	Mission string `json:"mission"`
	Content
	TemplateVersion int            `json:"template_version"`
	TemplateDigest  signing.Digest `json:"template_digest"`
	Result          Result         `json:"result,omitzero"` // as of the last submission
	// Sensitivity is the highest of its categories as of the last submission, as they were read. Empty for one from before
	// there was such a member; see Judged.
	Sensitivity  terms.Sensitivity `json:"sensitivity,omitempty"`
	Conditions   []Condition       `json:"conditions,omitempty"`
	Author       string            `json:"author"`
	Editors      []string          `json:"editors,omitempty"` // others who revised the content
	Approvals    []Approval        `json:"approvals,omitempty"`
	State        State             `json:"state"`
	SubmittedAt  time.Time         `json:"submitted_at,omitzero"`
	SubmittedBy  string            `json:"submitted_by,omitempty"`
	ApprovedAt   time.Time         `json:"approved_at,omitzero"`
	ValidUntil   time.Time         `json:"valid_until,omitzero"` // exclusive
	StaleReason  Trigger           `json:"stale_reason,omitempty"`
	StaleCause   string            `json:"stale_cause,omitempty"` // id of the Cause
	EndedBy      string            `json:"ended_by,omitempty"`    // where StaleReason is Ended
	WhyEnded     string            `json:"why_ended,omitempty"`
	Derogation   *Derogation       `json:"derogation,omitempty"` // of a refused band
	SupersededBy string            `json:"superseded_by,omitempty"`
	CreatedAt    time.Time         `json:"created_at"`
	UpdatedAt    time.Time         `json:"updated_at"`
}

// New is a draft by author over content, on template t. Answers may be
// incomplete, not wrong. Errors: ErrInvalid, with every problem.
func New(t Template, id, mission, author string, content Content, now time.Time) (Assessment, error) {
	a := Assessment{
		ID: id, Version: 1, Mission: mission, Content: content.normal(), Author: author, State: Draft,
		TemplateVersion: t.Version, TemplateDigest: t.Digest(), CreatedAt: instant(now), UpdatedAt: instant(now),
	}
	problems := a.problems(t)
	for field, value := range map[string]string{"id": id, "mission": mission, "author": author} {
		if value == "" {
			problems = append(problems, Problem{Field: field, Problem: "is missing"})
		}
	}
	if err := invalid(problems); err != nil {
		return Assessment{}, err
	}
	return a, nil
}

func (c Content) problems(t Template) []Problem {
	problems := t.check(c.Form, c.Answers)
	if c.Agreement == "" {
		problems = append(problems, Problem{Field: "agreement", Problem: "is missing"})
	}
	if c.AgreementVersion < 1 {
		problems = append(problems, Problem{Field: "agreement_version", Problem: "is missing"})
	}
	for field, list := range map[string][]string{
		"purposes": c.Purposes, "categories": c.Categories, "countries": c.Countries,
	} {
		if len(list) == 0 || slices.Contains(list, "") {
			problems = append(problems, Problem{Field: field, Problem: "names nothing, or an empty code"})
		}
	}
	return append(problems, c.bounds()...)
}

// bounds keep a record readable.
func (c Content) bounds() []Problem {
	var problems []Problem
	for field, list := range map[string][]string{
		"purposes": c.Purposes, "categories": c.Categories, "countries": c.Countries, "people_consulted": c.PeopleConsulted,
	} {
		if len(list) > 500 || slices.ContainsFunc(list, func(s string) bool { return len(s) > 200 || !utf8.ValidString(s) }) {
			problems = append(problems, Problem{Field: field, Problem: "has more than 500 members, or one longer than 200 bytes"})
		}
	}
	if slices.ContainsFunc(c.Countries, func(code string) bool { return len(code) > 2 || strings.ContainsAny(code, " %_") }) {
		problems = append(problems, Problem{Field: "countries", Problem: "are ISO 3166-1 alpha-2 codes"})
	}
	return problems
}

func (c Content) normal() Content {
	c.Purposes, c.Categories, c.Countries = sorted(c.Purposes), sorted(c.Categories), sorted(c.Countries)
	c.PeopleConsulted = slices.Clone(c.PeopleConsulted)
	c.Answers = c.Answers.clone()
	return c
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
