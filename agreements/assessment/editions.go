package assessment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

func (d *Desk) editions(ctx context.Context, tx Tx) (Editions, error) {
	recorded, err := tx.AssessmentTemplates(ctx)
	return d.shipped.with(recorded), err
}

// Questions are the ids of the questions of the templates that the program brings.
func (d *Desk) Questions() []string {
	var ids []string
	for _, e := range d.shipped {
		for _, q := range e.Template.Questions {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// Template is the version of the questionnaire that is in force. Whoever is known
// may read it. ErrNotFound where every version is withdrawn.
func (d *Desk) Template(ctx context.Context) (Edition, error) {
	var all Editions
	if err := d.store.View(ctx, func(tx Tx) (err error) { all, err = d.editions(ctx, tx); return err }); err != nil {
		return Edition{}, err
	}
	e, ok := all.At(d.office.Time())
	if !ok {
		return Edition{}, evidence.ErrNotFound
	}
	return e, nil
}

// Templates lists all versions, drafts and withdrawn ones too.
func (d *Desk) Templates(ctx context.Context, c authz.Caller) (all []Edition, err error) {
	if _, err := d.office.Authorise(ctx, c, authz.TermsRead, authz.Resource{Kind: KindTemplate}); err != nil {
		return nil, err
	}
	err = d.store.View(ctx, func(tx Tx) (err error) { all, err = d.editions(ctx, tx); return err })
	return all, err
}

// Edition answers with one version.
func (d *Desk) Edition(ctx context.Context, c authz.Caller, id string) (Edition, error) {
	all, err := d.Templates(ctx, c)
	if err != nil {
		return Edition{}, err
	}
	e, ok := Editions(all).of(id)
	if !ok {
		return Edition{}, evidence.ErrNotFound
	}
	return e, nil
}

// CreateTemplate drafts the next version of the questionnaire, in force from the
// moment given once it is approved. The number of t is not read.
func (d *Desk) CreateTemplate(ctx context.Context, c authz.Caller, t Template, from time.Time, reason string) (Edition, error) {
	res := authz.Resource{Kind: KindTemplate, ID: d.office.NewID()}
	role, err := d.office.Authorise(ctx, c, authz.AssessmentTemplateWrite, res)
	if err != nil {
		return Edition{}, err
	}
	var e Edition
	_, err = d.store.Update(ctx, func(tx Tx) error {
		all, err := d.editions(ctx, tx)
		if err != nil {
			return err
		}
		t.Version = all.next()
		if e, err = NewEdition(res.ID, c.Person, t, from, reason, d.office.Time()); err != nil {
			return fmt.Errorf("%w: %w", people.ErrInvalid, err)
		}
		return d.saveTemplate(ctx, tx, c, role, authz.AssessmentTemplateWrite, e)
	})
	if errors.Is(err, evidence.ErrExists) { // another draft took the number meanwhile
		err = errors.Join(evidence.ErrConflict, err)
	}
	return e, err
}

func (d *Desk) saveTemplate(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, e Edition) error {
	if err := tx.SaveAssessmentTemplate(ctx, e); err != nil {
		return err
	}
	entry := d.office.Entry(c, role, evidence.Change, action, authz.Resource{Kind: KindTemplate, ID: e.ID})
	entry.Result = string(e.State)
	return tx.Record(ctx, entry)
}

// ApproveTemplate puts a draft in force from its moment on.
func (d *Desk) ApproveTemplate(ctx context.Context, c authz.Caller, id string) (Edition, error) {
	return d.changeTemplate(ctx, c, authz.AssessmentTemplateApprove, id, func(_ Tx, e Edition) (Edition, error) {
		return e.Approve(c.Person, d.office.Time())
	})
}

// WithdrawTemplate ends a version for good. In the same transaction all that was
// assessed on it is stale.
func (d *Desk) WithdrawTemplate(ctx context.Context, c authz.Caller, id, reason string) (Edition, error) {
	return d.changeTemplate(ctx, c, authz.AssessmentTemplateWithdraw, id, func(tx Tx, e Edition) (Edition, error) {
		now := d.office.Time()
		e, err := e.Withdraw(c.Person, reason, now)
		if err != nil {
			return Edition{}, err
		}
		return e, tx.SaveStaleCause(ctx, withdrawal(d.office.NewID(), c.Person, e.Template.Version, reason, now))
	})
}

func (d *Desk) changeTemplate(ctx context.Context, c authz.Caller, action authz.Action, id string, step func(Tx, Edition) (Edition, error)) (Edition, error) {
	res := authz.Resource{Kind: KindTemplate, ID: id}
	role, err := d.office.Authorise(ctx, c, action, res)
	if err != nil {
		return Edition{}, err
	}
	var e Edition
	_, err = d.store.Update(ctx, func(tx Tx) error {
		all, err := d.editions(ctx, tx)
		if err != nil {
			return err
		}
		var known bool
		if e, known = all.of(id); !known {
			return evidence.ErrNotFound
		}
		if e, err = step(tx, e); err != nil {
			return err
		}
		return d.saveTemplate(ctx, tx, c, role, action, e)
	})
	if err = d.told(ctx, c, action, res, err); err != nil {
		return Edition{}, err
	}
	return e, nil
}
