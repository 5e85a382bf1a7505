package assessment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/agreements/terms"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// Desk is the service over assessments, their templates, and what makes them
// stale.
type Desk struct {
	office  *evidence.Office
	store   evidence.Store[Tx]
	shipped Editions
}

// NewDesk makes the service. The catalogue is the templates that the program
// brings.
func NewDesk(office *evidence.Office, store evidence.Store[Tx], catalog Catalog) *Desk {
	return &Desk{office: office, store: store, shipped: catalog.shipped()}
}

func (a Assessment) resource(partner string) authz.Resource {
	return authz.Resource{Kind: KindAssessment, ID: a.ID, Mission: a.Mission, Partner: partner, Owner: a.Author}
}

// Create drafts an assessment of the agreement that content names, for one
// mission of its scope, on its document as it stands and on the template in
// force. Where no mission is named it is the one that signs the agreement, or the
// caller's, where they are of one only that shares it.
func (d *Desk) Create(ctx context.Context, c authz.Caller, mission string, content Content) (Assessment, error) {
	var of Assessed
	if err := d.store.View(ctx, func(tx Tx) (err error) { of, err = tx.AgreementOf(ctx, content.Agreement); return err }); err != nil {
		return Assessment{}, err
	}
	mission, ok := of.assessor(c, mission)
	if !ok { // an agreement of others is as unknown as none
		return Assessment{}, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindAssessment, Mission: mission, Partner: of.Partner}
	role, err := d.office.Authorise(ctx, c, authz.AssessmentCreate, res)
	if err != nil {
		return Assessment{}, err
	}
	var a Assessment
	_, err = d.store.Update(ctx, func(tx Tx) error {
		t, content, err := d.drafted(ctx, tx, of, mission, content)
		if err != nil {
			return err
		}
		if a, err = New(t, d.office.NewID(), mission, c.Person, content, d.office.Time()); err != nil {
			return fmt.Errorf("%w: %w", people.ErrInvalid, err)
		}
		return d.save(ctx, tx, c, role, authz.AssessmentCreate, of, &a)
	})
	return a, d.told(ctx, c, authz.AssessmentCreate, res, err)
}

// drafted is the template in force, and the content as it is kept: of the
// agreement's document as it stands, which names the mission, and fit for its form.
func (d *Desk) drafted(ctx context.Context, tx Tx, of Assessed, mission string, content Content) (Template, Content, error) {
	of, ok := of.to(mission)
	if !ok {
		return Template{}, content, fmt.Errorf("%w: the agreement does not name the mission any more", people.ErrInvalid)
	}
	if content.AgreementVersion == 0 {
		content.AgreementVersion = of.Version
	}
	if content.AgreementVersion != of.Version && (of.Amendment == 0 || content.AgreementVersion != of.Amendment) {
		return Template{}, content, fmt.Errorf("%w: the agreement is at version %d", people.ErrInvalid, of.Version)
	}
	all, err := d.editions(ctx, tx)
	if err != nil {
		return Template{}, content, err
	}
	e, ok := all.At(d.office.Time())
	if !ok {
		return Template{}, content, &lifecycle.TransitionError{
			Entity: "assessment", State: "new", Event: "draft", Guard: "a template in force", Mend: "ask Legal and the DPO to bring a template into force",
		}
	}
	known, err := tx.Categories(ctx)
	if err != nil {
		return Template{}, content, err
	}
	now := d.office.Time()
	for _, code := range content.Categories { // each is looked up by in every decision
		switch _, err := terms.CodeInForce(known, code, now); {
		case errors.Is(err, evidence.ErrNotFound):
			return Template{}, content, fmt.Errorf("%w: %w", people.ErrInvalid,
				invalid([]Problem{{Field: "categories", Problem: "name one that there is not: take the codes from the list of categories"}}))
		case err != nil:
			return Template{}, content, err
		}
	}
	if !e.Template.admits(content.Form, content.Categories, terms.InForce(known, now)) {
		err = fmt.Errorf("%w: %w", people.ErrInvalid, invalid([]Problem{{Field: "form", Problem: "is not for these categories: answer the long one"}}))
	}
	return e.Template, content, err
}

// admitted reports whether the categories, as they are now, fit the form (R47).
func (d *Desk) admitted(ctx context.Context, tx Tx, t Template, content Content) (bool, error) {
	if content.Form == Long {
		return true, nil
	}
	known, err := tx.Categories(ctx)
	return t.admits(content.Form, content.Categories, terms.InForce(known, d.office.Time())), err
}

func (d *Desk) save(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, of Assessed, a *Assessment) error {
	a.Record++
	if err := tx.SaveAssessment(ctx, *a); err != nil {
		return err
	}
	e := d.office.Entry(c, role, evidence.Change, action, a.resource(of.Partner))
	e.Result = string(a.State)
	if a.State == Stale {
		e.Result += " " + string(a.StaleReason)
	}
	return tx.Record(ctx, e)
}

// told is the error, recorded as a denial where the state did not allow the act
// (R43).
func (d *Desk) told(ctx context.Context, c authz.Caller, action authz.Action, res authz.Resource, err error) error {
	if errors.Is(err, lifecycle.ErrIllegal) {
		return errors.Join(err, d.office.Deny(ctx, c, action, res, lifecycle.Code))
	}
	return err
}

// may is the one way to an assessment. It answers with it as its causes leave it.
func (d *Desk) may(ctx context.Context, c authz.Caller, action authz.Action, id string) (Assessment, Assessed, authz.Role, error) {
	var a Assessment
	var of Assessed
	if err := d.store.View(ctx, func(tx Tx) (err error) {
		if a, err = tx.Assessment(ctx, id); err != nil {
			return err
		}
		if !c.In(a.Mission) { // as an unknown one, in the number of queries too
			return evidence.ErrNotFound
		}
		if of, err = assessed(ctx, tx, a.Agreement, a.Mission); err != nil {
			return err
		}
		now := d.office.Time()
		causes, err := tx.StaleCauses(ctx, a.Concerns(of.Setting), now)
		a, _ = a.Under(causes, of.Setting, now)
		return err
	}); err != nil {
		return Assessment{}, Assessed{}, "", err
	}
	role, err := d.office.Authorise(ctx, c, action, a.resource(of.Partner))
	return a, of, role, err
}

// Assessment answers with one assessment.
func (d *Desk) Assessment(ctx context.Context, c authz.Caller, id string) (Assessment, error) {
	a, _, _, err := d.may(ctx, c, authz.AssessmentRead, id)
	if err != nil {
		return Assessment{}, err
	}
	return a, nil
}

// act is one event in its transaction: who does it in which role, when, and the
// agreement that it is about.
type act struct {
	tx     Tx
	caller authz.Caller
	role   authz.Role
	now    time.Time
	of     Assessed
}

// change runs one event of the machine on the assessment as it is now.
func (d *Desk) change(ctx context.Context, c authz.Caller, action authz.Action, id string, step func(act, Assessment) (Assessment, error)) (Assessment, error) {
	a, of, role, err := d.may(ctx, c, action, id)
	if err != nil {
		return Assessment{}, err
	}
	res := a.resource(of.Partner)
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if a, err = tx.Assessment(ctx, id); err != nil {
			return err
		}
		before := a
		if a, err = step(act{tx, c, role, d.office.Time(), of}, a); err != nil {
			return err
		}
		if err := d.save(ctx, tx, c, role, action, of, &a); err != nil {
			return err
		}
		if a.State == Submitted && action != authz.AssessmentClose || before.State != Approved && a.State == Approved {
			if err := d.unchanged(ctx, tx, before, a, of); err != nil {
				return err
			}
		}
		if before.State != Approved && a.State == Approved {
			return d.supersede(ctx, tx, c, a, of)
		}
		return nil
	})
	if err = d.told(ctx, c, action, res, err); err != nil {
		return Assessment{}, err
	}
	return a, nil
}

// unchanged refuses to go on with what something has made stale since it was
// submitted. It comes after the assessment is saved: causes have their turn last.
func (d *Desk) unchanged(ctx context.Context, tx Tx, before, a Assessment, of Assessed) error {
	if err := tx.HoldCauses(ctx); err != nil {
		return err
	}
	now := d.office.Time()
	causes, err := tx.StaleCauses(ctx, a.Concerns(of.Setting), now)
	if err != nil {
		return err
	}
	if c, hit := a.first(causes, of.Setting, now); hit {
		return before.refuse("submit or approve", "nothing has made it stale since ("+string(c.Trigger)+")", "return it, and have it revised on what is known now")
	}
	return nil
}
