package agreements

import (
	"context"
	"fmt"
	"slices"

	"safeconduct/agreements/templates"
	"safeconduct/authz"
)

// ClauseText is a clause in words, in the language of its document.
type ClauseText struct {
	Code     string `json:"code"`
	Title    string `json:"title"`
	Text     string `json:"text,omitempty"` // empty where it stands on paper alone
	Deviates bool   `json:"deviates,omitempty"`
	Approved bool   `json:"approved,omitempty"` // by Legal, where it deviates
	// Parameters are what the parties chose in the clause, by name.
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Text is the clauses of the document under way in words: the template's texts
// with the parameters in their places, and what deviates.
func (d *Desk) Text(ctx context.Context, c authz.Caller, id string) ([]ClauseText, error) {
	a, _, err := d.may(ctx, c, authz.AgreementRead, id)
	if err != nil {
		return nil, err
	}
	a = a.seenBy(c).UnderWay()
	var t templates.Template
	if of := a.Document.Template; of != nil {
		if err := d.store.View(ctx, func(tx Tx) (err error) { t, err = templates.Find(ctx, tx, of.Name, of.Version); return err }); err != nil {
			return nil, fmt.Errorf("reading the template of an agreement: %w", err)
		}
	}
	return a.Words(t), nil
}

// Words is the clauses of the document in words, of the template that it names.
func (a Agreement) Words(t templates.Template) []ClauseText {
	return a.WordsIn(t, a.Document.Language)
}

// WordsIn is Words in another language of the template. What deviates is in the document's.
func (a Agreement) WordsIn(t templates.Template, language string) []ClauseText {
	open, deviating := a.UnapprovedDeviations(), a.Document.deviating()
	all := make([]ClauseText, 0, len(a.Document.Clauses))
	for _, c := range a.Document.Clauses {
		of, _ := t.Clause(c.Code)
		w := ClauseText{Code: c.Code, Title: of.Title[language], Text: c.Deviation, Parameters: c.Parameters}
		if w.Deviates = slices.Contains(deviating, c.Code); w.Deviates {
			w.Approved = !slices.Contains(open, c.Code)
		} else {
			w.Text = of.Fill(language, c.Parameters)
		}
		all = append(all, w)
	}
	return all
}
