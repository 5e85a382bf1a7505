package agreements

import (
	"context"
	"errors"
	"fmt"
	"time"

	"safeconduct/agreements/templates"
	"safeconduct/agreements/terms"
	"safeconduct/agreements/typeset"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Paper is the agreement as a PDF: its document in a language, or in its own where that is empty, with its state, its
// signatures and its digest. The same data gives the same bytes. Of an amendment on its way it is that document, and
// evidence.ErrNotFound where there is none.
func (d *Desk) Paper(ctx context.Context, c authz.Caller, id, language string, amendment bool) ([]byte, error) {
	a, _, err := d.may(ctx, c, authz.AgreementRead, id)
	if err != nil {
		return nil, err
	}
	a = a.seenBy(c)
	if amendment && a.Amendment == nil {
		return nil, evidence.ErrNotFound
	}
	p := paper{Agreement: a, language: language, amends: amendment}
	if amendment {
		p.Agreement = a.proposed()
		p.Updated = a.Updated
	}
	if p.language == "" {
		p.language = p.Document.Language
	}
	if p.words, err = wordsIn(p.language); err != nil {
		return nil, err
	}
	if digest, err := p.Document.DigestOf(); err != nil || digest != p.Digest { // what is signed is not what would be shown
		return nil, errors.Join(&evidence.TamperedError{Ref: evidence.Ref{Kind: KindAgreement, ID: id, Version: a.Version}, What: "its document has another digest"}, err)
	}
	if err := d.store.View(ctx, func(tx Tx) (err error) { p.named, err = names(ctx, tx, p.Agreement, d.office.Time()); return err }); err != nil {
		return nil, fmt.Errorf("reading what an agreement names: %w", err)
	}
	return d.press.Set(ctx, func() ([]byte, error) { return typeset.PDF(p.sheet()) })
}

// names reads what the document and its signatures name, as it is called now. What is gone stands by its id.
func names(ctx context.Context, tx Tx, a Agreement, now time.Time) (n named, err error) {
	if of := a.Document.Template; of != nil {
		if n.template, err = templates.Find(ctx, tx, of.Name, of.Version); err != nil {
			return n, err
		}
	}
	if n.partner, err = tx.Party(ctx, a.Document.Partner); err != nil {
		return n, err
	}
	if n.missions, err = tx.Missions(ctx); err != nil {
		return n, err
	}
	if n.purposes, err = tx.Purposes(ctx); err != nil {
		return n, err
	}
	if n.categories, err = tx.Categories(ctx); err != nil {
		return n, err
	}
	n.purposes, n.categories = terms.At(n.purposes, now), terms.At(n.categories, now)
	n.persons = map[string]people.Person{}
	for _, s := range a.Signatures { // one of each party at most
		if s.Signatory == "" {
			continue
		}
		person, err := tx.Person(ctx, s.Signatory)
		if err != nil && !errors.Is(err, evidence.ErrNotFound) {
			return n, err
		}
		n.persons[s.Signatory] = person
	}
	return n, nil
}
