package assessment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"safeconduct/agreements/lifecycle"
	"safeconduct/authz"
	"safeconduct/authz/evidence"
	"safeconduct/authz/people"
)

// KindAssessment is the record kind of assessments.
const KindAssessment = "assessment"

// Assessed is what an assessment needs to know of its agreement.
type Assessed struct {
	Mission string
	Partner string
	Version int // of the document
	// Amendment is the version of the amendment that is on its way, 0 where there is none: what is broader is assessed
	// before it is active.
	Amendment int
}

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	AssessmentTx
}

// AssessmentTx reads and writes assessments.
type AssessmentTx interface {
	Assessment(ctx context.Context, id string) (Assessment, error)
	AssessmentsOf(ctx context.Context, agreement string) ([]Assessment, error)
	SaveAssessment(ctx context.Context, a Assessment) error
	AgreementOf(ctx context.Context, id string) (Assessed, error)
}

// Desk is the service over assessments.
type Desk struct {
	office  *evidence.Office
	store   evidence.Store[Tx]
	catalog Catalog
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx], catalog Catalog) *Desk {
	return &Desk{office: office, store: store, catalog: catalog}
}

// Template is the template that new assessments are made on.
func (d *Desk) Template() Template { return d.catalog.Current() }

func (a Assessment) resource(partner string) authz.Resource {
	return authz.Resource{Kind: KindAssessment, ID: a.ID, Mission: a.Mission, Partner: partner, Owner: a.Author}
}

// Create drafts an assessment of the agreement that content names, in the
// agreement's mission and on its document as it stands.
func (d *Desk) Create(ctx context.Context, c authz.Caller, content Content) (Assessment, error) {
	var of Assessed
	if err := d.store.View(ctx, func(tx Tx) (err error) { of, err = tx.AgreementOf(ctx, content.Agreement); return err }); err != nil {
		return Assessment{}, err
	}
	if !c.In(of.Mission) {
		return Assessment{}, evidence.ErrNotFound
	}
	res := authz.Resource{Kind: KindAssessment, Mission: of.Mission, Partner: of.Partner}
	role, err := d.office.Authorise(ctx, c, authz.AssessmentCreate, res)
	if err != nil {
		return Assessment{}, err
	}
	if content.AgreementVersion == 0 {
		content.AgreementVersion = of.Version
	}
	if content.AgreementVersion != of.Version && (of.Amendment == 0 || content.AgreementVersion != of.Amendment) {
		return Assessment{}, fmt.Errorf("%w: the agreement is at version %d", people.ErrInvalid, of.Version)
	}
	a, err := New(d.catalog.Current(), d.office.NewID(), of.Mission, c.Person, content, d.office.Time())
	if err != nil {
		return Assessment{}, fmt.Errorf("%w: %w", people.ErrInvalid, err)
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		return d.save(ctx, tx, c, role, authz.AssessmentCreate, of, &a)
	})
	return a, err
}

func (d *Desk) save(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, of Assessed, a *Assessment) error {
	a.Record++
	if err := tx.SaveAssessment(ctx, *a); err != nil {
		return err
	}
	e := d.office.Entry(c, role, evidence.Change, action, a.resource(of.Partner))
	e.Result = string(a.State)
	return tx.Record(ctx, e)
}

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
		of, err = tx.AgreementOf(ctx, a.Agreement)
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

// Submit hands the assessment to those who approve its band.
func (d *Desk) Submit(ctx context.Context, c authz.Caller, id string) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentSubmit, id, func(a Assessment, role authz.Role, now time.Time) (Assessment, error) {
		t, err := d.catalog.Get(a.TemplateVersion)
		if err != nil {
			return Assessment{}, err
		}
		return a.Submit(t, c.Person, role, now)
	})
}

// Decide is one approver's decision: approved, returned or rejected. The band
// says who must approve; the author never does (separation of duties 2).
func (d *Desk) Decide(ctx context.Context, c authz.Caller, id string, decision Decision, note string) (Assessment, error) {
	return d.change(ctx, c, authz.AssessmentApprove, id, func(a Assessment, role authz.Role, now time.Time) (Assessment, error) {
		switch decision {
		case DecisionApproved:
			return a.Approve(c.Person, role, note, now)
		case DecisionReturned:
			return a.Return(c.Person, role, note, now)
		case DecisionRejected:
			return a.Reject(c.Person, role, note, now)
		default:
			return Assessment{}, fmt.Errorf("%w: decision is approved, returned or rejected", people.ErrInvalid)
		}
	})
}

func (d *Desk) change(ctx context.Context, c authz.Caller, action authz.Action, id string, step func(Assessment, authz.Role, time.Time) (Assessment, error)) (Assessment, error) {
	a, of, role, err := d.may(ctx, c, action, id)
	if err != nil {
		return Assessment{}, err
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if a, err = tx.Assessment(ctx, id); err != nil {
			return err
		}
		if a, err = step(a, role, d.office.Time()); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, action, of, &a)
	})
	if errors.Is(err, lifecycle.ErrIllegal) {
		res := authz.Resource{Kind: KindAssessment, ID: id, Mission: of.Mission, Partner: of.Partner}
		return Assessment{}, errors.Join(err, d.office.Deny(ctx, c, action, res, lifecycle.Code))
	}
	return a, err
}
