package agreements

import (
	"fmt"
	"slices"
	"strings"

	"safeconduct/agreements/signing"
	"safeconduct/agreements/templates"
	"safeconduct/authz/people"
)

// NonWaiver is the clause on privileges and immunities. It is never missing and
// never another text than the template's (R33).
const NonWaiver = "C20"

// Deviation is Legal's approval of one clause that is not the template's, as it
// stands in one document.
type Deviation struct {
	Code   string         `json:"code"`
	Digest signing.Digest `json:"digest"` // of the document: another text needs another approval
	Act
}

// fill makes the document one of the template: every clause is the template's
// unless it deviates, and the safeguards are the template's and what was added.
func (doc Document) fill(t templates.Template) (Document, error) {
	digest, err := t.Digest()
	if err != nil {
		return doc, fmt.Errorf("taking the digest of a template: %w", err)
	}
	given := map[string]Clause{}
	for _, c := range doc.Clauses {
		if _, twice := given[c.Code]; twice || !slices.Contains(MandatoryClauses(), c.Code) {
			return doc, fmt.Errorf("%w: clause %q is unknown or stands twice; codes are C01 to C25", people.ErrInvalid, c.Code)
		}
		given[c.Code] = c
	}
	doc.Template = &TemplateRef{Name: t.Name, Version: t.Number, Digest: digest}
	doc.Clauses = make([]Clause, 0, len(t.Content.Clauses))
	for _, of := range t.Content.Clauses {
		c := given[of.Code]
		if c.Text != "" && c.Text != of.Version {
			return doc, fmt.Errorf("%w: the text of clause %s is at version %s in the template; give another text as a deviation", people.ErrInvalid, of.Code, of.Version)
		}
		if c.Deviation = strings.TrimSpace(c.Deviation); c.Deviation != "" && of.Code == NonWaiver {
			return doc, fmt.Errorf("%w: clause C20 stands as the template has it: privileges and immunities are not waived (R33)", people.ErrInvalid)
		}
		c.Code, c.Text = of.Code, of.Version
		if c.Deviation != "" && len(c.Parameters) > 0 {
			return doc, fmt.Errorf("%w: clause %s has a text of its own, and thus no parameters", people.ErrInvalid, of.Code)
		} else if c.Deviation == "" {
			if c.Parameters, err = of.Choose(c.Parameters); err != nil {
				return doc, err
			}
		}
		doc.Clauses = append(doc.Clauses, c)
	}
	s := t.Content.Safeguards[doc.Language]
	if more := doc.Safeguards; more != nil {
		s.Institutional = union(s.Institutional, more.Institutional)
		s.Technical = union(s.Technical, more.Technical)
		s.Physical = union(s.Physical, more.Physical)
	}
	doc.Safeguards = &s
	return doc, nil
}

func union(all, more []string) []string {
	all = slices.Clone(all)
	for _, text := range more {
		if text = strings.TrimSpace(text); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// deviating lists the clauses that are not a template's, in order.
func (doc Document) deviating() []string {
	var codes []string
	for _, c := range doc.Clauses {
		if c.Deviation != "" || doc.Template == nil {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

// UnapprovedDeviations lists the clauses of the document in force that deviate
// and that Legal has not approved as they stand there, in order (condition 12).
func (a Agreement) UnapprovedDeviations() []string {
	return slices.DeleteFunc(a.Document.deviating(), func(code string) bool {
		return slices.ContainsFunc(a.Deviations, func(d Deviation) bool { return d.Code == code && d.Digest == a.Digest })
	})
}

// ApproveDeviation is Legal's approval of one clause that deviates, while the
// agreement is under review. Guard: by somebody who did not write it.
func (a Agreement) ApproveDeviation(code string, act Act) (Agreement, error) {
	if err := a.in(act.Event, Review); err != nil {
		return a, err
	}
	switch {
	case a.wrote(act.Person):
		return a, a.illegal(act.Event, "who wrote it does not approve it", "ask another person of Legal")
	case strings.TrimSpace(act.Reason) == "":
		return a, a.illegal(act.Event, "a reason", "say why it may deviate")
	case !slices.Contains(a.UnapprovedDeviations(), code):
		return a, a.illegal(act.Event, "the clause deviates and is not approved yet", "read the clauses of the document")
	}
	a.Deviations = append(slices.Clip(a.Deviations), Deviation{Code: code, Digest: a.Digest, Act: act})
	return a.next(Review, act), nil
}
