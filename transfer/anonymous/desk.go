package anonymous

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
	"safeconduct/authz/rulebook"
)

// maxDatasets bounds the files of one assessment, and with them its row.
const maxDatasets = 100

// Tx is what the desk needs of a transaction.
type Tx interface {
	evidence.Recorder
	rulebook.Reader
	DisclosureTx
	people.MissionTx
	// LockMission waits for the decisions of the mission, and then excludes them
	// until the transaction ends.
	LockMission(ctx context.Context, id string) error
}

// Desk is the service over disclosure assessments.
type Desk struct {
	office *evidence.Office
	store  evidence.Store[Tx]
}

// NewDesk makes the service.
func NewDesk(office *evidence.Office, store evidence.Store[Tx]) *Desk {
	return &Desk{office: office, store: store}
}

func (a DisclosureAssessment) check(now time.Time) error {
	switch {
	case len(a.Datasets) == 0 || len(a.Datasets) > maxDatasets || slices.ContainsFunc(a.Datasets, func(s string) bool { return !evidence.IsDigest(s) }):
		return fmt.Errorf("%w: name 1 to %d datasets by their SHA-256, 64 hex digits each", people.ErrInvalid, maxDatasets)
	case strings.TrimSpace(a.Method) == "" || a.Cell < 0:
		return fmt.Errorf("%w: say how the smallest cell was found, and how many people are in it", people.ErrInvalid)
	case len(a.Countries) == 0 || slices.ContainsFunc(a.Countries, func(c string) bool { return !rulebook.IsCountry(c) }):
		return fmt.Errorf("%w: countries are those that the data is about, two capital letters each", people.ErrInvalid)
	case a.Own == (len(a.Originators) > 0):
		return fmt.Errorf("%w: either all is the organisation's own, or name the originators", people.ErrInvalid)
	case slices.ContainsFunc(a.Originators, func(o Originator) bool {
		return strings.TrimSpace(o.Name) == "" || o.SHA256 != "" && !evidence.IsDigest(o.SHA256)
	}):
		return fmt.Errorf("%w: an originator has a name, and its written agreement a SHA-256", people.ErrInvalid)
	case !a.ValidUntil.After(now):
		return fmt.Errorf("%w: valid_until lies after now", people.ErrInvalid)
	}
	return nil
}

// checkLife refuses a life that the rules in force do not allow.
func (a DisclosureAssessment) checkLife(ctx context.Context, tx rulebook.Reader) error {
	book, err := tx.Rulebook(ctx)
	if err != nil {
		return err
	}
	if most := book.At(a.Created).Rules.DisclosureLife(); a.ValidUntil.After(a.Created.Add(most)) {
		return fmt.Errorf("%w: valid_until lies within %d days from now", people.ErrInvalid, int(most.Hours()/24))
	}
	return nil
}

// Write records an assessment that nobody has signed yet. By a referral officer
// or a focal point of the mission.
func (d *Desk) Write(ctx context.Context, c authz.Caller, a DisclosureAssessment) (DisclosureAssessment, error) {
	if !c.In(a.Mission) {
		return DisclosureAssessment{}, evidence.ErrNotFound
	}
	now := d.office.Time()
	a.ID, a.Version, a.Author, a.Actor, a.Created, a.Updated = d.office.NewID(), 1, c.Person, c.Person, now, now
	a.SignedBy, a.Signed, a.WithdrawnBy, a.Withdrawn = "", nil, "", nil
	a.ValidUntil = a.ValidUntil.UTC().Truncate(time.Microsecond)
	res := authz.Resource{Kind: KindDisclosure, ID: a.ID, Mission: a.Mission}
	role, err := d.office.Authorise(ctx, c, authz.DisclosureWrite, res)
	if err != nil {
		return DisclosureAssessment{}, err
	}
	if err := a.check(now); err != nil {
		return DisclosureAssessment{}, err
	}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Mission(ctx, a.Mission); err != nil {
			return err
		}
		if err := a.checkLife(ctx, tx); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, authz.DisclosureWrite, res, a)
	})
	if err != nil {
		return DisclosureAssessment{}, err
	}
	return a, nil
}

func (d *Desk) save(ctx context.Context, tx Tx, c authz.Caller, role authz.Role, action authz.Action, res authz.Resource, a DisclosureAssessment) error {
	if err := tx.SaveDisclosure(ctx, a); err != nil {
		return err
	}
	e := d.office.Entry(c, role, evidence.Change, action, res)
	e.Result = a.State()
	return tx.Record(ctx, e)
}

// Sign is the focal point's act that makes an assessment count.
func (d *Desk) Sign(ctx context.Context, c authz.Caller, id string) (DisclosureAssessment, error) {
	return d.change(ctx, c, authz.DisclosureSign, id, DisclosureAssessment.sign)
}

// Withdraw ends an assessment at once: by the focal point, Legal or the data
// protection officer. What was released under it and waits is held at its next
// pull; what was pulled already is for a recall.
func (d *Desk) Withdraw(ctx context.Context, c authz.Caller, id string) (DisclosureAssessment, error) {
	return d.change(ctx, c, authz.DisclosureWithdraw, id, DisclosureAssessment.withdraw)
}

func (d *Desk) change(ctx context.Context, c authz.Caller, action authz.Action, id string, step func(DisclosureAssessment, string, time.Time) (DisclosureAssessment, error)) (DisclosureAssessment, error) {
	a, role, err := d.may(ctx, c, action, id)
	if err != nil {
		return DisclosureAssessment{}, err
	}
	res := authz.Resource{Kind: KindDisclosure, ID: id, Mission: a.Mission}
	_, err = d.store.Update(ctx, func(tx Tx) error {
		if err := tx.LockMission(ctx, a.Mission); err != nil {
			return err
		}
		if a, err = tx.Disclosure(ctx, id); err != nil {
			return err
		}
		if a, err = step(a, c.Person, d.office.Time()); err != nil {
			return err
		}
		return d.save(ctx, tx, c, role, action, res, a)
	})
	switch {
	case errors.Is(err, lifecycle.ErrIllegal):
		return DisclosureAssessment{}, errors.Join(err, d.office.Deny(ctx, c, action, res, lifecycle.Code))
	case err != nil:
		return DisclosureAssessment{}, err
	}
	return a, nil
}

// may is the one way to an assessment: scoped by mission, then the policy.
func (d *Desk) may(ctx context.Context, c authz.Caller, action authz.Action, id string) (DisclosureAssessment, authz.Role, error) {
	var a DisclosureAssessment
	if err := d.store.View(ctx, func(tx Tx) (err error) { a, err = tx.Disclosure(ctx, id); return err }); err != nil {
		return DisclosureAssessment{}, "", err
	}
	if !c.In(a.Mission) {
		return DisclosureAssessment{}, "", evidence.ErrNotFound
	}
	role, err := d.office.Authorise(ctx, c, action, authz.Resource{Kind: KindDisclosure, ID: id, Mission: a.Mission, Owner: a.Author})
	return a, role, err
}

// Assessment answers with one assessment.
func (d *Desk) Assessment(ctx context.Context, c authz.Caller, id string) (DisclosureAssessment, error) {
	a, _, err := d.may(ctx, c, authz.DisclosureRead, id)
	if err != nil {
		return DisclosureAssessment{}, err
	}
	return a, nil
}
