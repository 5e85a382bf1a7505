package templates

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Desk is the service over agreement templates.
type Desk struct {
	office *evidence.Office
	store  evidence.Store[Tx]
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx]) *Desk {
	return &Desk{office: office, store: store}
}

// Templates lists every version of every template, the shipped ones first.
func (d *Desk) Templates(ctx context.Context, c authz.Caller) ([]Template, error) {
	if _, err := d.office.Authorise(ctx, c, authz.TermsRead, authz.Resource{Kind: KindTemplate}); err != nil {
		return nil, err
	}
	var all []Template
	err := d.store.View(ctx, func(tx Tx) (err error) { all, err = All(ctx, tx); return err })
	return all, err
}

// Template answers with one version of a template, by its id.
func (d *Desk) Template(ctx context.Context, c authz.Caller, id string) (Template, error) {
	if _, err := d.office.Authorise(ctx, c, authz.TermsRead, authz.Resource{Kind: KindTemplate, ID: id}); err != nil {
		return Template{}, err
	}
	var t Template
	err := d.store.View(ctx, func(tx Tx) (err error) { t, err = byID(ctx, tx, id); return err })
	return t, err
}

func byID(ctx context.Context, tx Tx, id string) (Template, error) {
	switch id {
	case FirstShippedID:
		return firstShipped()
	case SecondShippedID:
		return secondShipped()
	case ShippedID:
		return Shipped()
	}
	return tx.AgreementTemplate(ctx, id)
}

// Write proposes the next version of the named template, effective from a moment on, or from its approval if that is
// later. By Legal; nothing is made from it before the DPO has approved it.
func (d *Desk) Write(ctx context.Context, c authz.Caller, name string, content Content, from time.Time, reason string) (Template, error) {
	res := authz.Resource{Kind: KindTemplate}
	role, err := d.office.Authorise(ctx, c, authz.AgreementTemplateWrite, res)
	if err != nil {
		return Template{}, err
	}
	if !nameForm.MatchString(name) || len(name) > maxName {
		return Template{}, fmt.Errorf("%w: a template's name begins with a small letter, and has up to %d small letters, digits, hyphens and underscores", people.ErrInvalid, maxName)
	}
	if strings.TrimSpace(reason) == "" || len(reason) > 4000 {
		return Template{}, fmt.Errorf("%w: say why, in at most 4000 bytes", people.ErrInvalid)
	}
	if err := content.Validate(); err != nil {
		return Template{}, err
	}
	t := Template{
		ID: d.office.NewID(), Version: 1, Name: name, Number: 1, State: Draft, Content: content, Reason: reason,
		EffectiveFrom: from.UTC().Truncate(time.Microsecond), Author: c.Person, Actor: c.Person, Created: d.office.Time(),
	}
	t.Updated, res.ID = t.Created, t.ID
	if _, err := t.Digest(); err != nil {
		return Template{}, fmt.Errorf("%w: %w", people.ErrInvalid, err)
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		all, err := All(ctx, tx)
		if err != nil {
			return err
		}
		for _, other := range all {
			if other.Name != name {
				continue
			}
			t.Number = max(t.Number, other.Number+1)
			if code := content.reworded(other.Content); code != "" {
				return fmt.Errorf("%w: clause %s has another text under the text_version that version %d gave it; give it a new one", people.ErrInvalid, code, other.Number)
			}
		}
		if err := tx.SaveAgreementTemplate(ctx, t); err != nil {
			return err
		}
		e := d.office.Entry(c, role, evidence.Change, authz.AgreementTemplateWrite, res)
		e.Result = string(t.State)
		return tx.Record(ctx, e)
	})
	return t, err
}

// passedOver reports whether the other is what was approved of a later version: the
// draft would take its place again, from the moment of its approval.
func (t Template) passedOver(other Template) bool {
	return other.Name == t.Name && other.State == Approved && other.Number > t.Number
}

// Waits reports whether the template waits for its approval, among all.
func (t Template) Waits(all []Template) bool {
	return t.State == Draft && !slices.ContainsFunc(all, t.passedOver)
}

// Approve lets documents be made from a template from its moment on. By the DPO, and never by who wrote it.
func (d *Desk) Approve(ctx context.Context, c authz.Caller, id string) (Template, error) {
	res := authz.Resource{Kind: KindTemplate, ID: id}
	role, err := d.office.Authorise(ctx, c, authz.AgreementTemplateApprove, res)
	if err != nil {
		return Template{}, err
	}
	var t Template
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if t, err = byID(ctx, tx, id); err != nil {
			return err
		}
		refuse := func(guard, mend string) error {
			return &lifecycle.TransitionError{Entity: KindTemplate, State: string(t.State), Event: "approve", Guard: guard, Mend: mend}
		}
		switch {
		case t.State != Draft:
			return refuse("the state is draft", "nothing: it was approved before")
		case t.Author == c.Person:
			return refuse("who wrote it does not approve it", "ask another data protection officer")
		}
		all, err := All(ctx, tx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, t.passedOver) {
			return refuse("no later version of it is approved", "have it written as the next version, if it is wanted still")
		}
		now := d.office.Time()
		t.Version, t.State, t.Approver, t.Actor, t.Updated = t.Version+1, Approved, c.Person, c.Person, now
		if t.EffectiveFrom.Before(now) {
			t.EffectiveFrom = now // never from before it was approved
		}
		if err := tx.SaveAgreementTemplate(ctx, t); err != nil {
			return err
		}
		e := d.office.Entry(c, role, evidence.Change, authz.AgreementTemplateApprove, res)
		e.Result = string(t.State)
		return tx.Record(ctx, e)
	})
	if errors.Is(err, lifecycle.ErrIllegal) {
		return Template{}, errors.Join(err, d.office.Deny(ctx, c, authz.AgreementTemplateApprove, res, lifecycle.Code))
	}
	return t, err
}
