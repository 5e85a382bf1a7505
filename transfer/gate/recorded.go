package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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

// Recorded is what is kept of facts so that the decision on them can be told again: what was counted and found, and of each
// record that was read its id and version. It holds the body of no record. It is stored once, under its digest, which the
// entry of the decision carries.
type Recorded struct {
	Facts Facts `json:"facts"` // without records
	// People is the digest of the RecordedPeople, which decisions on the same transfer share; empty where there are none.
	People     string         `json:"people,omitempty"`
	Partner    evidence.Ref   `json:"partner,omitzero"`
	Agreement  evidence.Ref   `json:"agreement,omitzero"`
	Assessment evidence.Ref   `json:"assessment,omitzero"`
	Clearance  evidence.Ref   `json:"clearance,omitzero"`
	Retention  []evidence.Ref `json:"retention,omitempty"`
	Categories []evidence.Ref `json:"categories,omitempty"`
	Notices    []evidence.Ref `json:"notices,omitempty"`
	// DPOApprovals and Disclosures are all that were about the transfer, whether they covered it or not.
	DPOApprovals []evidence.Ref `json:"dpo_approvals,omitempty"`
	Disclosures  []evidence.Ref `json:"disclosures,omitempty"`
	// Conditions is the digest of the gate's table (TableDigest), by which a later program knows that it judges by another.
	Conditions string `json:"conditions"`
}

// RecordedPeople are the subjects of Recorded, in row order.
type RecordedPeople []RecordedSubject

// RecordedSubject is one of them.
type RecordedSubject struct {
	Row           int            `json:"row"`
	ID            string         `json:"id,omitempty"`
	Type          string         `json:"type,omitempty"`
	Child         bool           `json:"child,omitempty"`
	Needs         bool           `json:"specific_needs,omitempty"`
	Unaccompanied bool           `json:"unaccompanied,omitempty"`
	Consents      []evidence.Ref `json:"consents,omitempty"`
}

// Record takes facts apart. The digest of the people is the caller's to put in.
func (f Facts) Record() (Recorded, RecordedPeople) {
	r := Recorded{Conditions: TableDigest()}
	if f.Partner != nil {
		r.Partner = partyRef(f.Partner)
	}
	if f.Agreement != nil {
		r.Agreement = agreementRef(f.Agreement)
	}
	if f.Assessment != nil {
		r.Assessment = assessmentRef(f.Assessment)
	}
	if f.Clearance != nil {
		r.Clearance = f.Clearance.Ref()
	}
	r.Retention = refsOf(f.Retention, terms.RetentionRule.Ref)
	r.Categories = refsOf(f.Categories, terms.Category.Ref)
	r.Notices = refsOf(f.Notices, func(v terms.Notice) evidence.Ref {
		return evidence.Ref{Kind: terms.KindNotice, ID: v.ID, Version: v.Version}
	})
	r.DPOApprovals = refsOf(f.DPOApprovals, approvals.DPOApproval.Ref)
	r.Disclosures = refsOf(f.Disclosures, anonymous.DisclosureAssessment.Ref)
	var people RecordedPeople
	for _, s := range f.Subjects {
		one := RecordedSubject{Row: s.Row, ID: s.ID, Type: s.Type, Child: s.Child, Needs: s.Needs, Unaccompanied: s.Unaccompanied}
		for _, c := range s.Consents {
			one.Consents = append(one.Consents, c.Ref())
		}
		people = append(people, one)
	}
	f.Partner, f.Agreement, f.Assessment, f.Clearance, f.Retention, f.Subjects = nil, nil, nil, nil, nil, nil
	f.Categories, f.Notices, f.DPOApprovals, f.Disclosures = nil, nil, nil, nil
	if f.Rulebook.Version > 0 { // the edition that ships is in no record
		f.Rules = rulebook.Rules{}
	}
	r.Facts = f
	return r, people
}

func refsOf[T any](all []T, ref func(T) evidence.Ref) (refs []evidence.Ref) {
	for _, v := range all {
		refs = append(refs, ref(v))
	}
	return refs
}

// Refs are the records that the facts rested on, each once.
func (r Recorded) Refs(people RecordedPeople) []evidence.Ref {
	var refs []evidence.Ref
	seen := map[evidence.Ref]bool{}
	add := func(all ...evidence.Ref) {
		for _, ref := range all {
			if ref.Version > 0 && !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
	}
	add(r.Facts.Rulebook, r.Partner, r.Agreement, r.Assessment, r.Facts.StaleBy, r.Clearance)
	for _, refs := range [][]evidence.Ref{r.Retention, r.Categories, r.Notices, r.DPOApprovals, r.Disclosures} {
		add(refs...)
	}
	add(r.Facts.Read...)
	add(r.Facts.PassedOver.refs()...)
	add(r.Facts.Candidates...)
	add(r.Facts.Overdue, r.Facts.Incident)
	add(r.Facts.OverdueHere...)
	for _, h := range r.Facts.Holds {
		add(h.Ref)
	}
	for _, d := range r.Facts.Downloaders {
		add(d.Grant, d.Token)
	}
	for _, s := range people {
		add(s.Consents...)
	}
	return refs
}

// Restore puts facts together again from the bodies of the records, as they were stored. A record that body does not know
// fails it.
func (r Recorded) Restore(people RecordedPeople, body func(evidence.Ref) ([]byte, bool)) (Facts, error) {
	f := r.Facts
	if err := r.restoreOne(&f, body); err != nil {
		return Facts{}, err
	}
	if err := errors.Join(
		restoredAll(r.Retention, body, &f.Retention),
		restoredAll(r.Categories, body, &f.Categories),
		restoredAll(r.Notices, body, &f.Notices),
		restoredAll(r.DPOApprovals, body, &f.DPOApprovals),
		restoredAll(r.Disclosures, body, &f.Disclosures),
	); err != nil {
		return Facts{}, err
	}
	// The values that the record had at the moment of the decision.
	f.Retention, f.Categories = terms.At(f.Retention, f.Now), terms.At(f.Categories, f.Now)
	for _, p := range people {
		s := Subject{Row: p.Row, ID: p.ID, Type: p.Type, Child: p.Child, Needs: p.Needs, Unaccompanied: p.Unaccompanied, Consents: make([]consent.Record, len(p.Consents))}
		for i, ref := range p.Consents {
			if err := restored(ref, body, &s.Consents[i]); err != nil {
				return Facts{}, err
			}
		}
		f.Subjects = append(f.Subjects, s)
	}
	return f, nil
}

func (r Recorded) restoreOne(f *Facts, body func(evidence.Ref) ([]byte, bool)) error {
	if r.Facts.Rulebook.Version > 0 {
		var b rulebook.Book
		if err := restored(r.Facts.Rulebook, body, &b); err != nil {
			return err
		}
		f.Rules = b.At(f.Now).Rules
	}
	if r.Partner.Version > 0 {
		f.Partner = &parties.Party{}
		if err := restored(r.Partner, body, f.Partner); err != nil {
			return err
		}
	}
	if r.Agreement.Version > 0 {
		f.Agreement = &agreements.Agreement{}
		if err := restored(r.Agreement, body, f.Agreement); err != nil {
			return err
		}
	}
	if r.Clearance.Version > 0 {
		f.Clearance = &clearance.Clearance{}
		if err := restored(r.Clearance, body, f.Clearance); err != nil {
			return err
		}
	}
	if r.Assessment.Version == 0 {
		return nil
	}
	f.Assessment = &assessment.Assessment{}
	if err := restored(r.Assessment, body, f.Assessment); err != nil || r.Facts.StaleBy.Version == 0 {
		return err
	}
	// What was not marked in the record yet.
	var cause assessment.Cause
	if err := restored(r.Facts.StaleBy, body, &cause); err != nil {
		return err
	}
	x := f.Assessment.Because(cause)
	f.Assessment = &x
	return nil
}

func restoredAll[T any](refs []evidence.Ref, body func(evidence.Ref) ([]byte, bool), to *[]T) error {
	if len(refs) == 0 {
		return nil
	}
	*to = make([]T, len(refs))
	for i, ref := range refs {
		if err := restored(ref, body, &(*to)[i]); err != nil {
			return err
		}
	}
	return nil
}

func restored(ref evidence.Ref, body func(evidence.Ref) ([]byte, bool), v any) error {
	b, ok := body(ref)
	if !ok {
		return fmt.Errorf("%w: %s %s, version %d", evidence.ErrNotFound, ref.Kind, ref.ID, ref.Version)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("reading %s %s, version %d: %w", ref.Kind, ref.ID, ref.Version, err)
	}
	return nil
}

// tableRevision is raised with every change inside a condition that answers otherwise on the same facts.
const tableRevision = 2

// TableDigest identifies the gate's table: its revision, its conditions with their phases, codes and overrides, in order, and
// which of them are about people. Who replays an older decision is told by it that the gate is another since.
func TableDigest() string {
	table := []string{fmt.Sprintf("revision %d", tableRevision)}
	for _, c := range conditions() {
		line := fmt.Sprintf("%s %d", c.number, c.phases)
		if c.people {
			line += " people"
		}
		for _, r := range c.codes {
			line += fmt.Sprintf(" %s/%s", r.code, r.override)
		}
		table = append(table, line)
	}
	b, err := evidence.Canonical(table)
	if err != nil {
		return "" // strings always encode
	}
	return evidence.DigestOf(b)[:16]
}

// Same reports whether two decisions say the same: the same codes, in the same order.
func (d Decision) Same(codes []string) bool { return slices.Equal(d.Codes(), codes) }
