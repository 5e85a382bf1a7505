// Package templates keeps the agreement templates: the clauses C01 to C25 of domain.md section 2 with their texts in
// English, French and Spanish, their parameters, the safeguards of Annex II and the texts of Annexes III and IV. They are versioned data, not code (R37):
// one ships with the program, others are written by Legal and approved by the DPO, and each is effective from a moment.
package templates

import (
	"context"
	"fmt"
	"time"

	"safeconduct/agreements/signing"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// KindTemplate is the record kind of agreement templates.
const KindTemplate = "agreement_template"

// Standard is the name of the template that is used where a draft names none.
const Standard = "standard"

// Languages are those in which agreements are made, as ISO 639-1 codes.
func Languages() []string { return []string{"en", "fr", "es"} }

// Codes are the clauses that every template has, in order.
func Codes() []string {
	codes := make([]string, 0, lastClause)
	for n := 1; n <= lastClause; n++ {
		codes = append(codes, fmt.Sprintf("C%02d", n))
	}
	return codes
}

const lastClause = 25

// Text is a text in each language.
type Text map[string]string

// Clause is one clause of a template.
type Clause struct {
	Code string `json:"code" yaml:"code"`
	// Version of the text; it changes when the text does.
	Version    string      `json:"text_version" yaml:"text_version"`
	Title      Text        `json:"title" yaml:"title"`
	Text       Text        `json:"text" yaml:"text"`
	Parameters []Parameter `json:"parameters,omitempty" yaml:"parameters"`
}

// Parameter is what a draft may choose in the text of a clause, where {name} stands: a whole number within bounds, or one of
// a set of words. What is neither is a deviation.
type Parameter struct {
	Name string `json:"name" yaml:"name"`
	// Bounds are those of a whole number; nil of a parameter with words.
	*Bounds `yaml:",inline"`
	// Words are those to choose from, the default first; none of a whole number.
	Words []Word `json:"words,omitempty" yaml:"words" nullable:"false" maxItems:"20" doc:"to choose from, the default first; in place of bounds"`
}

// Bounds are those of a whole number, both included, with its default.
type Bounds struct {
	Default int `json:"default" yaml:"default" required:"false" doc:"of a whole number" example:"24"`
	Min     int `json:"min" yaml:"min" required:"false" doc:"of a whole number" example:"1"`
	Max     int `json:"max" yaml:"max" required:"false" doc:"of a whole number" example:"72"`
}

// Word is one choice of a parameter, with the sentences that then stand in the clause.
type Word struct {
	Word string `json:"word" yaml:"word" doc:"as a draft names it" example:"organisation"`
	Text Text   `json:"text" yaml:"text" doc:"what stands in the clause, in en, fr and es"`
}

// Safeguards are those of Annex II, in their three kinds (R54).
type Safeguards struct {
	Institutional []string `json:"institutional" yaml:"institutional"`
	Technical     []string `json:"technical" yaml:"technical"`
	Physical      []string `json:"physical" yaml:"physical"`
}

// AnnexCodes are the annexes of which a template has the text, in order. Annex I is the scope of each agreement, and Annex II
// are the safeguards; clauses C08 and C16 speak of these.
func AnnexCodes() []string { return []string{"III", "IV"} }

// Annex is a further annex of a template. It has no parameters, and is never deviated from.
type Annex struct {
	Code  string `json:"code" yaml:"code" enum:"III,IV" doc:"III: named users (C08); IV: the form of destruction certificates (C16)" example:"III"`
	Title Text   `json:"title" yaml:"title" doc:"in en, fr and es"`
	Text  Text   `json:"text" yaml:"text" doc:"in en, fr and es, without braces"`
}

// Content is what a template says. Its digest stands in each document that is made from it.
type Content struct {
	Clauses    []Clause              `json:"clauses"`
	Safeguards map[string]Safeguards `json:"safeguards"` // by language
	// Annexes are left out where there are none: the digests of what was written before there were any stay (R37).
	Annexes []Annex `json:"annexes,omitempty" nullable:"false" maxItems:"2" doc:"of which the template has the text"`
}

// State is where a template stands.
type State string

// The states.
const (
	Draft    State = "draft"
	Approved State = "approved"
)

// Template is one version of a named template. Its content never changes; another version follows it.
type Template struct {
	ID            string    `json:"id"`
	Version       int       `json:"version"` // of the record
	Name          string    `json:"name"`
	Number        int       `json:"template_version"` // among those of its name, from 1
	State         State     `json:"state"`
	Content       Content   `json:"content"`
	EffectiveFrom time.Time `json:"effective_from"`
	Reason        string    `json:"reason"`
	Author        string    `json:"author"`
	Approver      string    `json:"approver,omitempty"`
	Actor         string    `json:"actor"`
	Created       time.Time `json:"created"`
	Updated       time.Time `json:"updated"`
}

// Digest identifies the content.
func (t Template) Digest() (signing.Digest, error) { return signing.DigestOf(t.Content) }

// Ref names the version of the record that was read.
func (t Template) Ref() evidence.Ref {
	return evidence.Ref{Kind: KindTemplate, ID: t.ID, Version: t.Version}
}

// Clause is the clause of that code; ok is false where there is none.
func (t Template) Clause(code string) (c Clause, ok bool) {
	for _, c := range t.Content.Clauses {
		if c.Code == code {
			return c, true
		}
	}
	return Clause{}, false
}

// Choose answers with the value of every parameter of the clause: those that are given, and the defaults. It refuses what
// the clause does not know or bound (people.ErrInvalid).
func (c Clause) Choose(given map[string]string) (map[string]string, error) {
	chosen := map[string]string{}
	for _, p := range c.Parameters {
		value, ok := given[p.Name]
		if !ok {
			value = p.usual()
		}
		if !p.permits(value) {
			return nil, fmt.Errorf("%w: parameter %s of clause %s is %s; another value is a deviation", people.ErrInvalid, p.Name, c.Code, p.choices())
		}
		chosen[p.Name] = value
	}
	if len(given) > len(chosen) || !within(given, chosen) {
		return nil, fmt.Errorf("%w: clause %s has no such parameter", people.ErrInvalid, c.Code)
	}
	if len(chosen) == 0 {
		return nil, nil
	}
	return chosen, nil
}

func within(given, known map[string]string) bool {
	for name := range given {
		if _, ok := known[name]; !ok {
			return false
		}
	}
	return true
}

// Reader is how others read templates in their transactions.
type Reader interface {
	// AgreementTemplates lists every version of every template that was recorded, by name and number. The one that ships is
	// not among them: see All.
	AgreementTemplates(ctx context.Context) ([]Template, error)
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	Reader
	AgreementTemplate(ctx context.Context, id string) (Template, error)
	SaveAgreementTemplate(ctx context.Context, t Template) error
}
