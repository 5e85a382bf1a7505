package agreements

import (
	"fmt"
	"slices"
	"time"

	"safeconduct/agreements/assessment"
	"safeconduct/agreements/signing"
)

// Amendment is the next version of an agreement's document on its way. It goes
// through the same states as an agreement does, from draft to signed, beside
// the document in force, which rules until the amendment is activated
// (domain.md section 4). What is done to it stands in the agreement's history.
// The amendment of an agreement that has expired is its renewal: once active, it
// brings the agreement back into force, and what was held meanwhile passes the
// gate again (gate.md).
type Amendment struct {
	State      State          `json:"state"`
	Document   Document       `json:"document"`
	Digest     signing.Digest `json:"digest"`
	Drafter    string         `json:"drafter"`
	Editors    []string       `json:"editors,omitempty"`
	Deviations []Deviation    `json:"deviations,omitempty"`
	Signatures []Signature    `json:"signatures,omitempty"`
}

// Former is a document that ruled until another took its place.
type Former struct {
	Document   Document       `json:"document"`
	Digest     signing.Digest `json:"digest"`
	Deviations []Deviation    `json:"deviations,omitempty"`
	Signatures []Signature    `json:"signatures"`
	Until      time.Time      `json:"until"` // exclusive
}

// proposed is the amendment as the machine sees it: an agreement of its own.
func (a Agreement) proposed() Agreement {
	m := a.Amendment
	return Agreement{
		ID: a.ID, Version: a.Version, State: m.State, Document: m.Document, Digest: m.Digest, Drafter: m.Drafter, Editors: m.Editors,
		Deviations: m.Deviations, Signatures: m.Signatures, History: a.History, Documents: a.Documents,
	}
}

// UnderWay is the document that is drafted, reviewed and signed now, as an
// agreement of its own: the amendment's where there is one.
func (a Agreement) UnderWay() Agreement {
	if a.Amendment != nil {
		return a.proposed()
	}
	return a
}

// onDocument runs an event on the document under way. An amendment that was
// rejected is over; the history tells of it.
func (a Agreement) onDocument(act Act, step func(Agreement, Act) (Agreement, error)) (Agreement, error) {
	if a.Amendment == nil {
		return step(a, act)
	}
	if err := a.in(act.Event, Active, Suspended, Expired); err != nil {
		return a, err
	}
	if err := a.renewable(act); err != nil {
		return a, err
	}
	act.Document = a.Amendment.Document.Version
	p, err := step(a.proposed(), act)
	if err != nil {
		return a, err
	}
	a.Version, a.Actor, a.Updated, a.History, a.Documents = p.Version, p.Actor, p.Updated, p.History, p.Documents
	if p.State == Rejected {
		a.Amendment = nil
		return a, nil
	}
	a.Amendment = &Amendment{
		State: p.State, Document: p.Document, Digest: p.Digest, Drafter: p.Drafter, Editors: p.Editors, Deviations: p.Deviations, Signatures: p.Signatures,
	}
	return a, nil
}

// renewable is the guard of each step of a renewal. Whoever suspended is not
// outwaited: what was suspended when its term ended would come back without the
// two who lift.
func (a Agreement) renewable(act Act) error {
	if a.State == Expired && a.Suspension != nil {
		return a.illegal(act.Event, "it was not suspended when its term ended", "draft a new agreement")
	}
	return nil
}

// Amend: active -> active, with an amendment in draft beside it; and
// expired -> expired, with its renewal in draft, whose term lies ahead.
func (a Agreement) Amend(doc Document, digest signing.Digest, act Act) (Agreement, error) {
	if err := a.in(act.Event, Active, Expired); err != nil {
		return a, err
	}
	if err := a.renewable(act); err != nil {
		return a, err
	}
	if a.Amendment != nil {
		return a, a.illegal(act.Event, "no other amendment is on its way", "revise that one, or withdraw it first")
	}
	if a.State == Expired && !act.At.Before(doc.ValidUntil) {
		return a, a.illegal(act.Event, "the term of a renewal is not over", "give it a later valid_until")
	}
	act.Document = doc.Version
	a.Amendment = &Amendment{State: Draft, Document: doc, Digest: digest, Drafter: act.Person}
	a.Documents = doc.Version
	return a.next(a.State, act), nil
}

// WithdrawAmendment gives an amendment up before it is active.
func (a Agreement) WithdrawAmendment(act Act) (Agreement, error) {
	if err := a.in(act.Event, Active, Suspended, Expired); err != nil {
		return a, err
	}
	if a.Amendment == nil {
		return a, a.illegal(act.Event, "an amendment is on its way", "nothing: there is none")
	}
	act.Document = a.Amendment.Document.Version
	a.Amendment = nil
	return a.next(a.State, act), nil
}

// activateAmendment puts the amendment in force: its document takes the place
// of the one that ruled, which is kept with its signatures. The guards are
// those of an agreement's activation. One whose term is over, swept or not, is
// renewed by it: expired -> active.
func (a Agreement) activateAmendment(posts Posts, assessed bool, act Act) (Agreement, error) {
	if err := a.in(act.Event, Active, Expired); err != nil {
		return a, err
	}
	if err := a.renewable(act); err != nil {
		return a, err
	}
	act.Document = a.Amendment.Document.Version
	p, err := a.proposed().Activate(posts, assessed, act)
	if err != nil {
		return a, err
	}
	until := act.At
	if a.Document.ValidUntil.Before(until) {
		until = a.Document.ValidUntil
		a.Endings = nil // what one of two asked for in the former term is asked for again, or not at all
	}
	a.Former = append(slices.Clip(a.Former), Former{Document: a.Document, Digest: a.Digest, Deviations: a.Deviations, Signatures: a.Signatures, Until: until})
	a.Document, a.Digest, a.Drafter, a.Editors, a.Deviations, a.Signatures = p.Document, p.Digest, p.Drafter, p.Editors, p.Deviations, p.Signatures
	a.Amendment = nil
	return a.next(Active, act), nil
}

// Broader names in what the second scope goes beyond the first, such as
// "categories:health" or "max_subjects_per_year", in a fixed order; nothing
// where it stays within. What is broader needs a new assessment.
func Broader(from, to Scope) []string {
	var more []string
	for _, l := range []struct {
		name     string
		from, to []string
	}{
		{"missions", from.Missions, to.Missions},
		{"programmes", from.Programmes, to.Programmes},
		{"purposes", from.Purposes, to.Purposes},
		{"subject_types", from.SubjectTypes, to.SubjectTypes},
		{"categories", from.Categories, to.Categories},
		{"fields", from.Fields, to.Fields},
		{"recipient_countries", from.RecipientCountries, to.RecipientCountries},
		{"storage_countries", from.StorageCountries, to.StorageCountries},
		{"onward_recipients", from.OnwardRecipients, to.OnwardRecipients},
	} {
		for _, v := range l.to {
			if !slices.Contains(l.from, v) {
				more = append(more, l.name+":"+v)
			}
		}
	}
	if from.OnwardRule != to.OnwardRule && to.OnwardRule != "none" {
		more = append(more, "onward_rule")
	}
	if to.MaxSubjectsPerTransfer > from.MaxSubjectsPerTransfer {
		more = append(more, "max_subjects_per_transfer")
	}
	if to.MaxSubjectsPerYear > from.MaxSubjectsPerYear {
		more = append(more, "max_subjects_per_year")
	}
	for _, c := range to.Categories {
		if to.RetentionDays[c] > from.RetentionDays[c] {
			more = append(more, "retention_days:"+c)
		}
	}
	return more
}

// settle says what the activation of the amendment to a does to an assessment
// of it: one of the scope as it was goes stale where the new one is broader, and
// by the trigger and the cause, and holds for the new version where it is not,
// and the cause is empty. changed is false where it stays.
func (a Agreement) settle(x assessment.Assessment, by assessment.Trigger, cause string, now time.Time) (_ assessment.Assessment, changed bool, err error) {
	next := a.Amendment.Document
	if x.State != assessment.Approved || x.AgreementVersion != a.Document.Version {
		return x, false, nil
	}
	if cause != "" {
		x, err = x.MarkStale(by, cause, now)
	} else {
		x, err = x.HoldFor(next.Version, now)
	}
	if err != nil {
		return x, false, fmt.Errorf("settling an assessment of an amended agreement: %w", err)
	}
	x.Record++
	return x, true, nil
}

// trigger is the gravest of what made the scope broader.
func trigger(broader []string) assessment.Trigger {
	has := func(prefixes ...string) bool {
		return slices.ContainsFunc(broader, func(b string) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return len(b) > len(p) && b[:len(p)] == p })
		})
	}
	switch {
	case has("recipient_countries:", "storage_countries:"):
		return assessment.NewCountry
	case has("categories:"):
		return assessment.NewCategory
	default:
		return assessment.BroaderAmendment
	}
}
